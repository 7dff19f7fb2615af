-- grain:     one measure: a role of a variant of a condition
-- units:     ages in completed years, inclusive
-- sources:   rule_measure
-- surprises: denominator_id is filled for numerators (case, indeterminate) only.
select
    measure_id,
    condition,
    variant,
    role,
    denominator_id,
    age_from,
    age_to,
    outcome_dependent
from rule_measure
order by measure_id
