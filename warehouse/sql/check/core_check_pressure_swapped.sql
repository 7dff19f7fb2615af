-- Grain: one reading whose two pressures are written the wrong way round: read the right way round. Units: -.
-- Sources: core_blood_pressure.
-- Slices: people.
-- Surprises: a reading has no reference of its own; day and place in the day tell it.
select person_key, day::bigint * 64 + reading_order as subject_key
from core_blood_pressure
where is_swapped
