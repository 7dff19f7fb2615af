-- grain:     outcome x subject
-- units:     rows of the extract tables about measurements
-- sources:   mart_quality
-- surprises: counts of rows, no health facts: exact
select
    outcome,
    subject,
    sum(rows)::bigint as rows
from mart_quality
where table_name = 'measurement'
    and outcome in ('duplicate', 'unit_inferred', 'implausible', 'pairing_inferred')
group by outcome, subject
order by outcome, subject
