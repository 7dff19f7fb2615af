-- Grain: one result, diagnosis, visit or supply dated after the extract date of the build: not used. Units: -.
-- Sources: raw_measurement, raw_condition, raw_encounter, raw_medication.
-- Surprises: a build of an earlier day (--as-of) sees rows here that are only not yet due. Times are compared as they are:
-- a cast to a date would keep DuckDB from passing over whole blocks of earlier rows.
select person_key, measurement_id_key as subject_key, null as row_key
from raw_measurement
where taken_at >= $as_of::date + interval 1 day
union all
select person_key, condition_id_key, null from raw_condition where recorded_at >= $as_of::date + interval 1 day
union all
select person_key, encounter_id_key, null from raw_encounter where started_at >= $as_of::date + interval 1 day
union all
select person_key, medication_id_key, null from raw_medication where started_on > $as_of::date
