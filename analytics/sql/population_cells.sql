-- grain:     year, district, sex (each only where asked for, else null) x age band asked
-- units:     people of the reference population
-- sources:   mart_population
-- surprises: age_from may be a single year or a band of the marts; both are edges of a mart band or lie inside one
with wanted as (
    select unnest($age_from::smallint[]) as age_from, unnest($age_band::varchar[]) as age_band
)
select
    n.year,
    case when $by_district then n.unit_code end as district,
    case when $by_sex then case n.sex when 1 then 'male' else 'female' end end as sex,
    w.age_band,
    sum(n.people)::bigint as people
from mart_population n
inner join rule_age_band a on a.age = n.age_from
inner join wanted w on w.age_from = a.age_from
where ($any_district or n.unit_code in (select unnest($districts::varchar[])))
    and ($any_sex or n.sex in (select unnest($sexes::tinyint[])))
group by all
