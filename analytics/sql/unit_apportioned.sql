-- grain: unit of July 2025 in which somebody lives whose unit was drawn. Units: share of its registered people. Sources: mart_unit.
select unit_code, apportioned / people as apportioned_share from mart_unit where apportioned > 0 order by unit_code
