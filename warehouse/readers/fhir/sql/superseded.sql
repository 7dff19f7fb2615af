-- Grain: one row per record that gives way: to a later version of its resource, or to its deletion.
-- Source: fhir_version. Surprises: without lastUpdated the later in the file wins, in a history the earlier.
create or replace temp table fhir_superseded as
select _row, if(place > 1, $superseded, $deleted) as why, place = 1 as is_last
from (
    select
        _row,
        is_deleted,
        row_number() over (
            partition by kind, id order by try_cast(updated as timestamptz) desc nulls last, _row * direction desc
        ) as place
    from fhir_version
    where id is not null
)
where place > 1 or is_deleted
union all
select _row, $deleted, false from fhir_version where id is null and is_deleted
