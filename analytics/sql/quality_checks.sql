-- grain:     check of the data
-- units:     rows (or people) found; people they are about; city totals
-- sources:   mart_check, mart_check_history
-- surprises: counts of rows and of people with a faulty row, no health facts: exact
select
    check_id, kind, table_name, treatment, basis, name_vi, name_en, todo_vi, todo_en,
    findings, people, new, existing, resolved
from mart_check
inner join mart_check_history using (check_id)
order by findings = 0, new desc, findings desc, check_id
