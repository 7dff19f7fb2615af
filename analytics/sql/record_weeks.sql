-- grain:     week (its Monday), part, district, ward, plan_group, phase, source (each only where asked for, else null)
-- units:     records that took the step in that week (flow); the stock is the running sum
-- sources:   mart_record, mart_place
-- surprises: the lists are those of record_cells. All weeks from the first record on: a stock needs its beginning.
with wanted as (
    select
        unnest($part::varchar[]) as part,
        unnest($step::varchar[]) as step,
        unnest($is_numerator::boolean[]) as is_numerator
),
plan as (
    select unnest($plan_group::varchar[]) as plan_group, unnest($phase::varchar[]) as phase
)
select
    r.week,
    w.part,
    case when $by_district then p.district_code end as district,
    case when $by_ward then p.ward_code end as ward,
    case when $by_plan_group then r.phase_group end as plan_group,
    case when $by_phase then n.phase end as phase,
    case when $by_source then r.source_system end as source,
    coalesce(sum(r.records) filter (where w.is_numerator), 0)::bigint as numerator,
    coalesce(sum(r.records) filter (where not w.is_numerator), 0)::bigint as denominator,
    (coalesce(sum(r.records_key) filter (where w.is_numerator), 0) % 256)::smallint as numerator_key,
    (coalesce(sum(r.records_key) filter (where not w.is_numerator), 0) % 256)::smallint as denominator_key
from mart_record r
inner join wanted w on w.step = r.step
inner join mart_place p on p.place_id = r.place_id
left join plan n on n.plan_group = r.phase_group
where ($any_district or p.district_code in (select unnest($districts::varchar[])))
    and ($any_ward or p.ward_code in (select unnest($wards::varchar[])))
    and ($any_plan_group or r.phase_group in (select unnest($plan_groups::varchar[])))
    and ($any_phase or n.phase in (select unnest($phases::varchar[])))
    and ($any_source or r.source_system in (select unnest($sources::varchar[])))
group by all
