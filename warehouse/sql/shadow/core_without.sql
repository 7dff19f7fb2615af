-- Grain: check x measure that holds of somebody it touches without the rows it found, on the last day of the newest quarter.
-- Units: people. Sources: core_touched, of shadows: everything between what stands for people and it is made once more.
-- Shadows: core_shadow_condition, core_shadow_insurance, core_shadow_measurement, core_shadow_medication,
-- core_shadow_person, core_shadow_record, core_shadow_touched_person.
-- Slices: people.
select check_id, measure_id, people
from core_touched
