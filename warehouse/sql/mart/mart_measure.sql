-- grain:     one measure: a role of a variant of a condition
-- units:     ages in completed years, inclusive
-- sources:   rule_measure, rule_definition (the version)
-- surprises: denominator_id is filled for numerators (case, indeterminate) only.
select
    m.measure_id,
    m.condition,
    m.variant,
    d.version,
    m.role,
    m.denominator_id,
    m.age_from,
    m.age_to,
    m.outcome_dependent
from rule_measure m
left join rule_definition d on d.condition = m.condition and d.variant = m.variant
order by m.measure_id
