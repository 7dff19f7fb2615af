-- grain:     period, district, part (the latter two only where asked for, else null) of one mart and some of its items
-- units:     amount, planned: of the mart; amount_of_planned: amount of those that say what was planned; wards, districts:
--            units of that level that did any; amount_key: cell key of people
-- sources:   mart_activity, mart_budget, mart_facility, mart_record, mart_visit, mart_arrival, mart_load, mart_reach,
--            mart_frame, mart_place, mart_quarter, mart_measure
-- meaning:   $period, $first_day, $last_day are three lists of one length. stock: up to the last day; flow: from the first
--            on; state: on the last day itself; year: within the 12 months up to the last day
-- surprises: what belongs to no district (acts of the city, places unknown) has a null one and counts in the city only.
--            So does a unit that is not one of the reference (762, a ward of before a merger). A week counts by its
--            Monday, as in the ladder. Of mart_frame one measure is read, the first for all adults: whether any disease
--            of the definitions is known from claims does not depend on the measure.
with period as (
    select
        unnest($period::varchar[]) as period,
        unnest($first_day::date[]) as first_day,
        unnest($last_day::date[]) as last_day
),
unit as (
    select distinct district_code as unit_code, district_code, 'district' as level
    from mart_place
    where district_code is not null
    union all
    select distinct ward_code, district_code, 'ward' from mart_place where ward_code is not null
),
adults as (
    select min(f.measure_id) as measure_id
    from mart_frame f
    inner join mart_measure m on m.measure_id = f.measure_id
    where m.age_from = 18
),
place_fact as (
    select 'facility' as mart, step as item, kind as part, month as day, place_id, facilities as amount, 0 as key
    from mart_facility
    union all
    select 'record', step, phase_group, week, place_id, records, records_key from mart_record
    union all
    select 'visit', item, null, month, place_id, amount, 0
    from (unpivot mart_visit on visits, judged, reflected into name item value amount)
    union all
    select 'arrival', kind || '_' || step, null, month, place_id, amount, 0
    from (unpivot mart_arrival on people, judged, recorded into name step value amount)
    union all
    select
        'reach',
        if(r.reached_group = 'pregnant', 'pregnant', 'vulnerable') || '_' || s.step,
        r.reached_group,
        q.last_day,
        r.place_id,
        if(s.step = 'people', r.people, r.holders),
        if(s.step = 'people', r.people_key, r.holders_key)
    from mart_reach r
    cross join (select unnest(['people', 'holders']) as step) s
    inner join mart_quarter q on q.quarter_index = r.quarter_index
    union all
    select 'known', s.step, null, q.last_day, f.place_id, f.people, f.people_key
    from mart_frame f
    inner join adults a on a.measure_id = f.measure_id
    cross join (select unnest(['people', 'holders']) as step) s
    inner join mart_quarter q on q.quarter_index = f.quarter_index
    where f.known_level > 0 and f.is_insured and (s.step = 'people' or f.has_record)
),
fact as (
    select
        f.mart, f.item, f.part, f.day, p.district_code as district, null as unit_code, null as level, f.amount, null as planned,
        null as amount_of_planned, f.key
    from place_fact f
    inner join mart_place p on p.place_id = f.place_id
    where f.mart = $mart
    union all
    select 'activity', a.kind, a.kind, a.month, u.district_code, a.unit_code, u.level, a.quantity, a.planned,
        a.quantity_of_planned, 0
    from mart_activity a
    left join unit u on u.unit_code = a.unit_code
    where $mart = 'activity'
    union all
    select 'budget', item, line, month, null, null, null, amount, null, null, 0
    from (
        unpivot (select line, month, allocated_added_vnd as allocated, disbursed_added_vnd as disbursed from mart_budget)
        on allocated, disbursed into name item value amount
    )
    where $mart = 'budget'
    union all
    select 'load', item, sender, $extract_date::date, null, null, null, amount, null, null, 0
    from (unpivot mart_load on rows, people, recorded into name item value amount)
    where $mart = 'load'
)
select
    p.period,
    case when $by_district then f.district end as district,
    case when $by_part then f.part end as part,
    sum(f.amount)::bigint as amount,
    sum(f.planned)::bigint as planned,
    sum(f.amount_of_planned)::bigint as amount_of_planned,
    count(distinct f.unit_code) filter (where f.level = 'ward' and f.amount > 0) as wards,
    count(distinct f.unit_code) filter (where f.level = 'district' and f.amount > 0) as districts,
    (sum(f.key) % 256)::smallint as amount_key
from fact f
inner join period p
    on f.day <= p.last_day
    and ($timing = 'stock' or ($timing = 'flow' and f.day >= p.first_day) or ($timing = 'state' and f.day = p.last_day)
        or ($timing = 'year' and f.day > p.last_day - interval 12 months))
where f.item in (select unnest($items::varchar[]))
    and ($any_part or f.part in (select unnest($parts::varchar[])))
    and ($any_district or f.district in (select unnest($districts::varchar[])))
group by all
