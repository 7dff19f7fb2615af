-- grain:     district (city: the sum of the districts, as coverage has it; empty: people whose district is not known)
-- units:     people: registered, with a live record (as known on the last day of the newest quarter); official count of $year
-- sources:   mart_case, mart_measure, mart_place, mart_quarter, mart_population
-- surprises: counts of residents and records, no health facts: exact. official is null where nothing was delivered
with newest as (select max(quarter_index) as quarter_index from mart_quarter),
counted as (
    select
        coalesce(p.district_code, '') as district,
        coalesce(sum(c.people) filter (where m.role = 'resident'), 0)::bigint as registered,
        coalesce(sum(c.people) filter (where m.role = 'record_holder'), 0)::bigint as holders
    from mart_case c
    inner join newest n on n.quarter_index = c.quarter_index
    inner join mart_measure m on m.measure_id = c.measure_id and m.condition = 'record'
    inner join mart_place p on p.place_id = c.place_id
    group by all
),
official as (
    select unit_code as district, sum(people)::bigint as official
    from mart_population
    where year = $year
    group by all
),
joined as (
    select
        coalesce(c.district, o.district) as district,
        coalesce(c.registered, 0) as registered,
        coalesce(c.holders, 0) as holders,
        o.official
    from counted c
    full join official o on o.district = c.district
)
select district, registered, holders, official from joined
union all
select 'city', sum(registered)::bigint, sum(holders)::bigint, sum(official)::bigint
from joined
where district <> ''
