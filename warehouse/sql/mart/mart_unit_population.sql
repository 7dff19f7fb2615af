-- Grain: unit of July 2025 x sex x age band x year. Units: people, an estimate.
-- Sources: rule_population (by district), core_person, rule_place, rule_place_choice.
-- Meaning: the official count of a district, shared out over its units as the people of its register are (living there on the
-- extract date); where the register has less than half of the newest count, as its wards are, every ward alike.
-- Surprises: one share for all ages and both sexes. Whole people, largest remainders: the units of a district add up to it in
-- every cell. Counts of the register itself are not shown: they share out only.
with living as (
    select p.district_code, p.unit_code, count(*) as people
    from core_person c
    inner join rule_place p on p.place_id = c.place_id
    where c.is_registered and coalesce(c.resident_until > date_diff('day', date '1970-01-01', $as_of::date), true)
    group by all
),
official as (
    select unit_code as district_code, sum(people) as people
    from rule_population
    where year = (select max(year) from rule_population)
    group by all
),
registered as (select district_code, sum(people) as people from living group by all),
known as (
    select r.district_code
    from registered r
    inner join official o on o.district_code = r.district_code
    where 2 * r.people >= o.people
),
part as (
    select
        c.code as district_code,
        p.unit_code,
        k.district_code is not null as by_register,
        if(k.district_code is null, c.draw_below - c.draw_from, coalesce(l.people, 0))::hugeint as weight
    from rule_place_choice c
    inner join rule_place p on p.place_id = c.place_id
    left join known k on k.district_code = c.code
    left join living l on l.district_code = c.code and l.unit_code = p.unit_code
    where c.stated = 'district'
),
quota as (
    select
        n.unit_code as district_code,
        n.sex,
        n.age_from,
        n.year,
        n.source,
        p.unit_code,
        p.by_register,
        n.people,
        n.people * p.weight // sum(p.weight) over cell as whole,
        n.people * p.weight % sum(p.weight) over cell as remainder
    from rule_population n
    inner join part p on p.district_code = n.unit_code
    window cell as (partition by n.unit_code, n.sex, n.age_from, n.year, n.source)
),
shared as (
    select
        *,
        whole + if(
            row_number() over (cell order by remainder desc, unit_code) <= people - sum(whole) over cell, 1, 0
        ) as share
    from quota
    window cell as (partition by district_code, sex, age_from, year, source)
)
select
    unit_code,
    sex,
    age_from,
    year,
    sum(share)::integer as people,
    min(source) || if(bool_and(by_register), ', shared out by the register', ', shared out by wards') as source
from shared
group by unit_code, sex, age_from, year
order by year, unit_code, sex, age_from
