-- Grain: one result taken in a month before that of birth. Units: months as year * 12 + month - 1.
-- Sources: core_measurement, core_person.
-- Slices: people.
select m.person_key, (hash(m.quantity, m.taken_at, m.value) >> 1)::bigint as subject_key, m.row_order as row_key
from core_measurement m
inner join core_person p on p.person_key = m.person_key
where year(m.taken_at) * 12 + month(m.taken_at) - 1 < p.birth_month_index
