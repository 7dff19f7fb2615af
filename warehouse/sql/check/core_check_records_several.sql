-- Grain: one live record of a person beside the first: the person is found once, and counted once. Units: -.
-- Sources: core_record.
select person_key, person_key as subject_key, record_id_key as row_key
from core_record
where closed_day is null
qualify row_number() over (partition by person_key order by created_day, record_id_key) > 1
