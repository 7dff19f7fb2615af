-- Grain: one row per dose given. Source: FHIR R4 Immunization. Surprises: without a code of CVX the vaccine is called
-- as it is written.
with kept as (
    select
        *,
        coalesce(fhir_code(vaccineCode.coding, $cvx), '') as cvx
    from fhir_immunization
    where _why is null and _row not in (select _row from fhir_superseded)
)
select
    i._row,
    i.id as immunisation_id,
    coalesce(p.id, fhir_plain('Patient', i.patient, i.contained)) as person_ref,
    coalesce(v.vaccine, fhir_words(i.vaccineCode), fhir_text(i.vaccineCode.coding[1].code)) as vaccine,
    coalesce(
        i.protocolApplied[1].doseNumberPositiveInt,
        nullif(regexp_extract(i.protocolApplied[1].doseNumberString, '\d+'), '')
    ) as dose_number,
    fhir_day(i.occurrenceDateTime) as given_on
from kept i
left join fhir_known p on p.key = fhir_key('Patient', i.patient, i.contained, i._envelope)
left join fhir_vaccine v on v.cvx = coalesce(nullif(ltrim(i.cvx, '0'), ''), '')
