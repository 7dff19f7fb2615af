-- Grain: one result whose unit was not written, or contradicts the value: decided by the value. Units: -.
-- Sources: core_measurement.
-- Slices: people.
select person_key, (hash(quantity, taken_at, value) >> 1)::bigint as subject_key
from core_measurement
where is_unit_inferred
