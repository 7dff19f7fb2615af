-- Grain: one result whose unit was not written, or contradicts the value: decided by the value. Units: -.
-- Sources: core_measurement.
-- Surprises: nothing reads an implausible value, but for a pressure: it takes the other one of its reading with it.
-- Slices: people.
select
    person_key,
    (hash(quantity, taken_at, value) >> 1)::bigint as subject_key,
    if(is_plausible or quantity in ('systolic', 'diastolic'), row_order, null) as row_key
from core_measurement
where is_unit_inferred
