-- Grain: one row per condition and variant that has cases, in the order of the definition files.
-- Sources: mart_definition (words), mart_measure (order, ages).
SELECT
    d.condition,
    d.variant,
    d.version,
    d.name_vi,
    d.name_en,
    d.description_vi,
    d.description_en,
    d.source,
    d.denominator,
    d.definition_json,
    m.age_from
FROM mart_definition AS d
INNER JOIN mart_measure AS m
    ON d.condition = m.condition AND d.variant = m.variant
WHERE m.role = 'case'
ORDER BY m.measure_id
