-- grain:     published result of a survey of the city, of the definitions of one condition
-- units:     proportions from 0 to 1
-- sources:   mart_survey
-- surprises: results that are not usable are among them, marked. has_examined is null in builds from before it
select study, definition, quarter, sex, age_band, value, lower, upper, people, source, is_usable, has_examined
from (from mart_survey union all by name select null::boolean as has_examined where false)
where starts_with(definition, $condition || '/')
order by all
