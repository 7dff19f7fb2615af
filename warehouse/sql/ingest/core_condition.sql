-- Grain: one row per diagnosis recorded up to the extract date. Units: days since 1970-01-01; ICD-10 without dot.
-- Sources: raw_condition. Surprises: refuted and mistaken entries are left out; a resolved one stays, since it was true.
-- Slices: people.
select
    person_key,
    date_diff('day', date '1970-01-01', recorded_at::date)::integer as day,
    icd10,
    origin,
    recorded_by
from raw_condition
where recorded_at::date <= $as_of and coalesce(status, 'active') not in ('refuted', 'entered_in_error')
