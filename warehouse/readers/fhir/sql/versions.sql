-- Grain: one row per resource that can give rows: its last version in the file, or its deletion.
-- Sources: fhir_version, fhir_superseded. Parameters: kinds of resources that give rows.
-- Surprises: of a resource the file deletes, the deletion is the last version where nothing newer stands in the file.
select v._row, v.kind || '/' || v.id as record, v.version, v.is_dated, v.version as moment
from fhir_version v
left join fhir_superseded s using (_row)
where v.id is not null and list_contains($kinds, v.kind) and (s.why is null or s.is_last)
