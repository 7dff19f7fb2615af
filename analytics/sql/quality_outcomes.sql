-- grain:     outcome x subject (quantity, check, or people)
-- units:     rows of the extract tables about measurements; of checks, findings; of linkage, people a register holds twice
-- sources:   mart_quality, mart_check, mart_linkage_run
-- surprises: counts of rows, no health facts: exact
select
    outcome,
    subject,
    sum(rows)::bigint as rows
from mart_quality
where table_name = 'measurement'
    and outcome in ('duplicate', 'unit_inferred', 'implausible', 'pairing_inferred')
group by outcome, subject
union all
select 'check', check_id, findings::bigint
from mart_check
union all
select 'linked', 'people', people_twice
from mart_linkage_run
order by outcome, subject
