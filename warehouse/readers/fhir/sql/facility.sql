-- Grain: one row per Organization or Location. Source: FHIR R4.
select
    _row,
    id as facility_ref,
    fhir_text(name) as name,
    coalesce(fhir_words(type[1]), fhir_text(type[1].coding[1].code)) as kind,
    fhir_unit_code(address[1], '\d{3}') as district_code,
    fhir_unit_code(address[1], '\d{5}') as ward_code
from fhir_organization
where _why is null and _row not in (select _row from fhir_superseded)
union all
select
    _row, id, fhir_text(name), coalesce(fhir_words(type[1]), fhir_text(type[1].coding[1].code)),
    fhir_unit_code(address, '\d{3}'), fhir_unit_code(address, '\d{5}')
from fhir_location
where _why is null and _row not in (select _row from fhir_superseded)
