-- Grain: one row per Medication of the file, by its id: the drug others refer to.
insert into fhir_drug
select id, code
from fhir_medication
where id is not null and _row not in (select _row from fhir_superseded)
