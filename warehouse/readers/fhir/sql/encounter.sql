-- Grain: one row per Encounter. Source: FHIR R4 Encounter. Surprises: a class nobody mapped stays as written.
select
    e._row,
    e.id as encounter_id,
    coalesce(p.id, fhir_plain('Patient', e.subject, e.contained)) as person_ref,
    v.facility_id as facility_ref,
    coalesce(c.visit, fhir_text(e.class.code)) as class,
    fhir_moment([e.period.start, e.period.end]) as started_at,
    fhir_filled(e.period.end) as ended_at
from fhir_encounter e
left join fhir_known p on p.key = fhir_key('Patient', e.subject, e.contained, e._envelope)
left join fhir_class c on c.code = upper(trim(e.class.code))
left join fhir_visit v on v._row = e._row
where e._why is null and e._row not in (select _row from fhir_superseded)
