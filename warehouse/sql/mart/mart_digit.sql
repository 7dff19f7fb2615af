-- Grain: district of the facility (empty: not known) x pressure x last digit. Units: readings, whole mmHg ones.
-- Sources: raw_measurement, raw_facility, rule_loinc. Meaning: nought is a missing value; without preference every digit is one in ten.
with reading as (
    select l.quantity, m.facility_ref, (m.value::bigint % 10)::tinyint as digit
    from raw_measurement m
    inner join rule_loinc l on l.loinc = m.code and l.quantity in ('systolic', 'diastolic')
    where m.value = floor(m.value) and m.value between 1 and 400 and m.taken_at::date <= $as_of
        and coalesce(m.origin, '') not in ('self_declared', 'device')
)
select
    coalesce(f.district_code, '') as district_code,
    r.quantity,
    r.digit,
    count(*)::bigint as readings
from reading r
left join (select facility_ref, min(district_code) as district_code from raw_facility group by all) f
    on f.facility_ref = r.facility_ref
group by all
order by district_code, quantity, digit
