-- Grain: source x register or not x measure that holds of the person on the last day of the newest quarter. Units: references, expected ones among them.
-- Sources: core_linkage, core_measure, rule_quarter.
-- Slices: people.
with newest as (select bit from rule_quarter order by quarter_index desc limit 1)
select
    l.source,
    l.is_register,
    m.measure_id,
    count(*) as refs,
    count(*) filter (l.is_linked) as linked,
    sum(l.wrong) as wrong,
    sum(l.missed) as missed
from core_linkage l
inner join core_measure m on m.person_key = l.person_key
cross join newest n
where (m.bits & n.bit) <> 0
group by all
