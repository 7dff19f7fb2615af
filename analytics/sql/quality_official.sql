-- grain:     year of the official population. Sources: mart_population
select year, string_agg(distinct source, ', ' order by source) as source
from mart_population
group by year
order by year
