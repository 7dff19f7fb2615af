-- Grain: place. Units: people. Sources: core_person, and whose rows are among the raw tables of care.
-- Meaning: registered: in a register, living there on the extract date as far as it says. observed: seen in care: with a
-- visit, result, diagnosis, prescription or dose of any day up to the extract date. Both: registered and observed.
-- Surprises: whoever was seen and is in no register has no place: the row of place 0.
-- Slices: people.
with seen as (
    select person_key from raw_encounter where started_at::date <= $as_of
    union
    select person_key from raw_measurement where taken_at::date <= $as_of
    union
    select person_key from raw_condition where recorded_at::date <= $as_of
    union
    select person_key from raw_medication where started_on <= $as_of
    union
    select person_key from raw_immunisation where given_on <= $as_of
),
person as (
    select
        c.place_id,
        c.is_registered
            and coalesce(c.resident_until > date_diff('day', date '1970-01-01', $as_of::date), true) as is_registered,
        s.person_key is not null as is_observed
    from core_person c
    left join seen s on s.person_key = c.person_key
)
select
    place_id,
    (count(*) filter (is_registered))::integer as registered,
    (count(*) filter (is_observed))::integer as observed,
    (count(*) filter (is_registered and is_observed))::integer as both_counted
from person
group by place_id
