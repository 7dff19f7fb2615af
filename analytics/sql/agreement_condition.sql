-- grain: condition with definitions that are compared. Units: none. Sources: mart_agreement, mart_measure. Surprises: none.
select distinct m.condition
from mart_agreement a
inner join mart_measure m on m.measure_id = a.measure_id
order by m.condition
