-- Grain: one result outside the limits of its quantity, or in a unit that is not known: kept, never used. Units: -.
-- Sources: core_measurement.
-- Surprises: an implausible pressure takes the other one of its reading with it; nothing reads the others.
-- Slices: people.
select
    person_key,
    (hash(quantity, taken_at, value) >> 1)::bigint as subject_key,
    if(quantity in ('systolic', 'diastolic'), row_order, null) as row_key
from core_measurement
where not is_plausible
