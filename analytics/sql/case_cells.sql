-- grain:     quarter, district, ward, unit, sex (each only where asked for, else null) x age band asked x stratum
-- units:     people; keys are sums of record keys modulo 256
-- sources:   mart_case, mart_place, mart_quarter
-- surprises: $age_from, $age_band, $stratum are three lists of one length: the mart bands wanted, the band of the
--            answer each belongs to, and its stratum. Ages outside the lists (also the unknown age, -1) are not counted.
with place as (
    -- As JSON, because builds of before the units have no such column.
    select place_id, ward_code, district_code, to_json(m) ->> '$.unit_code' as unit_code from mart_place m
),
wanted as (
    select
        unnest($age_from::smallint[]) as age_from,
        unnest($age_band::varchar[]) as age_band,
        unnest($stratum::smallint[]) as stratum
)
select
    case when $by_quarter then q.quarter end as quarter,
    case when $by_district then p.district_code end as district,
    case when $by_ward then p.ward_code end as ward,
    case when $by_unit then p.unit_code end as unit,
    case when $by_sex then case c.sex when 1 then 'male' when 2 then 'female' else 'unknown' end end as sex,
    w.age_band,
    w.stratum as age_from,
    coalesce(sum(c.people) filter (where c.measure_id = $numerator_id), 0)::bigint as numerator,
    coalesce(sum(c.people) filter (where c.measure_id = $denominator_id), 0)::bigint as denominator,
    (coalesce(sum(c.people_key) filter (where c.measure_id = $numerator_id), 0) % 256)::smallint as numerator_key,
    (coalesce(sum(c.people_key) filter (where c.measure_id = $denominator_id), 0) % 256)::smallint as denominator_key
from mart_case c
inner join wanted w on w.age_from = c.age_from
inner join place p on p.place_id = c.place_id
inner join mart_quarter q on q.quarter_index = c.quarter_index
where c.measure_id in ($numerator_id, $denominator_id)
    and c.quarter_index in (select unnest($quarters::smallint[]))
    and ($any_district or p.district_code in (select unnest($districts::varchar[])))
    and ($any_ward or p.ward_code in (select unnest($wards::varchar[])))
    and ($any_unit or p.unit_code in (select unnest($units::varchar[])))
    and ($any_sex or c.sex in (select unnest($sexes::tinyint[])))
group by all
