-- grain:     quarter or week, part, district, ward, unit, plan_group, phase, source (each only where asked for, else null)
-- units:     records. By quarter: stock at its end, that is every step up to the week of its last day. By week (its
--            Monday): flow, those that took the step in it, from the first record on; the stock is the running sum
-- sources:   mart_record, mart_place, mart_quarter
-- surprises: $part, $step, $is_numerator are three lists of one length: which step counts for which part (a section of
--            the record, a step of the ladder); $plan_group and $phase are two: the phase of the plan of each group
with place as (
    -- As JSON, because builds of before the units have no such column.
    select place_id, ward_code, district_code, to_json(m) ->> '$.unit_code' as unit_code from mart_place m
),
wanted as (
    select
        unnest($part::varchar[]) as part,
        unnest($step::varchar[]) as step,
        unnest($is_numerator::boolean[]) as is_numerator
),
plan as (
    select unnest($plan_group::varchar[]) as plan_group, unnest($phase::varchar[]) as phase
),
period as (
    select quarter, last_day from mart_quarter
    where not $by_week and quarter_index in (select unnest($quarters::smallint[]))
    union all
    select null as quarter, null as last_day where $by_week
)
select
    case when $by_week then r.week end as week,
    case when $by_quarter then q.quarter end as quarter,
    w.part,
    case when $by_district then p.district_code end as district,
    case when $by_ward then p.ward_code end as ward,
    case when $by_unit then p.unit_code end as unit,
    case when $by_plan_group then r.phase_group end as plan_group,
    case when $by_phase then n.phase end as phase,
    case when $by_source then r.source_system end as source,
    coalesce(sum(r.records) filter (where w.is_numerator), 0)::bigint as numerator,
    coalesce(sum(r.records) filter (where not w.is_numerator), 0)::bigint as denominator,
    (coalesce(sum(r.records_key) filter (where w.is_numerator), 0) % 256)::smallint as numerator_key,
    (coalesce(sum(r.records_key) filter (where not w.is_numerator), 0) % 256)::smallint as denominator_key
from mart_record r
inner join wanted w on w.step = r.step
inner join place p on p.place_id = r.place_id
inner join period q on q.last_day is null or r.week <= q.last_day
left join plan n on n.plan_group = r.phase_group
where ($any_district or p.district_code in (select unnest($districts::varchar[])))
    and ($any_ward or p.ward_code in (select unnest($wards::varchar[])))
    and ($any_unit or p.unit_code in (select unnest($units::varchar[])))
    and ($any_plan_group or r.phase_group in (select unnest($plan_groups::varchar[])))
    and ($any_phase or n.phase in (select unnest($phases::varchar[])))
    and ($any_source or r.source_system in (select unnest($sources::varchar[])))
group by all
