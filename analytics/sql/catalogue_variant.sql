-- grain: variant of a condition that has cases (of frozen counts: each of its versions, oldest first). Sources: mart_measure, mart_definition.
select
    m.condition, m.variant, m.measure_id, m.denominator_id, m.age_from, m.age_to, m.outcome_dependent,
    d.version, d.estimand, d.source, d.name_vi, d.name_en, d.description_vi, d.description_en, d.denominator,
    d.definition_json ->> '$.name.vi' as condition_vi,
    d.definition_json ->> '$.name.en' as condition_en
from mart_measure m
left join mart_definition d
    on d.condition = m.condition and d.variant = m.variant and d.version is not distinct from m.version
where m.role = 'case'
order by m.condition, m.variant, m.measure_id
