-- grain:     quarter, district, phase, plan_group (each but the quarter only where asked for, else null)
-- units:     people targeted up to the end of the quarter
-- sources:   mart_target, mart_quarter
-- surprises: without a district it is the row of the city (79), which the mart has also where only districts delivered;
--            quarters after the last of mart_quarter are there too: a target may lie ahead
select
    t.quarter,
    case when $by_district then t.unit_code end as district,
    case when $by_phase then t.phase end as phase,
    case when $by_plan_group then t.plan_group end as plan_group,
    sum(t.target_people)::bigint as people
from mart_target t
where (($by_district and t.unit_code <> '79') or (not $by_district and t.unit_code = '79'))
    and ($any_district or t.unit_code in (select unnest($districts::varchar[])))
    and ($any_phase or t.phase in (select unnest($phases::varchar[])))
    and ($any_plan_group or t.plan_group in (select unnest($plan_groups::varchar[])))
group by all
