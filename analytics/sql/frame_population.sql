-- grain:     district x sex x age band of the marts, of one year
-- units:     people of the reference population
-- sources:   mart_population, rule_age_band
-- surprises: age_from may be a single year or a band of the marts; both are edges of a mart band or lie inside one
select
    n.unit_code as district,
    case n.sex when 1 then 'male' else 'female' end as sex,
    a.age_from,
    sum(n.people)::bigint as population
from mart_population n
inner join rule_age_band a on a.age = n.age_from
where n.year = $year
    and a.age_from between $first_age and $last_age
group by all
