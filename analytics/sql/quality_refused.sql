-- grain:     file x column x rule that refused rows
-- units:     rows
-- sources:   mart_quality
select
    table_name,
    logical_name,
    subject as column_name,
    rule,
    rows
from mart_quality
where outcome = 'refused'
order by table_name, logical_name, rows desc, subject, rule
