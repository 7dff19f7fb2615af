-- Grain: one result taken more than 30 days after the register says that the person died or left. Units: days since
-- 1970-01-01. Sources: raw_measurement, core_person.
-- Slices: people.
select m.person_key, m.measurement_id_key as subject_key
from raw_measurement m
inner join core_person p on p.person_key = m.person_key
where date_diff('day', date '1970-01-01', m.taken_at::date) > p.resident_until + 30
