-- Grain: one row per Encounter that counts, for what other resources ask of it.
select
    e._row,
    e.id,
    fhir_moment([e.period.start, e.period.end]) as started_at,
    coalesce(
        s.id, fhir_plain('Organization', e.serviceProvider, e.contained),
        l.id, fhir_plain('Location', e.location[1].location, e.contained)
    ) as facility_id
from fhir_encounter e
left join fhir_known s on s.key = fhir_key('Organization', e.serviceProvider, e.contained, e._envelope)
left join fhir_known l on l.key = fhir_key('Location', e.location[1].location, e.contained, e._envelope)
where e._why is null and e._row not in (select _row from fhir_superseded)
