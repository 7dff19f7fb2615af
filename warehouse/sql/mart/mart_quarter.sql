-- Grain: quarter. Sources: rule_quarter. Surprises: is_complete is false while the extract date lies before its last day.
select quarter, quarter_index, last_date as last_day, last_date <= $as_of as is_complete
from rule_quarter
order by quarter_index
