-- Grain: one person whose month of birth is after the extract date. Units: row_key: months as year * 12 + month - 1.
-- Sources: core_person.
select person_key, person_key as subject_key, birth_month_index as row_key
from core_person
where birth_month_index > year($as_of::date) * 12 + month($as_of::date) - 1
