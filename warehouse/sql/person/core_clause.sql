-- grain:     one person and clause that holds at the end of at least one quarter
-- units:     bits: bit q is set when the clause holds on the last day of quarter q (rule_quarter)
-- sources:   core_event, rule_clause, rule_calendar, rule_quarter
-- slices:    people
-- meaning:   every clause is a set of spans of days (look-backs inclusive), and a span is the quarter ends inside it
--            once    from the event to its end plus the look-back
--            twice   two days apart_at_least to apart_at_most apart, both within the look-back: from the later day to
--                    the earlier day plus the look-back
--            latest  a day of all readings holds until the day before the next, at most the look-back; the clause
--                    holds where that day is also a day of the event set
--            latest_two  so are that day and the day of a reading before it, apart_at_most earlier, while both are
--                    within the look-back
--            first   from the first event of all to its day plus the look-back
--            and one that is counted quarter by quarter:
--            covered the events, which do not overlap, cover at_least_days of the look-back's days up to the quarter end
with once as (
    select
        e.person_key,
        c.clause_id,
        e.day as first_day,
        e.until + coalesce(c.lookback_days, 1000000) as last_day
    from core_event as e
    inner join rule_clause as c on e.event_set_id = c.event_set_id
    where c.kind = 'once'
),
earliest as (
    select
        e.person_key,
        c.clause_id,
        min(e.day) as first_day,
        min(e.day) + max(coalesce(c.lookback_days, 1000000)) as last_day
    from core_event as e
    inner join rule_clause as c on e.event_set_id = c.event_set_id
    where c.kind = 'first'
    group by e.person_key, c.clause_id
),
twice as (
    select
        later.person_key,
        c.clause_id,
        later.day as first_day,
        max(earlier.day) + max(coalesce(c.lookback_days, 1000000)) as last_day
    from rule_clause as c
    inner join core_event as later on c.event_set_id = later.event_set_id
    inner join core_event as earlier
        on later.person_key = earlier.person_key
        and later.event_set_id = earlier.event_set_id
        and earlier.day <= later.day - c.apart_at_least
        and earlier.day >= later.day - coalesce(c.apart_at_most, 1000000)
    where c.kind = 'twice'
    group by later.person_key, c.clause_id, later.day
),
followed as (
    select
        e.person_key,
        c.clause_id,
        c.event_set_id,
        c.kind,
        c.apart_at_most,
        e.day,
        lag(e.day) over (partition by e.person_key, c.clause_id order by e.day) as day_before,
        coalesce(c.lookback_days, 1000000) as lookback,
        lead(e.day) over (partition by e.person_key, c.clause_id order by e.day) - 1 as superseded
    from core_event as e
    inner join rule_clause as c on e.event_set_id = c.latest_of_id
    where c.kind = 'latest' or c.kind = 'latest_two'
),
latest as (
    select
        f.person_key,
        f.clause_id,
        f.day as first_day,
        least(f.day + f.lookback, coalesce(f.superseded, f.day + f.lookback)) as last_day
    from followed as f
    inner join core_event as e
        on f.person_key = e.person_key and f.event_set_id = e.event_set_id and f.day = e.day
    where f.kind = 'latest'
),
latest_two as (
    select
        f.person_key,
        f.clause_id,
        f.day as first_day,
        least(f.day_before + f.lookback, coalesce(f.superseded, f.day_before + f.lookback)) as last_day
    from followed as f
    inner join core_event as e
        on f.person_key = e.person_key and f.event_set_id = e.event_set_id and f.day = e.day
    inner join core_event as b
        on f.person_key = b.person_key and f.event_set_id = b.event_set_id and f.day_before = b.day
    where f.kind = 'latest_two' and f.day_before >= f.day - coalesce(f.apart_at_most, 1000000)
),
span as (
    select person_key, clause_id, first_day, last_day from once
    union all
    select person_key, clause_id, first_day, last_day from twice
    union all
    select person_key, clause_id, first_day, last_day from latest
    union all
    select person_key, clause_id, first_day, last_day from latest_two
    union all
    select person_key, clause_id, first_day, last_day from earliest
),
covered as (
    select
        e.person_key,
        c.clause_id,
        q.bit
    from core_event as e
    inner join rule_clause as c on e.event_set_id = c.event_set_id
    inner join rule_quarter as q on e.day <= q.last_day and e.until > q.last_day - c.lookback_days
    where c.kind = 'covered'
    group by e.person_key, c.clause_id, q.bit
    having
        sum(least(e.until, q.last_day) - greatest(e.day, q.last_day - c.lookback_days + 1) + 1)
        >= max(c.at_least_days)
),
edge as (
    select min(day) as first_day, max(day) as last_day from rule_calendar
)
select
    s.person_key,
    s.clause_id,
    bit_or(a.bits_from & z.bits_until) as bits
from span as s
cross join edge
inner join rule_calendar as a on a.day = least(greatest(s.first_day, edge.first_day), edge.last_day)
inner join rule_calendar as z on z.day = least(greatest(s.last_day, edge.first_day), edge.last_day)
where (a.bits_from & z.bits_until) <> 0
group by s.person_key, s.clause_id
union all
select
    person_key,
    clause_id,
    bit_or(bit) as bits
from covered
group by person_key, clause_id
