-- grain:     one plausible creatinine of an adult whose sex and birth month are known
-- units:     egfr in mL/min/1.73 m2 to two decimals; day = days since 1970-01-01
-- sources:   core_measurement (quantity creatinine, stored in umol/L), core_person, core_pregnancy, rule_kidney,
--            rule_calendar
-- slices:    people
-- meaning:   factor * min(creatinine/kappa, 1)^alpha * max(creatinine/kappa, 1)^beta * per_year^age (CKD-EPI 2021)
-- surprises: age is in completed years on the day, by month; days after rule_calendar, which no quarter asks for, take its edge. Two decimals
--            are the same on every engine, the last bits of a power are not. Pregnancy is left out.
with edge as (
    select min(day) as first_day, max(day) as last_day from rule_calendar
),
aged as (
    select
        m.person_key,
        m.day,
        m.value_standard as creatinine,
        p.sex,
        cast(floor((c.month_index - p.birth_month_index) / 12.0) as integer) as age
    from core_measurement as m
    inner join core_person as p on m.person_key = p.person_key
    cross join edge
    inner join rule_calendar as c on c.day = least(greatest(m.day, edge.first_day), edge.last_day)
    left join core_pregnancy as g on m.person_key = g.person_key and m.day >= g.day and m.day <= g.until
    where m.quantity = 'creatinine' and m.is_plausible and g.person_key is null
)
select
    a.person_key,
    a.day,
    round(
        k.factor
        * pow(least(a.creatinine / nullif(k.kappa_umol_per_l, 0), 1.0), k.alpha)
        * pow(greatest(a.creatinine / nullif(k.kappa_umol_per_l, 0), 1.0), k.beta)
        * pow(k.per_year, a.age),
        2
    ) as egfr
from aged as a
inner join rule_kidney as k on a.sex = k.sex and a.age >= k.age_from
