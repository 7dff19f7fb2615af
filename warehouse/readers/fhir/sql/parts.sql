-- Grain: one row per line or document of the file, before Bundles are opened. `place` orders records as in the file;
-- `fault` says why there is nothing to read; `direction` is -1 where the newest stands first. Source: fhir_line.
create or replace temp table fhir_part as
with looked as (
    select *, if(fault is null, fhir_seen(doc), null) as seen from fhir_line
)
select
    [_line::bigint] as place,
    '' as envelope,
    null::varchar as full_url,
    false as is_deleted,
    1 as direction,
    doc,
    coalesce(fault, fhir_fault(seen)) as fault,
    seen.texts[1] as kind,
    nullif(seen.texts[2], '') as id,
    seen.texts[3] as updated,
    0 as level
from looked
