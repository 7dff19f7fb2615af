-- Grain: one row per record that gives way: to a later version of its resource, or to its deletion.
-- Source: fhir_version. Surprises: a version without a moment (a deletion in a transaction, a server that tells none)
-- is later than all that stand before it, as is kept in fhir_version; a dated one after it wins by a later moment.
create or replace temp table fhir_version as
select * replace (
    if(
        is_dated,
        version,
        max(version) over (partition by kind, id order by arrival rows unbounded preceding)
    ) as version
)
from fhir_version;
create or replace temp table fhir_superseded as
select _row, if(place > 1, $superseded, $deleted) as why, place = 1 as is_last
from (
    select
        _row,
        is_deleted,
        row_number() over (
            partition by kind, id order by version desc nulls last, is_dated, arrival desc
        ) as place
    from fhir_version
    where id is not null
)
where place > 1 or is_deleted
union all
select _row, $deleted, false from fhir_version where id is null and is_deleted
