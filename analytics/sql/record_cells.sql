-- grain:     quarter, section, district, ward, phase, source (each only where asked for, else null)
-- units:     records: stock at the end of the quarter, that is every step up to the week of its last day
-- sources:   mart_record, mart_place, mart_quarter
-- surprises: $section, $step, $is_numerator are three lists of one length: which step counts for which section
with wanted as (
    select
        unnest($section::varchar[]) as section,
        unnest($step::varchar[]) as step,
        unnest($is_numerator::boolean[]) as is_numerator
)
select
    case when $by_quarter then q.quarter end as quarter,
    w.section,
    case when $by_district then p.district_code end as district,
    case when $by_ward then p.ward_code end as ward,
    case when $by_phase then r.phase_group end as phase,
    case when $by_source then r.source_system end as source,
    coalesce(sum(r.records) filter (where w.is_numerator), 0)::bigint as numerator,
    coalesce(sum(r.records) filter (where not w.is_numerator), 0)::bigint as denominator,
    (coalesce(sum(r.records_key) filter (where w.is_numerator), 0) % 256)::smallint as numerator_key,
    (coalesce(sum(r.records_key) filter (where not w.is_numerator), 0) % 256)::smallint as denominator_key
from mart_record r
inner join wanted w on w.step = r.step
inner join mart_place p on p.place_id = r.place_id
inner join mart_quarter q on r.week <= q.last_day
where q.quarter_index between $first_quarter and $last_quarter
    and ($any_district or p.district_code in (select unnest($districts::varchar[])))
    and ($any_ward or p.ward_code in (select unnest($wards::varchar[])))
    and ($any_phase or r.phase_group in (select unnest($phases::varchar[])))
    and ($any_source or r.source_system in (select unnest($sources::varchar[])))
group by all
