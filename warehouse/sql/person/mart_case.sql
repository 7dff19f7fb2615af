-- grain:     quarter x place x sex x age band x measure, only where somebody is counted
-- units:     people: persons; people_key: sum of their record keys modulo 256 (key of the disclosure noise)
-- sources:   core_measure, core_person_age, core_measure_age, rule_quarter
-- slices:    people
-- meaning:   people for whom the measure holds on the last day of the quarter, where they live, at their age that day
-- surprises: people whose birth month is unknown are in age_from -1 of every measure, also of those for some ages only:
--            they are not lost, and they belong to no sum over ages. People are first counted by pattern of quarters,
--            then the patterns are spread over the quarters: many times fewer rows than people x quarters.
with pattern as (
    select
        p.place_id,
        p.sex,
        p.age_from,
        m.measure_id,
        m.bits & p.bits as bits,
        count(*) as people,
        sum(cast(p.record_key as bigint)) as people_key
    from core_measure as m
    inner join core_person_age as p on m.person_key = p.person_key
    where (m.bits & p.bits) <> 0
    group by p.place_id, p.sex, p.age_from, m.measure_id, m.bits & p.bits
)
select
    q.quarter_index,
    p.place_id,
    p.sex,
    p.age_from,
    p.measure_id,
    cast(sum(p.people) as integer) as people,
    cast(sum(p.people_key) % 256 as smallint) as people_key
from pattern as p
inner join core_measure_age as c on p.measure_id = c.measure_id and p.age_from = c.age_from
inner join rule_quarter as q on (p.bits & q.bit) <> 0
group by q.quarter_index, p.place_id, p.sex, p.age_from, p.measure_id
order by p.measure_id, q.quarter_index, p.place_id, p.sex, p.age_from
