-- grain:     one indicator of growth on one day on which it was measured
-- units:     z-score to two decimals; day = days since 1970-01-01
-- sources:   core_measurement (quantity height, weight), core_person, rule_growth, rule_calendar
-- slices:    people
-- meaning:   ((y/M)^L - 1) / (S L); beyond 3 of an adjusted indicator in steps of the distance from SD2 to SD3 (WHO 2006).
--            bmi_for_age needs weight and height of one day, height_for_age the height
-- surprises: age is the difference of months, on average the exact age. Of several values on one day the last by time
--            counts, of several at one time the larger. Scores beyond the flags of WHO are errors and left out. Days
--            after rule_calendar, which no quarter asks for, take its edge. Length lying down and height standing are taken as written. The rows of
--            `aged` are distinct anyway: saying so keeps DuckDB from joining every person with every month of rule_growth
--            (1 s for 64 s at 200,000 residents).
with ranked as (
    select
        person_key,
        quantity,
        day,
        value_standard as measured,
        row_number() over (
            partition by person_key, quantity, day order by taken_at desc, value_standard desc
        ) as place
    from core_measurement
    where (quantity = 'height' or quantity = 'weight') and is_plausible
),
edge as (
    select min(day) as first_day, max(day) as last_day from rule_calendar
),
measured as (
    select h.person_key, h.day, 'height_for_age' as indicator, h.measured as y
    from ranked as h
    where h.quantity = 'height' and h.place = 1
    union all
    select h.person_key, h.day, 'bmi_for_age' as indicator, w.measured * 10000.0 / (h.measured * h.measured) as y
    from ranked as h
    inner join ranked as w on h.person_key = w.person_key and h.day = w.day
    where h.quantity = 'height' and w.quantity = 'weight' and h.place = 1 and w.place = 1
),
aged as (
    select distinct
        e.person_key,
        e.day,
        e.indicator,
        e.y,
        p.sex,
        c.month_index - p.birth_month_index as age_months
    from measured as e
    inner join core_person as p on e.person_key = p.person_key
    cross join edge
    inner join rule_calendar as c on c.day = least(greatest(e.day, edge.first_day), edge.last_day)
    where p.birth_month_index is not null
),
placed as (
    select
        e.person_key,
        e.day,
        e.indicator,
        e.y,
        g.l,
        g.m,
        g.s,
        g.flag_low,
        g.flag_high,
        g.is_adjusted,
        (pow(e.y / nullif(g.m, 0), g.l) - 1) / nullif(g.s * g.l, 0) as z
    from aged as e
    inner join rule_growth as g on e.indicator = g.indicator and e.sex = g.sex and e.age_months = g.age_months
),
scored as (
    select
        person_key,
        day,
        indicator,
        flag_low,
        flag_high,
        round(
            case
                when is_adjusted and z > 3
                    then 3 + (y - m * pow(1 + 3 * l * s, 1 / nullif(l, 0)))
                        / nullif(m * pow(1 + 3 * l * s, 1 / nullif(l, 0)) - m * pow(1 + 2 * l * s, 1 / nullif(l, 0)), 0)
                when is_adjusted and z < -3
                    then -3 + (y - m * pow(1 - 3 * l * s, 1 / nullif(l, 0)))
                        / nullif(m * pow(1 - 2 * l * s, 1 / nullif(l, 0)) - m * pow(1 - 3 * l * s, 1 / nullif(l, 0)), 0)
                else z
            end,
            2
        ) as z
    from placed
)
select
    person_key,
    day,
    indicator,
    z
from scored
where z >= flag_low and z <= flag_high
