-- grain:     unit of July 2025. Units: people: registered and seen in care on the extract date, of them with an apportioned
--            place; official: an estimate, the count of the districts shared out over their units
-- sources:   mart_observed, mart_place, mart_unit, mart_unit_population
-- surprises: where the estimate follows the register (by_register) it cannot differ from it by much
with counted as (
    select p.unit_code as unit, sum(o.registered)::bigint as registered, sum(o.observed)::bigint as observed
    from mart_observed o
    inner join mart_place p on p.place_id = o.place_id
    where p.unit_code is not null
    group by all
),
official as (
    select unit_code as unit, sum(people)::bigint as official, bool_or(contains(source, 'shared out by the register')) as by_register
    from mart_unit_population
    where year = $year
    group by all
)
select u.unit_code as unit, o.official, coalesce(c.registered, 0) as registered, coalesce(c.observed, 0) as observed,
    u.is_whole, u.apportioned, o.by_register
from mart_unit u
left join counted c on c.unit = u.unit_code
left join official o on o.unit = u.unit_code
order by unit
