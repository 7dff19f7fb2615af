-- Grain: month (its first day) x place x kind: birth (month of birth) or migrant (month of registration).
-- Units: people of the register. Sources: core_person, core_record, rule_quarter.
-- Meaning: people; of these judged: their time has run out by the extract date; of these recorded: a record within it.
-- Surprises: the day of birth stays in the linkage store, so a newborn has until the end of the month after that of birth
-- (28 to 61 days, where the plan says 30); somebody who moved in has 30 days from registration. Registered within two
-- months of the month of birth, or without a date, is a birth; later, or of unknown age, a migrant. From a year
-- before the first quarter on.
with bounds as (
    select
        min(last_month_index) - 14 as first_month,
        year($as_of::date) * 12 + month($as_of::date) - 1 as last_month,
        date_diff('day', date '1970-01-01', $as_of::date) as last_day
    from rule_quarter
),
first_record as (
    select person_key, min(created_day) as day from core_record group by person_key
),
registered as (
    select
        p.person_key,
        p.place_id,
        p.birth_month_index,
        p.resident_from,
        year(date '1970-01-01' + p.resident_from) * 12 + month(date '1970-01-01' + p.resident_from) - 1 as from_month
    from core_person p
    where p.is_registered
),
arrival as (
    select
        person_key,
        place_id,
        'birth' as kind,
        birth_month_index as month_index,
        date_diff(
            'day', date '1970-01-01', last_day(make_date((birth_month_index + 1) // 12, (birth_month_index + 1) % 12 + 1, 1))
        ) as until
    from registered
    where birth_month_index is not null and coalesce(from_month - birth_month_index <= 2, true)
    union all
    select person_key, place_id, 'migrant', from_month, resident_from + 30
    from registered
    where from_month is not null and coalesce(from_month - birth_month_index > 2, true)
)
select
    make_date((a.month_index // 12)::integer, (a.month_index % 12 + 1)::integer, 1) as month,
    a.place_id,
    a.kind,
    count(*)::integer as people,
    (count(*) filter (where a.until <= b.last_day))::integer as judged,
    (count(*) filter (where a.until <= b.last_day and f.day <= a.until))::integer as recorded
from arrival a
cross join bounds b
left join first_record f on f.person_key = a.person_key
where a.month_index between b.first_month and b.last_month
group by all
order by kind, month, place_id
