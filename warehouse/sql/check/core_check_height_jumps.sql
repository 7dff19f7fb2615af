-- Grain: one height of an adult whose plausible heights lie more than 15 cm apart: the person is found once, and all those
-- heights are in doubt. Units: cm. Sources: core_measurement, core_person, rule_quantity.
-- Surprises: an adult height is one within the adult limits, of somebody 18 or older that day.
-- Slices: people.
select m.person_key, m.person_key as subject_key, m.row_order as row_key
from core_measurement m
inner join core_person p on p.person_key = m.person_key
inner join rule_quantity q on q.quantity = m.quantity
where m.quantity = 'height' and m.is_plausible and m.value_standard between q.adult_low and q.adult_high
    and m.day >= (p.birth_month_index - 1970 * 12) * 30.4375 + 18 * 365.25
qualify max(m.value_standard) over (partition by m.person_key) - min(m.value_standard) over (partition by m.person_key) > 15
