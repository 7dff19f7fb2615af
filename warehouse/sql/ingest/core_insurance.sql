-- Grain: one spell without a gap in which a person is insured. Units: days since 1970-01-01, both inclusive.
-- Sources: raw_insurance_spell.
-- Surprises: spells that overlap or touch are one, whichever sender they came from. `until` is null while the person
-- is still insured; an end after the extract date is not known yet.
-- Slices: people.
with spell as (
    select
        person_key,
        date_diff('day', date '1970-01-01', from_date) as day,
        coalesce(date_diff('day', date '1970-01-01', if(to_date <= $as_of, to_date, null)), 1000000) as until
    from raw_insurance_spell
    where from_date <= $as_of and coalesce(to_date >= from_date, true)
),
reached as (
    select *, max(until) over (
        partition by person_key order by day, until rows between unbounded preceding and 1 preceding
    ) as until_before
    from spell
),
numbered as (
    select *, sum(if(day <= until_before + 1, 0, 1)) over (
        partition by person_key order by day, until rows unbounded preceding
    ) as run
    from reached
)
select
    person_key,
    min(day)::integer as day,
    nullif(max(until), 1000000)::integer as until
from numbered
group by person_key, run
