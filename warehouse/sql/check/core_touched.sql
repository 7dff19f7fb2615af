-- Grain: check x measure that holds of somebody it touches on the last day of the newest quarter. Units: people;
-- people_again: those of them who are judged again. Sources: core_touched_person, core_measure, core_person_age,
-- core_measure_age, rule_quarter.
-- Meaning: counted as mart_case counts everybody, so that one is part of the other.
-- Slices: people.
with newest as (select bit from rule_quarter order by quarter_index desc limit 1)
select t.check_id, m.measure_id, count(*) as people, count(*) filter (where t.is_again) as people_again
from core_touched_person t
inner join core_measure m on m.person_key = t.person_key
inner join core_person_age a on a.person_key = t.person_key
inner join core_measure_age c on c.measure_id = m.measure_id and c.age_from = a.age_from
cross join newest n
where (m.bits & a.bits & n.bit) <> 0
group by all
