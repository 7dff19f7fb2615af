-- grain:     check x definition (by the measure of its cases) of the newest quarter
-- units:     people: cases and counted of everybody; of those the check touches, as they are (touched) and without what it
--            found (without); city totals, as known today
-- sources:   mart_check, mart_check_effect, mart_measure, mart_case, mart_quarter
-- surprises: exact counts of people: only what analytics.quality lets through may leave
with newest as (select max(quarter_index) as quarter_index from mart_quarter),
total as (
    select c.measure_id, sum(c.people)::bigint as people
    from mart_case c
    inner join newest n on n.quarter_index = c.quarter_index
    group by c.measure_id
)
select
    k.check_id,
    k.basis,
    m.measure_id,
    k.findings,
    coalesce(a.people, 0)::bigint as cases,
    coalesce(b.people, 0)::bigint as counted,
    coalesce(x.people, 0)::bigint as touched_cases,
    coalesce(y.people, 0)::bigint as touched,
    coalesce(x.people_without, 0)::bigint as without_cases,
    coalesce(y.people_without, 0)::bigint as without
from mart_check k
cross join mart_measure m
left join total a on a.measure_id = m.measure_id
left join total b on b.measure_id = m.denominator_id
left join mart_check_effect x on x.check_id = k.check_id and x.measure_id = m.measure_id
left join mart_check_effect y on y.check_id = k.check_id and y.measure_id = m.denominator_id
where m.role = 'case'
order by k.check_id, m.measure_id
