-- grain:     district (only where asked for, else null) x sex x stratum of ages x status before x status after
-- units:     people; people_key: sum of record keys modulo 256; status as mart_transition numbers them
-- sources:   mart_transition, mart_place
-- surprises: the stratum is that of the age at the later quarter ($quarter_index)
with wanted as (
    select unnest($age_from::smallint[]) as age_from, unnest($stratum::smallint[]) as stratum
)
select
    case when $by_district then p.district_code end as district,
    t.sex,
    w.stratum as age_from,
    t.status_before,
    t.status_after,
    sum(t.people)::bigint as people,
    (sum(t.people_key) % 256)::smallint as people_key
from mart_transition t
inner join wanted w on w.age_from = t.age_from
inner join mart_place p on p.place_id = t.place_id
where t.measure_id = $measure_id
    and t.quarter_index = $quarter_index
    and t.lag = $lag
    and (p.district_code is not null or not $by_district)
group by all
order by all
