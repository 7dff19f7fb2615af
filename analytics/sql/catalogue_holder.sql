-- grain: the measure "people with a live record" (at most one row). Sources: mart_measure, mart_definition.
select m.measure_id, m.condition, m.variant, d.version, d.estimand, d.source
from mart_measure m
left join mart_definition d on d.condition = m.condition and d.variant = m.variant
where m.condition = 'record' and m.role = 'record_holder'
order by m.measure_id
limit 1
