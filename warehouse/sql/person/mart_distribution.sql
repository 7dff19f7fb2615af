-- grain:     quarter x place x sex x age band x quantity x bin, only where somebody is counted
-- units:     bin_from: lower edge of the bin in tenths of the quantity's unit (rule_quantity.bin_tenths wide);
--            people: persons; people_key: sum of their record keys modulo 256
-- sources:   core_body_mass_index, core_reading_day, core_measurement, core_pregnancy, core_measure, core_person_age,
--            rule_measure, rule_quantity, rule_calendar, rule_quarter
-- slices:    people
-- meaning:   holders of a live record by the value that holds on the last day of the quarter: the body mass index of
--            the latest weight and height, the pressure of the latest reading day (mean of readings 2 to k), of other
--            quantities the mean of the latest day, each for as long as rule_quantity lets it hold
-- surprises: values of other quantities are rounded to a tenth of their storage unit, as laboratories print them: so
--            126 mg/dL of glucose is 7.0 mmol/L, where the definitions put it, and not 6.99. Spans of one person and
--            quantity never overlap, so nobody is counted twice. A quantity without bin_tenths is not counted. The same people as the assessed of the definitions that look back as long.
with tested as (
    select
        m.person_key,
        m.quantity,
        m.day,
        floor(
            (2.0 * sum(cast(round(m.value_standard * 10) as bigint)) + count(*)) / nullif(2 * count(*), 0)
        ) / 10 as measured
    from core_measurement as m
    inner join rule_quantity as q on m.quantity = q.quantity
    left join core_pregnancy as g on m.person_key = g.person_key and m.day >= g.day and m.day <= g.until
    where
        q.bin_tenths > 0 and m.quantity <> 'systolic' and m.quantity <> 'diastolic' and m.is_plausible
        and g.person_key is null
    group by m.person_key, m.quantity, m.day
),
daily as (
    select person_key, quantity, day, measured from tested
    union all
    select person_key, 'systolic' as quantity, day, systolic_mmhg as measured from core_reading_day
    union all
    select person_key, 'diastolic' as quantity, day, diastolic_mmhg as measured from core_reading_day
),
held as (
    select person_key, 'body_mass_index' as quantity, kg_per_m2 as measured, day, until
    from core_body_mass_index
    union all
    select
        person_key,
        quantity,
        measured,
        day,
        lead(day) over (partition by person_key, quantity order by day) - 1 as until
    from daily
),
edge as (
    select min(day) as first_day, max(day) as last_day from rule_calendar
),
span as (
    select
        h.person_key,
        h.quantity,
        cast(floor(h.measured * 10 / nullif(q.bin_tenths, 0)) as integer) * q.bin_tenths as bin_from,
        h.day as first_day,
        least(
            coalesce(h.until, h.day + coalesce(q.holds_days, 1000000)), h.day + coalesce(q.holds_days, 1000000)
        ) as last_day
    from held as h
    inner join rule_quantity as q on h.quantity = q.quantity
    where q.bin_tenths > 0
),
held_at as (
    select s.person_key, s.quantity, s.bin_from, bit_or(a.bits_from & z.bits_until) as bits
    from span as s
    cross join edge
    inner join rule_calendar as a on a.day = least(greatest(s.first_day, edge.first_day), edge.last_day)
    inner join rule_calendar as z on z.day = least(greatest(s.last_day, edge.first_day), edge.last_day)
    where (a.bits_from & z.bits_until) <> 0
    group by s.person_key, s.quantity, s.bin_from
),
holder as (
    select m.person_key, m.bits
    from core_measure as m
    inner join rule_measure as r on m.measure_id = r.measure_id
    where r.role = 'record_holder'
),
pattern as (
    select
        p.place_id,
        p.sex,
        p.age_from,
        v.quantity,
        v.bin_from,
        v.bits & p.bits & h.bits as bits,
        count(*) as people,
        sum(cast(p.record_key as bigint)) as people_key
    from held_at as v
    inner join holder as h on v.person_key = h.person_key
    inner join core_person_age as p on v.person_key = p.person_key
    where (v.bits & p.bits & h.bits) <> 0
    group by p.place_id, p.sex, p.age_from, v.quantity, v.bin_from, v.bits & p.bits & h.bits
)
select
    q.quarter_index,
    p.place_id,
    p.sex,
    p.age_from,
    p.quantity,
    p.bin_from,
    cast(sum(p.people) as integer) as people,
    cast(sum(p.people_key) % 256 as smallint) as people_key
from pattern as p
inner join rule_quarter as q on (p.bits & q.bit) <> 0
group by q.quarter_index, p.place_id, p.sex, p.age_from, p.quantity, p.bin_from
order by p.quantity, q.quarter_index, p.place_id, p.sex, p.age_from, p.bin_from
