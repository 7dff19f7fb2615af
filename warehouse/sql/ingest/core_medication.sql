-- Grain: one row per supply of a drug with an ATC code, started up to the extract date.
-- Units: days since 1970-01-01; `until` is the last day covered. Sources: raw_medication.
-- Surprises: a supply without a number of days covers its first day only.
-- Slices: people.
select
    person_key,
    date_diff('day', date '1970-01-01', started_on)::integer as day,
    (date_diff('day', date '1970-01-01', started_on) + greatest(coalesce(days_supplied, 1), 1) - 1)::integer as until,
    atc,
    origin
from raw_medication
where started_on <= $as_of and atc is not null
