-- grain:     quarter, district, ward, unit (each only where asked for, else null) x sex (male, female, unknown, both) x lattice cell of ages
-- units:     people; keys are sums of record keys modulo 256
-- sources:   mart_case, mart_place, mart_quarter
-- meaning:   the cells of the publication lattice of one definition: every published number is one of these or a sum of them
-- surprises: $age_from and $ages are two lists of one length: each band of the mart and the lattice cells it is part of, so
--            a person is in several. People without a place asked for (unallocated) are in no cell of that level.
with part as (
    select unnest($age_from::smallint[]) as age_from, unnest($ages::varchar[]) as ages
),
sex as (
    select unnest([1, 2, 0, 1, 2, 0]) as code, unnest(['male', 'female', 'unknown', 'both', 'both', 'both']) as sex
),
counted as (
    select
        q.quarter,
        case when $by_district then p.district_code end as district,
        case when $by_ward then p.ward_code end as ward,
        case when $by_unit then p.unit_code end as unit,
        c.sex,
        c.age_from,
        coalesce(sum(c.people) filter (where c.measure_id = $numerator_id), 0) as numerator,
        coalesce(sum(c.people) filter (where c.measure_id = $denominator_id), 0) as denominator,
        coalesce(sum(c.people_key) filter (where c.measure_id = $numerator_id), 0) as numerator_key,
        coalesce(sum(c.people_key) filter (where c.measure_id = $denominator_id), 0) as denominator_key
    from mart_case c
    inner join mart_place p on p.place_id = c.place_id
    inner join mart_quarter q on q.quarter_index = c.quarter_index
    where c.measure_id in ($numerator_id, $denominator_id)
        and c.quarter_index in (select unnest($quarters::smallint[]))
        and (not $by_district or p.district_code is not null)
        and (not $by_ward or p.ward_code is not null)
        and (not $by_unit or p.unit_code is not null)
    group by all
)
select
    c.quarter,
    c.district,
    c.ward,
    c.unit,
    s.sex,
    a.ages,
    sum(c.numerator)::bigint as numerator,
    sum(c.denominator)::bigint as denominator,
    (sum(c.numerator_key) % 256)::smallint as numerator_key,
    (sum(c.denominator_key) % 256)::smallint as denominator_key
from counted c
inner join part a on a.age_from = c.age_from
inner join sex s on s.code = c.sex
group by all
