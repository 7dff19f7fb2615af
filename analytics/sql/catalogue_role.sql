-- grain: role of a variant of a condition. Sources: mart_measure. Surprises: of frozen counts also of older versions.
select condition, variant, version, role, measure_id from mart_measure order by measure_id
