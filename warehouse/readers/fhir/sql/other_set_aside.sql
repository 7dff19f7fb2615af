-- Grain: one row per kind that has no shape, and reason.
select o.kind, s.why, count(*) from fhir_other o left join fhir_superseded s using (_row) group by all
