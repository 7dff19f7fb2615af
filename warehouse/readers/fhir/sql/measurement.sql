-- Grain: one row per value an Observation reports: its own, or one of each component. Units: as written.
-- Sources: fhir_observation, fhir_known, fhir_visit, fhir_unit. Parameters: LOINC codes of blood pressure.
-- Surprises: two components of one code are two readings, numbered from the second on; a panel of blood pressure may
-- be one text (130/80) or name its members, which are records of their own.
with head as (
    select
        o.*,
        coalesce(p.id, o.person_id) as person_ref,
        coalesce(e.id, o.encounter_id) as encounter_ref,
        coalesce(f.id, o.facility_id, v.facility_id) as facility_ref
    from fhir_observation o
    left join fhir_known p on p.key = o.person_key
    left join fhir_known e on e.key = o.encounter_key
    left join fhir_known f on f.key = o.facility_key
    left join fhir_visit v on v.id = coalesce(e.id, o.encounter_id)
    where o._why is null and o._row not in (select _row from fhir_superseded)
),
component as (
    select *, unnest(part) as k, generate_subscripts(part, 1) as place from head
),
numbered as (
    select
        *,
        case
            when place = 1 then 1
            when place = 2 then if(part[1].code = k.code, 2, 1)
            else len(list_filter(part[1:place - 1], lambda before: before.code = k.code)) + 1
        end as occurrence
    from component
    where k.code is not null and (k.value is not null or k.value_text is not null)
),
panel as (
    select unnest(members) as id, min(id) as panel_ref
    from fhir_observation
    where members is not null and _why is null
    group by 1
),
reported as (
    select
        _row,
        id || '/' || k.code || if(occurrence > 1, '/' || occurrence, '') as measurement_id,
        person_ref,
        encounter_ref,
        id || if(occurrence > 1, '/' || occurrence, '') as panel_ref,
        k.code as code,
        k.value as value,
        k.value_text as value_text,
        k.unit as unit,
        taken_at,
        facility_ref,
        method,
        origin
    from numbered
    union all
    select
        h._row, h.id, h.person_ref, h.encounter_ref, coalesce(p.panel_ref, if(len(h.part) > 0, h.id, null)),
        h.code, h.value, h.value_text, h.unit, h.taken_at, h.facility_ref, h.method, h.origin
    from head h
    left join panel p on p.id = h.id
    where h.code is not null and (h.value is not null or h.value_text is not null)
        and not coalesce(list_contains($panels, h.code) and regexp_matches(h.value_text, $pair), false)
    union all
    select
        _row, id || '/' || side.code, person_ref, encounter_ref, id,
        side.code, trim(split_part(regexp_extract(value_text, $pair), '/', side.place)), null, unit,
        taken_at, facility_ref, method, origin
    from head, unnest([{'code': $systolic, 'place': 1}, {'code': $diastolic, 'place': 2}]) as t(side)
    where list_contains($panels, code) and regexp_matches(value_text, $pair)
)
select r.* replace (coalesce(u.unit, r.unit) as unit)
from reported r
left join fhir_unit u on u.unit_written = r.unit
