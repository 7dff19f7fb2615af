-- grain: role of a variant of a condition. Sources: mart_measure.
select condition, variant, role, measure_id from mart_measure order by measure_id
