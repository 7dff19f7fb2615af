-- Grain: one row per key a reference may carry that is not the id it means. Source: fhir_record, fhir_identifier.
-- Surprises: an identifier that two resources share means neither.
create or replace temp table fhir_known as
with alias as (
    select envelope, id, kind, full_url, fhir_tail(full_url) as tail
    from fhir_record
    where full_url is not null and id is not null
),
named as (
    select envelope || ' ' || kind || ' ' || full_url as key, id
    from alias
    -- A performer is called by its fullUrl and may be anybody: that it is an organisation is known from here.
    where tail is distinct from id or kind = 'Organization'
    union all
    select envelope || ' ' || kind || ' ' || kind || '/' || tail, id
    from alias
    where tail is distinct from id and contains(full_url, '/')
    union all
    select kind || '?identifier=' || coalesce(system, '') || '|' || value, id from fhir_identifier
    union all
    select kind || '?identifier=' || value, id from fhir_identifier
    union all
    select kind || '?identifier=|' || value, id from fhir_identifier where system is not null
)
select key, min(id) as id from named where key is not null group by key having count(distinct id) = 1
