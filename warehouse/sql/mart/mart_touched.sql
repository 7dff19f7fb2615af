-- Grain: check of the data x measure: people touched by what it found, for whom the measure holds on the last day of the
-- newest quarter. Units: people; city totals.
-- Sources: core_touched. Meaning: what a crude number would be without them is a subtraction away.
select check_id, measure_id, sum(people)::integer as people
from core_touched
group by all
order by check_id, measure_id
