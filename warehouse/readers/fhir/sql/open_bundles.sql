-- Grain: one row per entry of the Bundles of one level. Source: FHIR R4 Bundle. Parameters: the shape of a Bundle.
-- Surprises: an entry that deletes has no resource and stands for a version of it; a history has the newest first;
-- an entry without an id is called by its fullUrl.
insert into fhir_part
with bundle as (
    select place, array_to_string(place, '.') as envelope, from_json(doc, $bundle) as b
    from fhir_part
    where level = $level and kind = 'Bundle' and fault is null
),
entry as (
    select
        place || [generate_subscripts(b.entry, 1)::bigint] as place,
        envelope,
        if(b.type = 'history', -1, 1) as direction,
        unnest(b.entry) as e
    from bundle
),
looked as (
    select
        *,
        coalesce(e.resource is null and upper(e.request.method) = 'DELETE', false) as is_deleted,
        if(e.resource is not null, fhir_seen(e.resource), null) as seen
    from entry
)
select
    place,
    envelope,
    fhir_text(e.fullUrl) as full_url,
    is_deleted,
    direction,
    e.resource as doc,
    if(e.resource is not null, fhir_fault(seen), null) as fault,
    case
        when is_deleted
            then coalesce(nullif(regexp_extract(e.request.url, '([A-Za-z]+)/[^/]+$', 1), ''), 'Bundle.entry')
        when e.resource is not null then seen.texts[1]
        else 'Bundle.entry'
    end as kind,
    if(is_deleted, fhir_tail(e.request.url), coalesce(nullif(seen.texts[2], ''), fhir_tail(e.fullUrl))) as id,
    if(is_deleted, e.response.lastModified, seen.texts[3]) as updated,
    $level + 1 as level
from looked
