-- grain:     quarter x district x sex x broad age x pair of definitions of one condition (the measures of their cases)
--            x state by the first x state by the other, only where somebody is counted
-- units:     state: 1 in the frame and untested, 2 tested and no case, 3 case; age_from: first age of the broad age, -1
--            unknown; people: persons; people_key: sum of their record keys modulo 256
-- sources:   core_measure, core_person_age, core_measure_age, rule_agreement, rule_broad_age, rule_quarter, rule_place
-- slices:    people
-- meaning:   holders of a live record by what two definitions say of the same person on the last day of the quarter
-- surprises: who is untested by both is left out: the same people less these are everybody with a record. place_id is the
--            district's own, 0 without one.
with state as (
    select
        m.person_key,
        r.measure_id,
        r.other_id,
        bit_or(case when m.measure_id = r.assessed_id then m.bits else 0 end) as assessed,
        bit_or(case when m.measure_id = r.measure_id then m.bits else 0 end) as cases,
        bit_or(case when m.measure_id = r.other_assessed_id then m.bits else 0 end) as other_assessed,
        bit_or(case when m.measure_id = r.other_id then m.bits else 0 end) as other_cases
    from core_measure as m
    inner join rule_agreement as r
        on m.measure_id = r.assessed_id or m.measure_id = r.measure_id or m.measure_id = r.other_assessed_id
        or m.measure_id = r.other_id
    group by m.person_key, r.measure_id, r.other_id
),
pattern as (
    select
        coalesce(d.place_id, cast(0 as smallint)) as place_id,
        a.sex,
        b.broad_from,
        s.measure_id,
        s.other_id,
        s.assessed & a.bits as assessed,
        s.cases & a.bits as cases,
        s.other_assessed & a.bits as other_assessed,
        s.other_cases & a.bits as other_cases,
        count(*) as people,
        sum(cast(a.record_key as bigint)) as people_key
    from state as s
    inner join core_person_age as a on s.person_key = a.person_key
    inner join core_measure_age as c on s.measure_id = c.measure_id and a.age_from = c.age_from
    inner join rule_broad_age as b on a.age_from = b.age_from
    left join rule_place as p on a.place_id = p.place_id
    left join rule_place as d on p.district_code = d.district_code and d.ward_code is null and d.unit_code is null
    where ((s.assessed | s.other_assessed) & a.bits) <> 0
    group by
        coalesce(d.place_id, cast(0 as smallint)), a.sex, b.broad_from, s.measure_id, s.other_id, s.assessed & a.bits,
        s.cases & a.bits, s.other_assessed & a.bits, s.other_cases & a.bits
),
compared as (
    select
        q.quarter_index,
        p.place_id,
        p.sex,
        p.broad_from,
        p.measure_id,
        p.other_id,
        case when (p.cases & q.bit) <> 0 then 3 when (p.assessed & q.bit) <> 0 then 2 else 1 end as state,
        case when (p.other_cases & q.bit) <> 0 then 3 when (p.other_assessed & q.bit) <> 0 then 2 else 1 end
            as other_state,
        p.people,
        p.people_key
    from pattern as p
    inner join rule_quarter as q on ((p.assessed | p.other_assessed) & q.bit) <> 0
)
select
    quarter_index,
    place_id,
    sex,
    broad_from as age_from,
    measure_id,
    other_id,
    cast(state as tinyint) as state,
    cast(other_state as tinyint) as other_state,
    cast(sum(people) as integer) as people,
    cast(sum(people_key) % 256 as smallint) as people_key
from compared
group by quarter_index, place_id, sex, broad_from, measure_id, other_id, state, other_state
order by measure_id, other_id, quarter_index, place_id, sex, broad_from, state, other_state
