-- grain:     quarter x place x sex x age band x measure, only where somebody is counted
-- units:     people: persons; people_key: sum of their record keys modulo 256 (key of the disclosure noise)
-- sources:   core_measure, core_person, core_age_band, rule_measure, rule_quarter
-- meaning:   people for whom the measure holds on the last day of the quarter, where they live, at their age that day
-- surprises: people whose birth month is unknown are in age_from -1 of every measure, also of those for some ages only:
--            they are not lost, and they belong to no sum over ages. People are first counted by pattern of quarters,
--            then the patterns are spread over the quarters: many times fewer rows than people x quarters.
with pattern as (
    select
        p.place_id,
        p.sex,
        a.age_from,
        m.measure_id,
        m.bits & a.bits as bits,
        count(*) as people,
        sum(cast(p.record_key as bigint)) as people_key
    from core_measure as m
    inner join core_person as p on m.person_key = p.person_key
    inner join core_age_band as a on coalesce(p.birth_month_index, -1) = a.birth_month_index
    inner join rule_measure as r on m.measure_id = r.measure_id
    where (m.bits & a.bits) <> 0
        and (a.age_from = -1 or (a.age_from >= r.age_from and a.age_from <= coalesce(r.age_to, a.age_from)))
    group by p.place_id, p.sex, a.age_from, m.measure_id, m.bits & a.bits
)
select
    q.quarter_index,
    c.place_id,
    c.sex,
    c.age_from,
    c.measure_id,
    cast(sum(c.people) as integer) as people,
    cast(sum(c.people_key) % 256 as smallint) as people_key
from pattern as c
inner join rule_quarter as q on (c.bits & q.bit) <> 0
group by q.quarter_index, c.place_id, c.sex, c.age_from, c.measure_id
order by c.measure_id, q.quarter_index, c.place_id, c.sex, c.age_from
