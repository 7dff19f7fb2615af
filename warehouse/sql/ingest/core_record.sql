-- Grain: one row per health record created up to the extract date.
-- Units: days since 1970-01-01. Sources: raw_health_record.
-- Surprises: a step dated after the extract date has not happened yet and is null.
select
    record_id_key,
    person_key,
    coalesce(source_system, 'unknown') as source_system,
    created_by,
    date_diff('day', date '1970-01-01', created_at::date)::integer as created_day,
    date_diff('day', date '1970-01-01', if(closed_at::date <= $as_of, closed_at::date, null))::integer as closed_day,
    created_at::date as created_on,
    if(identity_verified_at::date <= $as_of, identity_verified_at::date, null) as identity_verified_on,
    if(activated_at::date <= $as_of, activated_at::date, null) as activated_on,
    if(citizen_edited_at::date <= $as_of, citizen_edited_at::date, null) as citizen_edited_on,
    if(closed_at::date <= $as_of, closed_at::date, null) as closed_on,
    if(last_updated_at::date <= $as_of, last_updated_at::date, null) as last_updated_on
from raw_health_record
where created_at::date <= $as_of
