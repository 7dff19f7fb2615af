-- Grain: check of the data. Units: rows (or people) found; people they are about. City totals.
-- Sources: core_found, rule_check. Surprises: every check has a row, also one that finds nothing.
with found as (
    select check_id, count(*) as findings, count(distinct person_key) as people from core_found group by check_id
)
select
    r.check_id,
    r.kind,
    r.table_name,
    r.treatment,
    r.basis,
    r.name_vi,
    r.name_en,
    r.todo_vi,
    r.todo_en,
    coalesce(f.findings, 0)::bigint as findings,
    coalesce(f.people, 0)::bigint as people
from rule_check r
left join found f on f.check_id = r.check_id
order by r.check_id
