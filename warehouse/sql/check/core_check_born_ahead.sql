-- Grain: one person whose month of birth is after the extract date. Units: -. Sources: core_person.
-- Slices: people.
select person_key, person_key as subject_key
from core_person
where birth_month_index > year($as_of::date) * 12 + month($as_of::date) - 1
