-- grain: year x where the population of the units of that year came from. Sources: mart_unit_population.
select distinct year, source from mart_unit_population order by year, source
