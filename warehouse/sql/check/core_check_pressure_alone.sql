-- Grain: one plausible systolic pressure on a day without a usable pair: not used. Units: days since 1970-01-01.
-- Sources: core_measurement, core_blood_pressure.
-- Slices: people.
select m.person_key, (hash(m.quantity, m.taken_at, m.value) >> 1)::bigint as subject_key, m.row_order as row_key
from core_measurement m
left join (select distinct person_key, day from core_blood_pressure) b
    on b.person_key = m.person_key and b.day = m.day
where m.quantity = 'systolic' and m.is_plausible and b.person_key is null
