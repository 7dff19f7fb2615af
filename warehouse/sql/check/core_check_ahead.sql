-- Grain: one result, diagnosis, visit or supply dated after the extract date of the build: not used. Units: -.
-- Sources: raw_measurement, raw_condition, raw_encounter, raw_medication.
-- Surprises: a build of an earlier day (--as-of) sees rows here that are only not yet due.
-- Slices: people.
select person_key, measurement_id_key as subject_key from raw_measurement where taken_at::date > $as_of::date
union all
select person_key, condition_id_key from raw_condition where recorded_at::date > $as_of::date
union all
select person_key, encounter_id_key from raw_encounter where started_at::date > $as_of::date
union all
select person_key, medication_id_key from raw_medication where started_on > $as_of::date
