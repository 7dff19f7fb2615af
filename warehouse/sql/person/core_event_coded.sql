-- grain:     one diagnosis or supply that belongs to one event set; may repeat
-- units:     days since 1970-01-01, inclusive; until = day for a diagnosis, last day of the supply for a drug
-- sources:   core_condition, core_medication, core_code_member, rule_event_set
-- slices:    people
select
    c.person_key,
    m.event_set_id,
    c.day,
    c.day as until
from core_condition as c
inner join core_code_member as m on m.source = 'condition' and c.icd10 = m.code
inner join rule_event_set as s on m.event_set_id = s.event_set_id and (s.origin is null or c.origin = s.origin)
union all
select
    d.person_key,
    m.event_set_id,
    d.day,
    d.until
from core_medication as d
inner join core_code_member as m on m.source = 'medication' and d.atc = m.code
inner join rule_event_set as s on m.event_set_id = s.event_set_id and (s.origin is null or d.origin = s.origin)
