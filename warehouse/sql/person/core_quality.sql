-- grain:     outcome x subject (quantity) x rule, once for every group of people that the build works on
-- units:     rows: rows as received
-- sources:   core_measurement, core_blood_pressure
-- slices:    people
-- meaning:   what landed as it came and is used otherwise or not at all: implausible (kept, never used), unit_inferred,
--            pairing_inferred and swapped (repaired)
select
    'implausible' as outcome,
    quantity as subject,
    '' as rule,
    count(*) as rows
from core_measurement
where not is_plausible
group by quantity
union all
select
    'unit_inferred' as outcome,
    quantity as subject,
    '' as rule,
    count(*) as rows
from core_measurement
where is_unit_inferred
group by quantity
union all
select
    'pairing_inferred' as outcome,
    'blood_pressure' as subject,
    pairing as rule,
    count(*) as rows
from core_blood_pressure
where pairing = 'row_order'
group by pairing
union all
select
    'swapped' as outcome,
    'blood_pressure' as subject,
    '' as rule,
    count(*) as rows
from core_blood_pressure
where is_swapped
having count(*) > 0
