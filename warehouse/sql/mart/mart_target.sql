-- Grain: unit (district, or 79 the city) x phase x group of the plan x quarter. Units: people, up to the end of the quarter.
-- Sources: raw_target. Surprises: rows that say they are not cumulative are summed up in the order of their quarters. The city
-- is the sum of its districts where no row of its own was delivered. Targets of wards, and shares without people, are
-- not kept: no page and no measure reads them.
with cumulative as (
    select
        unit_code,
        phase,
        "group" as plan_group,
        quarter,
        case
            when coalesce(is_cumulative, true) then target_people
            else sum(target_people) over (partition by unit_code, phase, "group" order by quarter)
        end::bigint as target_people,
        source
    from raw_target
    where target_people is not null and length(unit_code) <= 3
),
summed as (
    select phase, plan_group, quarter, sum(target_people)::bigint as target_people, min(source) as source
    from cumulative
    where length(unit_code) = 3
    group by all
)
select unit_code, phase, plan_group, quarter, target_people, source from cumulative
union all
select '79' as unit_code, s.phase, s.plan_group, s.quarter, s.target_people, s.source
from summed s
anti join cumulative c on c.unit_code = '79' and c.phase = s.phase and c.plan_group = s.plan_group and c.quarter = s.quarter
order by unit_code, phase, plan_group, quarter
