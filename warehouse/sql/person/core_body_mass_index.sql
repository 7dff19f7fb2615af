-- grain:     one span of days (day to until, inclusive) in which a person's latest weight and latest height stay the same
-- units:     kg/m2, kg, cm; days since 1970-01-01
-- sources:   core_measurement (quantity height, weight), core_pregnancy, rule_quantity (how long each holds, limits)
-- slices:    people
-- meaning:   a value holds until the day before the next of its kind, at most holds_days; the index is
--            weight / height^2 where both hold and the index itself is plausible
-- surprises: of several values on one day the last by time counts, of several at one time the larger (it decides
--            nothing but is the same on every run). Values implausible in an adult and weights of a pregnancy are never
--            used, so the one before holds on.
with ranked as (
    select
        m.person_key,
        m.quantity,
        m.day,
        m.value_standard as measured,
        q.holds_days,
        row_number() over (
            partition by m.person_key, m.quantity, m.day order by m.taken_at desc, m.value_standard desc
        ) as place
    from core_measurement as m
    inner join rule_quantity as q on m.quantity = q.quantity
    left join core_pregnancy as g
        on m.quantity = 'weight' and m.person_key = g.person_key and m.day >= g.day and m.day <= g.until
    where (m.quantity = 'height' or m.quantity = 'weight') and m.is_plausible and g.person_key is null
        and m.value_standard >= q.adult_low and m.value_standard <= q.adult_high
),
held as (
    select
        person_key,
        quantity,
        day,
        measured,
        least(
            day + holds_days,
            coalesce(lead(day) over (partition by person_key, quantity order by day) - 1, day + holds_days)
        ) as until
    from ranked
    where place = 1
),
joint as (
    select
        w.person_key,
        greatest(w.day, h.day) as day,
        least(w.until, h.until) as until,
        w.measured as weight_kg,
        h.measured as height_cm,
        w.measured * 10000.0 / (h.measured * h.measured) as kg_per_m2
    from held as w
    inner join held as h on w.person_key = h.person_key and w.day <= h.until and h.day <= w.until
    where w.quantity = 'weight' and h.quantity = 'height'
)
select
    b.person_key,
    b.day,
    b.until,
    b.weight_kg,
    b.height_cm,
    b.kg_per_m2
from joint as b
inner join rule_quantity as q on q.quantity = 'body_mass_index'
where b.kg_per_m2 >= q.plausible_low and b.kg_per_m2 <= q.plausible_high
