-- grain:     one day or span in which a person's values meet one event set
-- units:     days since 1970-01-01, inclusive; until = day for readings, end of the state for body mass index
-- sources:   core_measurement, core_reading_day, core_body_mass_index, core_kidney_function, core_child_growth,
--            core_pregnancy, core_person, rule_threshold, rule_event_set, rule_calendar
-- slices:    people
-- meaning:   a value is compared in the unit it was reported in with the threshold of that unit
-- surprises: implausible values never count, nor values of a pregnancy, but for height. A threshold for one sex or some ages is met by nobody whose sex or birth
--            month is unknown; age is that of the day (by month); days after rule_calendar, which no quarter asks for, take its edge.
with reading as (
    select 'measurement' as source, m.quantity, m.unit, m.person_key, m.day, m.day as until, m.value
    from core_measurement as m
    left join core_pregnancy as g on m.person_key = g.person_key and m.day >= g.day and m.day <= g.until
    where m.is_plausible and (g.person_key is null or m.quantity = 'height')
    union all
    select 'blood_pressure_day', 'systolic', 'mm[Hg]', person_key, day, day, systolic_mmhg
    from core_reading_day
    union all
    select 'blood_pressure_day', 'diastolic', 'mm[Hg]', person_key, day, day, diastolic_mmhg
    from core_reading_day
    union all
    select 'body_mass_index', 'body_mass_index', 'kg/m2', person_key, day, until, kg_per_m2
    from core_body_mass_index
    union all
    select 'kidney_function', 'egfr', 'mL/min/{1.73_m2}', person_key, day, day, egfr
    from core_kidney_function
    union all
    select 'child_growth', indicator, '{z}', person_key, day, day, z
    from core_child_growth
),
edge as (
    select min(day) as first_day, max(day) as last_day from rule_calendar
),
met as (
    select
        r.person_key, r.day, r.until, t.event_set_id, t.quantity_bit, t.sex, t.age_from, t.age_to
    from reading as r
    inner join rule_threshold as t
        on r.source = t.source and r.quantity = t.quantity and r.unit = t.unit
        and r.value >= coalesce(t.at_least, r.value)
        and (t.below is null or r.value < t.below)
),
counted as (
    select person_key, event_set_id, day, until, quantity_bit
    from met
    where sex is null and age_from is null and age_to is null
    union all
    select m.person_key, m.event_set_id, m.day, m.until, m.quantity_bit
    from met as m
    inner join core_person as p on m.person_key = p.person_key
    cross join edge
    inner join rule_calendar as c on c.day = least(greatest(m.day, edge.first_day), edge.last_day)
    where (m.sex is not null or m.age_from is not null or m.age_to is not null)
        and (m.sex is null or m.sex = p.sex)
        and (
            (m.age_from is null and m.age_to is null)
            or (
                c.month_index - p.birth_month_index >= 12 * coalesce(m.age_from, 0)
                and (m.age_to is null or c.month_index - p.birth_month_index < 12 * (m.age_to + 1))
            )
        )
)
select
    c.person_key,
    c.event_set_id,
    c.day,
    c.until
from counted as c
inner join rule_event_set as s on c.event_set_id = s.event_set_id
group by c.person_key, c.event_set_id, c.day, c.until
having bit_and(s.required_bits) = (bit_and(s.required_bits) & bit_or(c.quantity_bit))
