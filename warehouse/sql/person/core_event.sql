-- grain:     one event: person, event set, day, until (distinct)
-- units:     days since 1970-01-01, inclusive
-- sources:   core_event_coded, core_event_measured, core_record, core_person, core_insurance,
--            core_pregnancy, rule_event_set
-- slices:    people
-- surprises: a record counts from the day it was created to the day before it was closed, a person to the day before
--            death or departure (resident_until is the first day that no longer counts); people known only from a
--            record are present without being registered. Without an end, day 1000000
--            (the year 4707) stands for it; without a beginning, day -1000000.
with found as (
    select person_key, event_set_id, day, until from core_event_coded
    union all
    select person_key, event_set_id, day, until from core_event_measured
    union all
    select r.person_key, s.event_set_id, r.created_day, coalesce(r.closed_day - 1, 1000000)
    from core_record as r
    inner join rule_event_set as s on s.source = 'record'
    union all
    select i.person_key, s.event_set_id, i.day, coalesce(i.until, 1000000)
    from core_insurance as i
    inner join rule_event_set as s on s.source = 'insurance'
    union all
    select g.person_key, s.event_set_id, g.day, g.until
    from core_pregnancy as g
    inner join rule_event_set as s on s.source = 'pregnancy'
    union all
    select p.person_key, s.event_set_id, coalesce(p.resident_from, -1000000), coalesce(p.resident_until - 1, 1000000)
    from core_person as p
    inner join rule_event_set as s on s.source = 'presence' or (s.source = 'register' and p.is_registered)
)
select distinct
    person_key,
    event_set_id,
    day,
    until
from found
where day <= until
