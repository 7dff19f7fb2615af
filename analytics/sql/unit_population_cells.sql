-- grain:     year, unit, sex (each only where asked for, else null) x age band asked
-- units:     people, an estimate: the official count of each district shared out over its units
-- sources:   mart_unit_population
-- surprises: as population_cells: ages are edges of a mart band or lie inside one
with wanted as (
    select unnest($age_from::smallint[]) as age_from, unnest($age_band::varchar[]) as age_band
)
select
    n.year,
    case when $by_unit then n.unit_code end as unit,
    case when $by_sex then case n.sex when 1 then 'male' else 'female' end end as sex,
    w.age_band,
    sum(n.people)::bigint as people
from mart_unit_population n
inner join rule_age_band a on a.age = n.age_from
inner join wanted w on w.age_from = a.age_from
where ($any_unit or n.unit_code in (select unnest($units::varchar[])))
    and ($any_sex or n.sex in (select unnest($sexes::tinyint[])))
group by all
