-- grain:     quarter x district x sex x broad age x combination of conditions, only where somebody is counted
-- units:     combination: sum of the bits of the conditions that hold (rule_multimorbidity), 0 none of them; conditions: how
--            many; age_from: first age of the broad age, -1 unknown; people: persons; people_key: sum of their record
--            keys modulo 256
-- sources:   core_measure, core_person_age, core_measure_age, rule_measure, rule_multimorbidity, rule_broad_age,
--            rule_quarter, rule_place
-- slices:    people
-- meaning:   holders of a live record by all the conditions listed that they have on the last day of the quarter
-- surprises: a condition counts at the ages of its definition only. People without any are the holders less those with
--            one: nobody healthy is spread over the quarters. place_id is the district's own, 0 without one.
with person as (
    select
        a.person_key,
        coalesce(d.place_id, cast(0 as smallint)) as place_id,
        a.sex,
        b.broad_from,
        a.age_from,
        a.record_key,
        m.bits & a.bits as bits
    from core_measure as m
    inner join rule_measure as r on m.measure_id = r.measure_id
    inner join core_person_age as a on m.person_key = a.person_key
    inner join rule_broad_age as b on a.age_from = b.age_from
    left join rule_place as p on a.place_id = p.place_id
    left join rule_place as d on p.district_code = d.district_code and d.ward_code is null and d.unit_code is null
    where r.role = 'record_holder' and (m.bits & a.bits) <> 0
),
holder as (
    select place_id, sex, broad_from, bits, count(*) as people, sum(cast(record_key as bigint)) as people_key
    from person
    group by place_id, sex, broad_from, bits
),
ill as (
    select
        q.quarter_index,
        p.place_id,
        p.sex,
        p.broad_from,
        p.person_key,
        p.record_key,
        sum(s.condition_bit) as combination,
        count(*) as conditions
    from person as p
    inner join core_measure as m on p.person_key = m.person_key
    inner join rule_multimorbidity as s on m.measure_id = s.measure_id
    inner join core_measure_age as c on m.measure_id = c.measure_id and p.age_from = c.age_from
    inner join rule_quarter as q on (m.bits & p.bits & q.bit) <> 0
    group by q.quarter_index, p.place_id, p.sex, p.broad_from, p.person_key, p.record_key
),
combined as (
    select
        quarter_index, place_id, sex, broad_from, combination, conditions, count(*) as people,
        sum(cast(record_key as bigint)) as people_key
    from ill
    group by quarter_index, place_id, sex, broad_from, combination, conditions
),
counted as (
    select quarter_index, place_id, sex, broad_from, combination, conditions, people, people_key from combined
    union all
    select quarter_index, place_id, sex, broad_from, 0, 0, -people, -people_key from combined
    union all
    select q.quarter_index, h.place_id, h.sex, h.broad_from, 0, 0, h.people, h.people_key
    from holder as h
    inner join rule_quarter as q on (h.bits & q.bit) <> 0
)
select
    quarter_index,
    place_id,
    sex,
    broad_from as age_from,
    cast(combination as smallint) as combination,
    cast(conditions as tinyint) as conditions,
    cast(sum(people) as integer) as people,
    cast(sum(people_key) % 256 as smallint) as people_key
from counted
group by quarter_index, place_id, sex, broad_from, combination, conditions
having sum(people) > 0
order by quarter_index, place_id, sex, broad_from, combination
