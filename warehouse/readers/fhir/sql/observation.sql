-- Grain: one row per Observation, as read. `part` holds its components in their order: code, value, value_text, unit.
-- Source: FHIR R4 Observation.
-- Surprises: narrowed in the scan itself, because a stored copy of the nested resource costs as much as reading it.
select
    _row,
    _envelope,
    resourceType,
    id,
    meta.lastUpdated as updated,
    case
        when list_contains($statuses, _status) then $reasons[list_position($statuses, _status)]
        else $otherwise
    end as _why,
    fhir_key('Patient', subject, contained, _envelope) as person_key,
    fhir_plain('Patient', subject, contained) as person_id,
    fhir_key('Encounter', encounter, contained, _envelope) as encounter_key,
    fhir_plain('Encounter', encounter, contained) as encounter_id,
    fhir_key('Organization', performer[1], contained, _envelope) as facility_key,
    fhir_provider(performer) as facility_id,
    case
        when length(effectiveDateTime) >= 10 then effectiveDateTime
        else fhir_moment([
            effectiveDateTime, effectivePeriod.start, effectiveInstant, effectiveTiming.event[1], issued,
            effectivePeriod.end
        ])
    end as taken_at,
    fhir_origin(category, performer[1].reference, device) as origin,
    case when method is not null then fhir_text(method.coding[1].display) end as method,
    fhir_code(code.coding, $loinc) as code,
    fhir_measured(valueQuantity, valueInteger, valueString) as value,
    fhir_said(valueQuantity, valueString, valueCodeableConcept, valueBoolean, valueDateTime) as value_text,
    fhir_unit(valueQuantity) as unit,
    case when hasMember is not null then list_transform(hasMember, lambda m: fhir_tail(m.reference)) end as members,
    list_transform(component, lambda k: struct_pack(
        code := fhir_code(k.code.coding, $loinc),
        value := fhir_measured(k.valueQuantity, k.valueInteger, k.valueString),
        value_text := fhir_said(k.valueQuantity, k.valueString, k.valueCodeableConcept, k.valueBoolean, null),
        unit := fhir_unit(k.valueQuantity)
    )) as part
from resource
