-- grain:     quarter, district, sex (each only where asked for, else null) x stratum x bin
-- units:     bin_from: tenths of the quantity's unit; people; keys are sums of record keys modulo 256
-- sources:   mart_distribution, mart_place, mart_quarter
with wanted as (
    select unnest($age_from::smallint[]) as age_from, unnest($stratum::smallint[]) as stratum
)
select
    case when $by_quarter then q.quarter end as quarter,
    case when $by_district then p.district_code end as district,
    case when $by_sex then case c.sex when 1 then 'male' when 2 then 'female' else 'unknown' end end as sex,
    w.stratum,
    c.bin_from,
    sum(c.people)::bigint as people,
    (sum(c.people_key) % 256)::smallint as people_key
from mart_distribution c
inner join wanted w on w.age_from = c.age_from
inner join mart_place p on p.place_id = c.place_id
inner join mart_quarter q on q.quarter_index = c.quarter_index
where c.quantity = $quantity
    and c.quarter_index in (select unnest($quarters::smallint[]))
    and ($any_district or p.district_code in (select unnest($districts::varchar[])))
    and ($any_sex or c.sex in (select unnest($sexes::tinyint[])))
group by all
