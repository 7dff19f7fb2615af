-- grain:     one variant of a condition, in words
-- sources:   rule_definition
-- surprises: definition_json is the whole file of the condition, so it repeats for its variants.
select
    condition,
    variant,
    version,
    estimand,
    name_vi,
    name_en,
    description_vi,
    description_en,
    source,
    denominator,
    definition_json
from rule_definition
order by condition, variant
