-- grain:     quarter x district x sex x age band x definition (the measure of its cases) x insured x known x channel of the
--            test x what the definition says
-- units:     people examined up to the end of the quarter; with_condition: those of them who have the condition; each with the
--            sum of record keys modulo 256; broad_from: first age of the broad age the band is in
-- sources:   core_reference, core_measure, core_exam, core_person_age, core_measure_age, rule_measure, rule_frame,
--            rule_broad_age, rule_calendar, rule_quarter, rule_place
-- slices:    people
-- meaning:   residents of the register with a reference examination, by what was known of them at the last end of a quarter
--            before it: is_known, is_insured, channel as in mart_frame; outcome: 2 case, 1 indeterminate, 0 neither
-- surprises: judged before the examination, since it makes diagnoses. Once examined, they count in every later quarter: what
--            a definition gets wrong does not change with the season. Examinations before the first quarter's end count nowhere.
with edge as (
    select min(day) as first_day, max(day) as last_day from rule_calendar
),
placed as (
    select x.person_key, x.measure_id, x.has_condition, q.bit, c.bits_from
    from core_reference as x
    cross join edge
    inner join rule_calendar as c on c.day = least(greatest(x.day, edge.first_day), edge.last_day)
    inner join rule_quarter as q on c.last_bit = q.quarter_index
),
state as (
    select
        p.person_key,
        p.measure_id,
        max(case when r.role = 'resident' then 1 else 0 end) as is_resident,
        max(case when r.role = 'insured' then 1 else 0 end) as is_insured,
        max(case when m.measure_id = f.known_id then 1 else 0 end) as is_known,
        max(case when m.measure_id = f.assessed_id then 1 else 0 end) as is_assessed,
        max(case when m.measure_id = f.indeterminate_id then 1 when m.measure_id = f.measure_id then 2 else 0 end) as outcome
    from placed as p
    inner join rule_frame as f on p.measure_id = f.measure_id
    inner join core_measure as m on p.person_key = m.person_key and (m.bits & p.bit) <> 0
    inner join rule_measure as r on m.measure_id = r.measure_id
    group by p.person_key, p.measure_id
),
flagged as (
    select
        coalesce(d.place_id, cast(0 as smallint)) as place_id,
        a.sex,
        a.age_from,
        b.broad_from,
        p.measure_id,
        s.is_insured = 1 as is_insured,
        s.is_known = 1 as is_known,
        case when s.is_assessed = 0 then 0 when (e.bits & p.bit) <> 0 then 2 else 1 end as channel,
        s.outcome,
        case when p.has_condition then 1 else 0 end as is_ill,
        cast(a.record_key as bigint) as record_key,
        p.bits_from
    from placed as p
    inner join state as s on p.person_key = s.person_key and p.measure_id = s.measure_id
    inner join core_person_age as a on p.person_key = a.person_key and (a.bits & p.bit) <> 0
    inner join core_measure_age as c on p.measure_id = c.measure_id and a.age_from = c.age_from
    inner join rule_broad_age as b on a.age_from = b.age_from
    left join core_exam as e on p.person_key = e.person_key and p.measure_id = e.measure_id
    left join rule_place as w on a.place_id = w.place_id
    left join rule_place as d on w.district_code = d.district_code and d.ward_code is null and d.unit_code is null
    where s.is_resident = 1
)
select
    q.quarter_index,
    f.place_id,
    f.sex,
    f.age_from,
    f.broad_from,
    f.measure_id,
    f.is_insured,
    f.is_known,
    cast(f.channel as tinyint) as channel,
    cast(f.outcome as tinyint) as outcome,
    cast(count(*) as integer) as people,
    cast(sum(f.is_ill) as integer) as with_condition,
    cast(sum(f.record_key) % 256 as smallint) as people_key,
    cast(sum(f.record_key * f.is_ill) % 256 as smallint) as with_condition_key
from flagged as f
inner join rule_quarter as q on (f.bits_from & q.bit) <> 0
group by
    q.quarter_index, f.place_id, f.sex, f.age_from, f.broad_from, f.measure_id, f.is_insured, f.is_known, f.channel,
    f.outcome
order by
    f.measure_id, q.quarter_index, f.place_id, f.sex, f.age_from, f.is_insured, f.is_known, f.channel, f.outcome
