-- grain:     pair of definitions x district, sex (each only where asked for, else null) x broad age x what both say, of one
--            quarter
-- units:     state, other_state: 2 no case, 3 case; people; people_key: sum of record keys modulo 256
-- sources:   mart_agreement, mart_measure, mart_place
-- surprises: only people tested by both. The unknown age (-1) and, by district, people without one belong to no cell
select
    m.variant as definition,
    o.variant as other,
    case when $by_district then p.district_code end as district,
    case when $by_sex then case a.sex when 1 then 'male' when 2 then 'female' else 'unknown' end end as sex,
    a.age_from,
    a.state,
    a.other_state,
    sum(a.people)::bigint as people,
    (sum(a.people_key) % 256)::smallint as people_key
from mart_agreement a
inner join mart_measure m on m.measure_id = a.measure_id
inner join mart_measure o on o.measure_id = a.other_id
inner join mart_place p on p.place_id = a.place_id
where m.condition = $condition
    and a.quarter_index = $quarter_index
    and a.state >= 2
    and a.other_state >= 2
    and a.age_from >= 0
    and (p.district_code is not null or not $by_district)
group by all
order by all
