-- Grain: facility x year x pair of pressures that looks copied. Units: mmHg; readings. Sources: raw_measurement, rule_loinc.
-- Meaning: of the first readings of visits, a pair that makes a tenth or more of those of a facility and year with at least
-- 50, and is five times as common there as at all others that year.
-- Surprises: a single facility has no others to be told apart from. Digit preference alone makes 120/80 common everywhere,
-- so the others are the yardstick.
with reading as (
    select
        min(m.facility_ref) as facility_ref,
        year(min(m.taken_at)) as year,
        max(m.value) filter (where l.quantity = 'systolic') as systolic,
        max(m.value) filter (where l.quantity = 'diastolic') as diastolic
    from raw_measurement m
    inner join rule_loinc l on l.loinc = m.code and l.quantity in ('systolic', 'diastolic')
    where m.encounter_ref_key is not null and m.facility_ref is not null
    group by m.encounter_ref_key, coalesce(m.reading_number, -1), m.taken_at
),
pair as (
    select facility_ref, year, systolic, diastolic, count(*) as readings
    from reading
    where systolic is not null and diastolic is not null
    group by all
),
shared as (
    select
        *,
        sum(readings) over (partition by facility_ref, year) as of_facility,
        sum(readings) over (partition by year, systolic, diastolic) as of_pair,
        sum(readings) over (partition by year) as of_city
    from pair
)
select facility_ref, year, systolic, diastolic, readings::bigint as readings, of_facility::bigint as of_facility
from shared
where of_city > of_facility
    and of_facility >= 50
    and readings * 10 >= of_facility
    and readings * (of_city - of_facility) >= 5 * (of_pair - readings) * of_facility
