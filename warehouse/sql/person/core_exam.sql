-- grain:     one person and definition of the frame (the measure of its cases) with a reading from a health examination that
--            assesses the person at the end of at least one quarter
-- units:     bits: bit q is set when the examination lies within the look-back on the last day of quarter q
-- sources:   core_measurement (origin exam), core_reading_day, core_pregnancy, rule_channel, rule_calendar
-- slices:    people
-- meaning:   somebody examined was seen because it was their turn; who went to a clinic often went because of symptoms
-- surprises: blood pressure counts where its day is a reading day. A body mass index is from an examination where a weight
--            within its time is.
with exam as (
    select distinct m.person_key, m.quantity, m.day
    from core_measurement as m
    left join core_pregnancy as g on m.person_key = g.person_key and m.day >= g.day and m.day <= g.until
    left join core_reading_day as d on m.person_key = d.person_key and m.day = d.day
    where
        m.origin = 'exam' and m.is_plausible and g.person_key is null
        and (m.quantity <> 'systolic' or d.person_key is not null)
),
span as (
    select
        e.person_key,
        r.measure_id,
        e.day as first_day,
        max(e.day + r.lookback_days) as last_day
    from exam as e
    inner join rule_channel as r on e.quantity = r.quantity
    group by e.person_key, r.measure_id, e.day
),
edge as (
    select min(day) as first_day, max(day) as last_day from rule_calendar
)
select
    s.person_key,
    s.measure_id,
    bit_or(a.bits_from & z.bits_until) as bits
from span as s
cross join edge
inner join rule_calendar as a on a.day = least(greatest(s.first_day, edge.first_day), edge.last_day)
inner join rule_calendar as z on z.day = least(greatest(s.last_day, edge.first_day), edge.last_day)
where (a.bits_from & z.bits_until) <> 0
group by s.person_key, s.measure_id
