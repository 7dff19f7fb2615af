-- grain: condition of a combination. Units: condition_bit: power of two. Sources: mart_combination, mart_measure. Surprises: none.
select c.condition_bit, m.condition, m.variant
from mart_combination c
inner join mart_measure m on m.measure_id = c.measure_id
order by c.condition_bit
