-- grain:     quarter x district x sex x broad age x definition (the measure of its cases)
-- units:     people: those with a repeat; raised_again: those of them whose repeat was raised too; each with the sum of
--            record keys modulo 256; age_from: first age of the broad age, -1 unknown
-- sources:   core_event, core_measure, core_person_age, core_measure_age, rule_measure, rule_persistence, rule_broad_age,
--            rule_calendar, rule_quarter, rule_place
-- slices:    people
-- meaning:   holders of a live record whose first raised day of all was followed by another reading within rule_persistence.
--            within_days; the first such reading is the repeat. They count from the day of the repeat for lookback_days, as
--            long as the tests of the definition do
-- surprises: only the first raised day of a person counts, so that nobody counts twice and none is chosen for what came
--            after; known disease and drugs are not asked for. place_id is the district's own, 0 without one.
with raised as (
    select e.person_key, r.measure_id, min(e.day) as day
    from core_event as e
    inner join rule_persistence as r on e.event_set_id = r.raised_set_id
    group by e.person_key, r.measure_id
),
repeated as (
    select
        f.person_key,
        f.measure_id,
        min(e.day) as day,
        max(r.raised_set_id) as raised_set_id,
        max(r.lookback_days) as lookback_days
    from raised as f
    inner join rule_persistence as r on f.measure_id = r.measure_id
    inner join core_event as e
        on f.person_key = e.person_key and e.event_set_id = r.reading_set_id
        and e.day > f.day and e.day <= f.day + r.within_days
    group by f.person_key, f.measure_id
),
edge as (
    select min(day) as first_day, max(day) as last_day from rule_calendar
),
held as (
    select
        s.person_key,
        s.measure_id,
        a.bits_from & z.bits_until as bits,
        case when e.person_key is null then 0 else 1 end as is_raised
    from repeated as s
    cross join edge
    inner join rule_calendar as a on a.day = least(greatest(s.day, edge.first_day), edge.last_day)
    inner join rule_calendar as z
        on z.day = least(greatest(s.day + s.lookback_days, edge.first_day), edge.last_day)
    left join core_event as e
        on s.person_key = e.person_key and s.raised_set_id = e.event_set_id and s.day = e.day
),
pattern as (
    select
        coalesce(d.place_id, cast(0 as smallint)) as place_id,
        a.sex,
        b.broad_from,
        h.measure_id,
        h.bits & m.bits & a.bits as bits,
        count(*) as people,
        sum(h.is_raised) as raised_again,
        sum(cast(a.record_key as bigint)) as people_key,
        sum(case when h.is_raised = 1 then cast(a.record_key as bigint) else 0 end) as raised_again_key
    from held as h
    inner join core_measure as m on h.person_key = m.person_key
    inner join rule_measure as r on m.measure_id = r.measure_id
    inner join core_person_age as a on h.person_key = a.person_key
    inner join core_measure_age as c on h.measure_id = c.measure_id and a.age_from = c.age_from
    inner join rule_broad_age as b on a.age_from = b.age_from
    left join rule_place as p on a.place_id = p.place_id
    left join rule_place as d on p.district_code = d.district_code and d.ward_code is null and d.unit_code is null
    where r.role = 'record_holder' and (h.bits & m.bits & a.bits) <> 0
    group by coalesce(d.place_id, cast(0 as smallint)), a.sex, b.broad_from, h.measure_id, h.bits & m.bits & a.bits
)
select
    q.quarter_index,
    p.place_id,
    p.sex,
    p.broad_from as age_from,
    p.measure_id,
    cast(sum(p.people) as integer) as people,
    cast(sum(p.raised_again) as integer) as raised_again,
    cast(sum(p.people_key) % 256 as smallint) as people_key,
    cast(sum(p.raised_again_key) % 256 as smallint) as raised_again_key
from pattern as p
inner join rule_quarter as q on (p.bits & q.bit) <> 0
group by q.quarter_index, p.place_id, p.sex, p.broad_from, p.measure_id
order by p.measure_id, q.quarter_index, p.place_id, p.sex, p.broad_from
