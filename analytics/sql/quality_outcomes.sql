-- grain:     outcome x subject (quantity, or check)
-- units:     rows of the extract tables about measurements; of checks, findings
-- sources:   mart_quality, mart_check
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
order by outcome, subject
