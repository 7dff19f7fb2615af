-- Grain: one row per result whose LOINC code the program knows, taken up to the extract date.
-- Units: `value` stays in the unit reported (`unit`, UCUM); `value_standard` is in the quantity's storage unit.
-- Sources: raw_measurement, rule_loinc, rule_unit, rule_quantity.
-- Surprises: an unknown unit leaves the row implausible and so never used; glucose marked fasting is another quantity.
-- What people declare or measure at home is no test: it makes nobody assessed, and its rows are left out.
-- Slices: people.
with named as (
    select
        m.*,
        coalesce(if(m.fasting, l.quantity_if_fasting, null), l.quantity) as quantity,
        coalesce(lower(regexp_replace(m.unit, '\s', '', 'g')), '') as unit_spelling
    from raw_measurement m
    inner join rule_loinc l on l.loinc = m.code
    where m.value is not null and m.taken_at::date <= $as_of
        and coalesce(m.origin, '') not in ('self_declared', 'device')
)
select
    n.person_key,
    n.quantity,
    date_diff('day', date '1970-01-01', n.taken_at::date)::integer as day,
    n.taken_at,
    n.encounter_ref_key as encounter_key,
    n.panel_ref_key as panel_key,
    n.reading_number::integer as reading_number,
    (n._file_id::bigint << 44) + n._row as row_order,
    n.value,
    u.unit,
    n.value * u.factor + u.offset_ as value_standard,
    coalesce(n.value * u.factor + u.offset_ between q.plausible_low and q.plausible_high, false) as is_plausible,
    coalesce(u.is_inferred, false) as is_unit_inferred,
    n.origin
from named n
inner join rule_quantity q on q.quantity = n.quantity
left join rule_unit u
    on u.quantity = n.quantity
    and coalesce(u.unit_written, '') = n.unit_spelling
    and n.value >= coalesce(u.value_from, n.value)
    and (u.value_below is null or n.value < u.value_below)
