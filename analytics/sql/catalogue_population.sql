-- grain: year of the reference population x where it came from. Sources: mart_population.
select year, source, sum(people)::bigint as people from mart_population group by all order by year, source
