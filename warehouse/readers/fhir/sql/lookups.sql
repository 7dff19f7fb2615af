-- The tables references are looked up in, empty: identifiers of what a logical reference may mean, drugs by the id of
-- their Medication, visits by the id of their Encounter.
create or replace temp table fhir_identifier as
select null::varchar as kind, null::varchar as id, null::varchar as system, null::varchar as value limit 0;
create or replace temp table fhir_drug as
select
    null::varchar as id,
    null::struct(coding struct("system" varchar, code varchar, display varchar)[], "text" varchar) as code
limit 0;
create or replace temp table fhir_visit as
select
    null::bigint as _row, null::varchar as id, null::varchar as started_at, null::varchar as facility_id
limit 0
