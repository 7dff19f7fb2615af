-- grain:     district, sex (each only where asked for, else null) x broad age x combination, of one quarter
-- units:     combination: sum of bits of mart_combination; conditions: how many; people; people_key: sum of record keys
--            modulo 256
-- sources:   mart_multimorbidity, mart_place
-- surprises: the unknown age (-1) and, by district, people without one belong to no cell
select
    case when $by_district then p.district_code end as district,
    case when $by_sex then case m.sex when 1 then 'male' when 2 then 'female' else 'unknown' end end as sex,
    m.age_from,
    m.combination,
    m.conditions,
    sum(m.people)::bigint as people,
    (sum(m.people_key) % 256)::smallint as people_key
from mart_multimorbidity m
inner join mart_place p on p.place_id = m.place_id
where m.quarter_index = $quarter_index
    and m.age_from >= $first_age
    and (p.district_code is not null or not $by_district)
group by all
order by all
