-- grain: unit of July 2025 that people can live in. Sources: mart_place.
-- Surprises: no row in builds of before the units, whose places have no such column; hence by JSON.
select distinct to_json(p) ->> '$.unit_code' as unit from mart_place p where unit is not null order by unit
