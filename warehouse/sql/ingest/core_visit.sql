-- Grain: one row per visit begun up to the extract date. Units: days since 1970-01-01. Sources: raw_encounter, core_record.
-- Meaning: is_latest: the person's last visit so far. is_reflected: the last update of one of the person's live records
-- falls on the visit or within the 7 days after it.
-- Surprises: a record says when it was updated last and no more. So only a person's latest visit can be judged, and a
-- record updated again later hides that it was updated in time: what is_reflected counts is a lowest value.
with visit as (
    select
        encounter_id_key,
        person_key,
        date_diff('day', date '1970-01-01', started_at::date)::integer as day,
        row_number() over (partition by person_key order by started_at desc, encounter_id_key desc) = 1 as is_latest
    from raw_encounter
    where started_at::date <= $as_of
),
updated as (
    select
        person_key,
        created_day,
        closed_day,
        date_diff('day', date '1970-01-01', last_updated_on)::integer as updated_day
    from core_record
    where last_updated_on is not null
),
reflected as (
    select distinct v.encounter_id_key
    from visit v
    inner join updated u
        on u.person_key = v.person_key
        and u.updated_day between v.day and v.day + 7
        and coalesce(u.closed_day > v.day, true)
    where v.is_latest
)
select v.person_key, v.day, v.is_latest, r.encounter_id_key is not null as is_reflected
from visit v
left join reflected r on r.encounter_id_key = v.encounter_id_key
