-- Grain: check x measure that holds of somebody it touches on the last day of the newest quarter. Units: people.
-- Sources: core_finding, core_measure, rule_quarter.
-- Slices: people.
with touched as (select distinct check_id, person_key from core_finding),
newest as (select bit from rule_quarter order by quarter_index desc limit 1)
select t.check_id, m.measure_id, count(*) as people
from touched t
inner join core_measure m on m.person_key = t.person_key
cross join newest n
where (m.bits & n.bit) <> 0
group by all
