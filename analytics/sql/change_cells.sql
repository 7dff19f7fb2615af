-- grain:     district (only where asked for, else null) x sex x stratum of ages, of one quarter
-- units:     people; keys are sums of record keys modulo 256
-- sources:   mart_case, mart_place
-- surprises: $age_from, $stratum are two lists of one length: the mart bands wanted and the stratum each belongs to
with wanted as (
    select unnest($age_from::smallint[]) as age_from, unnest($stratum::smallint[]) as stratum
)
select
    case when $by_district then p.district_code end as district,
    c.sex,
    w.stratum as age_from,
    coalesce(sum(c.people) filter (where c.measure_id = $numerator_id), 0)::bigint as numerator,
    coalesce(sum(c.people) filter (where c.measure_id = $denominator_id), 0)::bigint as denominator,
    (coalesce(sum(c.people_key) filter (where c.measure_id = $numerator_id), 0) % 256)::smallint as numerator_key,
    (coalesce(sum(c.people_key) filter (where c.measure_id = $denominator_id), 0) % 256)::smallint as denominator_key
from mart_case c
inner join wanted w on w.age_from = c.age_from
inner join mart_place p on p.place_id = c.place_id
where c.measure_id in ($numerator_id, $denominator_id)
    and c.quarter_index = $quarter_index
    and (p.district_code is not null or not $by_district)
group by all
order by all
