-- The tables of a file that is of one kind and has nothing to tell beside.
create or replace temp table fhir_other as
select null::bigint as _row, null::varchar as kind, null::varchar as id, null::varchar as updated limit 0;
create or replace temp table fhir_record as
select null::varchar as envelope, null::varchar as full_url, null::varchar as kind, null::varchar as id limit 0;
create or replace temp table fhir_superseded as
select null::bigint as _row, null::varchar as why, false as is_last limit 0
