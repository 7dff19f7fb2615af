-- grain:     quarter x district x sex x age band x definition (the measure of its cases) x insured x known x has a record
--            x channel of the test
-- units:     people: residents of the register that day; assessed, cases, indeterminate: those of them with a record;
--            each with the sum of record keys modulo 256
-- sources:   core_measure, core_exam, core_person_age, core_measure_age, rule_measure, rule_frame, rule_quarter, rule_place
-- slices:    people
-- meaning:   everybody the correction needs to know of, also people without a record. known_level: 2 the disease is known
--            from claims, 1 another disease of these definitions is, 0 none; of the uninsured too, where it says little;
--            channel: 2 assessed at an examination (also at a clinic), 1 at a clinic or unknown where, 0 not assessed
-- surprises: place_id is the district's own (ward and unit null), 0 without one. People of unknown age (-1) and sex are kept.
with person as (
    select
        m.person_key,
        bit_or(case when r.role = 'resident' then m.bits else 0 end) as resident,
        bit_or(case when r.role = 'record_holder' then m.bits else 0 end) as holder,
        bit_or(case when r.role = 'insured' then m.bits else 0 end) as insured,
        bit_or(case when r.role = 'known' then m.bits else 0 end) as known_any
    from core_measure as m
    inner join rule_measure as r on m.measure_id = r.measure_id
    where r.role = 'resident' or r.role = 'record_holder' or r.role = 'insured' or r.role = 'known'
    group by m.person_key
),
state as (
    select
        m.person_key,
        f.measure_id,
        bit_or(case when m.measure_id = f.known_id then m.bits else 0 end) as known,
        bit_or(case when m.measure_id = f.assessed_id then m.bits else 0 end) as assessed,
        bit_or(case when m.measure_id = f.measure_id then m.bits else 0 end) as cases,
        bit_or(case when m.measure_id = f.indeterminate_id then m.bits else 0 end) as indeterminate
    from core_measure as m
    inner join rule_frame as f
        on m.measure_id = f.known_id or m.measure_id = f.assessed_id or m.measure_id = f.measure_id
        or m.measure_id = f.indeterminate_id
    group by m.person_key, f.measure_id
),
whole as (
    select
        p.person_key,
        f.measure_id,
        p.resident,
        p.holder,
        p.insured,
        p.known_any,
        coalesce(s.known, 0) as known,
        coalesce(s.assessed, 0) as assessed,
        coalesce(s.cases, 0) as cases,
        coalesce(s.indeterminate, 0) as indeterminate,
        coalesce(s.assessed & e.bits, 0) as examined
    from person as p
    cross join rule_frame as f
    left join state as s on p.person_key = s.person_key and f.measure_id = s.measure_id
    left join core_exam as e on p.person_key = e.person_key and f.measure_id = e.measure_id
    where p.resident <> 0
),
pattern as (
    select
        coalesce(d.place_id, cast(0 as smallint)) as place_id,
        a.sex,
        a.age_from,
        w.measure_id,
        w.resident & a.bits as bits,
        w.holder & a.bits as holder,
        w.insured & a.bits as insured,
        w.known_any & a.bits as known_any,
        w.known & a.bits as known,
        w.assessed & a.bits as assessed,
        w.cases & a.bits as cases,
        w.indeterminate & a.bits as indeterminate,
        w.examined & a.bits as examined,
        count(*) as people,
        sum(cast(a.record_key as bigint)) as people_key
    from whole as w
    inner join core_person_age as a on w.person_key = a.person_key
    left join rule_place as p on a.place_id = p.place_id
    left join rule_place as d
        on p.district_code = d.district_code and d.ward_code is null and d.unit_code is null
    where (w.resident & a.bits) <> 0
    group by
        coalesce(d.place_id, cast(0 as smallint)), a.sex, a.age_from, w.measure_id, w.resident & a.bits,
        w.holder & a.bits, w.insured & a.bits, w.known_any & a.bits, w.known & a.bits, w.assessed & a.bits,
        w.cases & a.bits, w.indeterminate & a.bits, w.examined & a.bits
),
flagged as (
    select
        q.quarter_index,
        p.place_id,
        p.sex,
        p.age_from,
        p.measure_id,
        (p.insured & q.bit) <> 0 as is_insured,
        case when (p.known & q.bit) <> 0 then 2 when (p.known_any & q.bit) <> 0 then 1 else 0 end as known_level,
        (p.holder & q.bit) <> 0 as has_record,
        case when (p.examined & q.bit) <> 0 then 2 when (p.assessed & q.bit) <> 0 then 1 else 0 end as channel,
        case when (p.assessed & q.bit) <> 0 then 1 else 0 end as assessed,
        case when (p.cases & q.bit) <> 0 then 1 else 0 end as cases,
        case when (p.indeterminate & q.bit) <> 0 then 1 else 0 end as indeterminate,
        p.people,
        p.people_key
    from pattern as p
    inner join core_measure_age as c on p.measure_id = c.measure_id and p.age_from = c.age_from
    inner join rule_quarter as q on (p.bits & q.bit) <> 0
)
select
    quarter_index,
    place_id,
    sex,
    age_from,
    measure_id,
    is_insured,
    cast(known_level as tinyint) as known_level,
    has_record,
    cast(channel as tinyint) as channel,
    cast(sum(people) as integer) as people,
    cast(sum(people * assessed) as integer) as assessed,
    cast(sum(people * cases) as integer) as cases,
    cast(sum(people * indeterminate) as integer) as indeterminate,
    cast(sum(people_key) % 256 as smallint) as people_key,
    cast(sum(people_key * assessed) % 256 as smallint) as assessed_key,
    cast(sum(people_key * cases) % 256 as smallint) as cases_key,
    cast(sum(people_key * indeterminate) % 256 as smallint) as indeterminate_key
from flagged
group by quarter_index, place_id, sex, age_from, measure_id, is_insured, known_level, has_record, channel
order by measure_id, quarter_index, place_id, sex, age_from, is_insured, known_level, has_record, channel
