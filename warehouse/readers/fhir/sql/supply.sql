-- Grain: one row per MedicationRequest, MedicationDispense or MedicationStatement, its drug not yet judged.
-- Source: FHIR R4. Units: days. Surprises: ids are unique within a kind, so the two rarer kinds carry their kind.
with supply as (
    select
        _row, _envelope, id, contained, subject, encounter, medicationCodeableConcept, medicationReference,
        [authoredOn, dispenseRequest.validityPeriod.start] as moments,
        fhir_days(dispenseRequest.expectedSupplyDuration) as days_supplied,
        if(reportedBoolean = 'true', 'self_declared', 'clinic') as origin
    from fhir_medicationrequest
    where _why is null
    union all
    select
        _row, _envelope, 'MedicationDispense/' || id, contained, subject, coalesce(encounter, context),
        medicationCodeableConcept, medicationReference,
        [whenHandedOver, whenPrepared], fhir_days(daysSupply), 'clinic'
    from fhir_medicationdispense
    where _why is null
    union all
    select
        _row, _envelope, 'MedicationStatement/' || id, contained, subject, coalesce(encounter, context),
        medicationCodeableConcept, medicationReference,
        [effectiveDateTime, effectivePeriod.start, dateAsserted], null,
        if(fhir_is_own(informationSource), 'self_declared', 'clinic')
    from fhir_medicationstatement
    where _why is null
),
linked as (
    select
        *,
        fhir_key('Patient', subject, contained, _envelope) as person_key,
        fhir_plain('Patient', subject, contained) as person_id,
        fhir_key('Encounter', encounter, contained, _envelope) as encounter_key,
        fhir_plain('Encounter', encounter, contained) as encounter_id,
        fhir_key('Medication', medicationReference, contained, _envelope) as drug_key,
        fhir_plain('Medication', medicationReference, contained) as drug_id
    from supply
    where _row not in (select _row from fhir_superseded)
)
select
    s._row,
    s.id as medication_id,
    coalesce(p.id, s.person_id) as person_ref,
    coalesce(e.id, s.encounter_id) as encounter_ref,
    coalesce(
        s.medicationCodeableConcept,
        list_filter(s.contained, lambda r: '#' || r.id = s.medicationReference.reference)[1].code,
        d.code
    ) as drug,
    fhir_day(fhir_moment(s.moments || [v.started_at])) as started_on,
    s.days_supplied,
    s.origin
from linked s
left join fhir_known p on p.key = s.person_key
left join fhir_known e on e.key = s.encounter_key
left join fhir_known m on m.key = s.drug_key
left join fhir_drug d on d.id = coalesce(m.id, s.drug_id)
left join fhir_visit v on v.id = coalesce(e.id, s.encounter_id)
