-- grain:     one span of days in which a woman counts as pregnant or newly delivered; spans of one woman may overlap
-- units:     days since 1970-01-01, inclusive
-- sources:   core_condition (ICD-10), core_person (end of pregnancy in the register), rule_pregnancy (days on either side)
-- slices:    people
-- meaning:   readings in these spans do not show the usual value of a person: they are left out, but for height
-- surprises: nobody registered as male is pregnant: the code is a slip. The first marker that fits by prefix wins nothing:
--            every marker that fits gives a span.
with marked as (
    select
        c.icd10,
        r.days_before,
        r.days_after
    from (select distinct icd10 from core_condition) as c
    inner join rule_pregnancy as r on substring(c.icd10, 1, length(r.marker)) = r.marker
),
span as (
    select c.person_key, c.day - m.days_before as day, c.day + m.days_after as until
    from core_condition as c
    inner join marked as m on c.icd10 = m.icd10
    union all
    select p.person_key, p.pregnant_until - r.days_before as day, p.pregnant_until + r.days_after as until
    from core_person as p
    inner join rule_pregnancy as r on r.marker = 'register'
    where p.pregnant_until is not null
)
select distinct
    s.person_key,
    s.day,
    s.until
from span as s
inner join core_person as p on s.person_key = p.person_key
where p.sex <> 1
