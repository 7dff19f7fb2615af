-- Grain: one row of a reading whose two pressures are written the wrong way round: read the right way round. Units: -.
-- Sources: core_blood_pressure, core_measurement.
-- Slices: people.
-- Surprises: a reading has no reference of its own; day and place in the day tell it. Its rows are those of that day with
-- its values, where there are such at its time only those.
with reading as (
    select person_key, day, taken_at, reading_order, diastolic_mmhg as systolic_written, systolic_mmhg as diastolic_written
    from core_blood_pressure
    where is_swapped
)
select r.person_key, r.day::bigint * 64 + r.reading_order as subject_key, m.row_order as row_key
from reading r
inner join core_measurement m
    on m.person_key = r.person_key
    and m.day = r.day
    and m.quantity in ('systolic', 'diastolic')
    and m.value_standard = if(m.quantity = 'systolic', r.systolic_written, r.diastolic_written)
qualify rank() over (
    partition by r.person_key, r.day, r.reading_order, m.quantity order by m.taken_at <> r.taken_at
) = 1
