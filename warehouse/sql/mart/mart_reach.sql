-- Grain: quarter x district (as its place) x group (poor, elderly, disabled, pregnant). Units: residents on the last day of
-- the quarter; holders: those of them with a live record; each with the sum of record keys modulo 256.
-- Sources: core_person, core_measure, rule_measure, rule_quarter, rule_place.
-- Surprises: vulnerable is what the newest register row says, for all quarters; pregnant is by the register's date (up to
-- 300 days before it). Disability and pregnancy are health facts, so all of it passes the gate as health counts.
-- Slices: people.
with state as (
    select
        m.person_key,
        bit_or(if(r.role = 'resident', m.bits, 0)) as resident,
        bit_or(if(r.role = 'record_holder', m.bits, 0)) as holder
    from core_measure m
    inner join rule_measure r on r.measure_id = m.measure_id
    where r.role in ('resident', 'record_holder')
    group by m.person_key
),
member as (
    select p.person_key, q.quarter_index, q.bit, p.vulnerable as reached_group
    from core_person p
    cross join rule_quarter q
    where p.vulnerable is not null
    union all
    select p.person_key, q.quarter_index, q.bit, 'pregnant'
    from core_person p
    inner join rule_quarter q
        on p.pregnant_until >= date_diff('day', date '1970-01-01', q.last_date)
        and p.pregnant_until < date_diff('day', date '1970-01-01', q.last_date) + 300
)
select
    m.quarter_index,
    coalesce(d.place_id, 0)::smallint as place_id,
    m.reached_group,
    count(*)::integer as people,
    (count(*) filter (where (s.holder & m.bit) <> 0))::integer as holders,
    (sum(p.record_key) % 256)::smallint as people_key,
    (coalesce(sum(p.record_key) filter (where (s.holder & m.bit) <> 0), 0) % 256)::smallint as holders_key
from member m
inner join state s on s.person_key = m.person_key and (s.resident & m.bit) <> 0
inner join core_person p on p.person_key = m.person_key
left join rule_place a on a.place_id = p.place_id
left join rule_place d on d.district_code = a.district_code and d.ward_code is null and d.unit_code is null
group by all
order by quarter_index, place_id, reached_group
