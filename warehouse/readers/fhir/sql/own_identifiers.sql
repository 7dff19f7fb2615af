-- Grain: one row per identifier of the resources of one kind (`resource` is their table).
insert into fhir_identifier
select $kind, id, i.system, fhir_text(i.value)
from (select id, unnest(identifier) as i from resource)
where i.value is not null and id is not null
