-- Grain: one result, diagnosis, visit or supply dated after the extract date of its file (or of the build, where the file has
-- none). Units: -. Sources: raw_measurement, raw_condition, raw_encounter, raw_medication, meta_file.
-- Slices: people.
with dated as (
    select person_key, measurement_id_key as subject_key, taken_at::date as day, _file_id from raw_measurement
    union all
    select person_key, condition_id_key, recorded_at::date, _file_id from raw_condition
    union all
    select person_key, encounter_id_key, started_at::date, _file_id from raw_encounter
    union all
    select person_key, medication_id_key, started_on, _file_id from raw_medication
)
select d.person_key, d.subject_key
from dated d
left join meta_file f on f.file_id = d._file_id
where d.day > coalesce(f.as_of, $as_of::date)
