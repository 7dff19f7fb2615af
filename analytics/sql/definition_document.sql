-- grain:     condition
-- units:     none; document: the definition file this build was made with, as JSON
-- sources:   mart_definition
-- surprises: the file repeats for its variants; any of them is the whole
select condition, any_value(definition_json) as document
from mart_definition
group by condition
order by condition
