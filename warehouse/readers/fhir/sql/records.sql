-- Grain: one row per record of the file, numbered in its order: a resource, an entry that deletes one, or what cannot
-- be read (`fault`). Source: fhir_part. Parameters: kinds of FHIR R4, kinds that are read, levels of Bundles opened.
-- Surprises: Bundles that were opened are envelopes, not records; a kind FHIR does not have may be a person's text;
-- `arrival` is the order in which versions came to be, where `_row` is that of the file.
create or replace temp table fhir_record as
select
    row_number() over (order by place) as _row,
    row_number() over (order by list_append(place[:-2], place[-1] * direction)) as arrival,
    envelope,
    full_url,
    is_deleted,
    fault,
    if(list_contains($known, kind), kind, 'other') as kind,
    id,
    updated,
    if(fault is null and not is_deleted and list_contains($read, kind), doc, null) as doc
from fhir_part
where kind is distinct from 'Bundle' or fault is not null or level >= $deepest;
create or replace temp table fhir_other as
select _row, kind, id, updated from fhir_record where fault is null and doc is null
