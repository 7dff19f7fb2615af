-- grain:     quarter x lag x district x sex x age band (at the end of that quarter) x definition (the measure of its cases)
--            x status before x status after, only where somebody is counted
-- units:     lag: quarters between the two states; status: 0 not in the frame, 1 in it and untested, 2 tested and no case,
--            3 case; people: persons; people_key: sum of their record keys modulo 256
-- sources:   core_measure, core_person_age, core_measure_age, rule_measure, rule_transition, rule_quarter, rule_place
-- slices:    people
-- meaning:   the frame is the holders of a live record at ages of the definition: sums over the status before are the
--            counts of mart_case at the quarter (by age); sums over the status after those of the quarter before (all ages)
-- surprises: people in the frame at neither time are left out. Age is that of the later day also for the earlier state, and
--            of people who have left by then. place_id is the district's own (ward unknown), 0 without one.
with followed as (
    select distinct measure_id, assessed_id from rule_transition
),
defined as (
    select a.person_key, f.measure_id, bit_or(a.bits) as bits
    from core_person_age as a
    inner join core_measure_age as c on a.age_from = c.age_from
    inner join followed as f on c.measure_id = f.measure_id
    group by a.person_key, f.measure_id
),
frame as (
    select m.person_key, d.measure_id, m.bits & d.bits as bits
    from core_measure as m
    inner join rule_measure as r on m.measure_id = r.measure_id
    inner join defined as d on m.person_key = d.person_key
    where r.role = 'record_holder' and (m.bits & d.bits) <> 0
),
tested as (
    select
        m.person_key,
        f.measure_id,
        bit_or(case when m.measure_id = f.assessed_id then m.bits else 0 end) as assessed,
        bit_or(case when m.measure_id = f.measure_id then m.bits else 0 end) as cases
    from core_measure as m
    inner join followed as f on m.measure_id = f.assessed_id or m.measure_id = f.measure_id
    group by m.person_key, f.measure_id
),
pattern as (
    select
        coalesce(d.place_id, cast(0 as smallint)) as place_id,
        a.sex,
        a.age_from,
        f.measure_id,
        a.bits,
        f.bits as frame,
        coalesce(t.assessed, 0) & f.bits as assessed,
        coalesce(t.cases, 0) & f.bits as cases,
        count(*) as people,
        sum(cast(a.record_key as bigint)) as people_key
    from frame as f
    inner join core_person_age as a on f.person_key = a.person_key
    left join tested as t on f.person_key = t.person_key and f.measure_id = t.measure_id
    left join rule_place as p on a.place_id = p.place_id
    left join rule_place as d on p.district_code = d.district_code and d.ward_code is null and d.unit_code is null
    group by
        coalesce(d.place_id, cast(0 as smallint)), a.sex, a.age_from, f.measure_id, a.bits, f.bits,
        coalesce(t.assessed, 0) & f.bits, coalesce(t.cases, 0) & f.bits
),
pair as (
    select
        r.measure_id,
        r.lag,
        later.quarter_index,
        earlier.bit as earlier_bit,
        later.bit as later_bit,
        earlier.bit | later.bit as either_bit
    from rule_transition as r
    cross join rule_quarter as later
    inner join rule_quarter as earlier on earlier.quarter_index = later.quarter_index - r.lag
),
moved as (
    select
        t.quarter_index,
        t.lag,
        p.place_id,
        p.sex,
        p.age_from,
        p.measure_id,
        case
            when (p.cases & t.earlier_bit) <> 0 then 3
            when (p.assessed & t.earlier_bit) <> 0 then 2
            when (p.frame & t.earlier_bit) <> 0 then 1
            else 0
        end as status_before,
        case
            when (p.cases & t.later_bit) <> 0 then 3
            when (p.assessed & t.later_bit) <> 0 then 2
            when (p.frame & t.later_bit) <> 0 then 1
            else 0
        end as status_after,
        p.people,
        p.people_key
    from pattern as p
    inner join pair as t on p.measure_id = t.measure_id and (p.bits & t.later_bit) <> 0
    where (p.frame & t.either_bit) <> 0
)
select
    quarter_index,
    lag,
    place_id,
    sex,
    age_from,
    measure_id,
    cast(status_before as tinyint) as status_before,
    cast(status_after as tinyint) as status_after,
    cast(sum(people) as integer) as people,
    cast(sum(people_key) % 256 as smallint) as people_key
from moved
group by quarter_index, lag, place_id, sex, age_from, measure_id, status_before, status_after
order by measure_id, lag, quarter_index, place_id, sex, age_from, status_before, status_after
