-- grain:     district (city: the sum of the districts; empty: people whose district is not known). Units: people seen in care
-- sources:   mart_observed, mart_place
-- surprises: counts of people seen in care, whatever for: exact
with counted as (
    select coalesce(p.district_code, '') as district, sum(o.observed)::bigint as observed
    from mart_observed o
    inner join mart_place p on p.place_id = o.place_id
    group by all
)
select district, observed from counted
union all
select 'city', sum(observed)::bigint from counted where district <> ''
