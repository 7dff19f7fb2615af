-- grain:     year, district (only where asked for, else null). Units: people of the reference population
-- sources:   mart_population
select
    year,
    case when $by_district then unit_code end as district,
    sum(people)::bigint as people
from mart_population
where $any_district or unit_code in (select unnest($districts::varchar[]))
group by all
