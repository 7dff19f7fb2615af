-- grain:     published result of a survey of the city, of the definitions of one condition
-- units:     proportions from 0 to 1
-- sources:   mart_survey
-- surprises: results that are not usable are among them, marked
select study, definition, quarter, sex, age_band, value, lower, upper, people, source, is_usable
from mart_survey
where starts_with(definition, $condition || '/')
order by all
