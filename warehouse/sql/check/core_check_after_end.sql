-- Grain: one result taken more than 30 days after the register says that the person died or left. Units: days since
-- 1970-01-01. Sources: core_measurement, core_person.
-- Slices: people.
select m.person_key, (hash(m.quantity, m.taken_at, m.value) >> 1)::bigint as subject_key, m.row_order as row_key
from core_measurement m
inner join core_person p on p.person_key = m.person_key
where m.day > p.resident_until + 30
