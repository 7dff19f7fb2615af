-- Grain: one row per drug prescribed, supplied or told. Sources: fhir_supply, fhir_named.
-- Surprises: an ATC code written goes before what the name says; a supply that names no drug is left out.
with named as (
    select
        s.*,
        fhir_atc(drug.coding, $atc) as written,
        coalesce(fhir_words(drug), fhir_text(drug.coding[1].code)) as name_as_written,
        unnest([drug.text] || coalesce(list_transform(drug.coding, lambda c: c.display), [])) as name,
        generate_subscripts([drug.text] || coalesce(list_transform(drug.coding, lambda c: c.display), []), 1) as place
    from fhir_supply s
)
select
    n._row,
    any_value(n.medication_id) as medication_id,
    any_value(n.person_ref) as person_ref,
    any_value(n.encounter_ref) as encounter_ref,
    coalesce(any_value(n.written), arg_min(a.atc, n.place) filter (where a.atc is not null)) as atc,
    any_value(n.name_as_written) as name_as_written,
    any_value(n.started_on) as started_on,
    any_value(n.days_supplied) as days_supplied,
    any_value(n.origin) as origin
from named n
left join fhir_named a on a.name = n.name
where n.name_as_written is not null or n.written is not null
group by n._row
