-- Grain: one row per Condition with a code of ICD-10, written or by way of SNOMED CT. Source: FHIR R4 Condition.
-- Parameters: names of coding systems. Surprises: of several codings WHO's ICD-10 goes first, then its national
-- editions, then a code without a system that looks like one, then SNOMED CT.
with kept as (
    select
        *,
        fhir_key('Patient', subject, contained, _envelope) as person_key,
        fhir_plain('Patient', subject, contained) as person_id,
        fhir_key('Encounter', encounter, contained, _envelope) as encounter_key,
        fhir_plain('Encounter', encounter, contained) as encounter_id
    from fhir_condition
    where _why is null and _row not in (select _row from fhir_superseded)
),
coding as (
    select _row, generate_subscripts(code.coding, 1) as place, unnest(code.coding) as c from kept
),
read as (
    select
        k._row,
        k.place,
        regexp_replace(upper(trim(k.c.code)), '[.\s]', '', 'g') as code,
        case
            when m.system is not null then m.system
            when starts_with(k.c.system, 'http://snomed.info/sct/') then 'snomed'
            when regexp_matches(lower(k.c.system), 'icd.?10') and not contains(lower(k.c.system), 'pcs')
                then 'icd10_national'
            when k.c.system is null and regexp_full_match(upper(trim(k.c.code)), $icd10_shape) then 'icd10_likely'
        end as system
    from coding k
    left join fhir_system m on m.uri = k.c.system and m.system in ('icd10', 'icd10_national', 'snomed')
),
coded as (
    select
        r._row,
        r.place,
        list_position(['icd10', 'icd10_national', 'icd10_likely', 'snomed'], r.system) as preference,
        case
            when r.system = 'snomed' then s.icd10
            -- The fifth sign and those after it are cut where they are no digits; a range of codes is no code.
            when r.system is not null and not regexp_matches(r.code, '-[A-Z0-9]')
                then nullif(regexp_extract(r.code, '^[A-Z]\d{2}\d{0,2}'), '')
        end as icd10
    from read r
    left join fhir_snomed s on s.snomed = r.code
),
chosen as (
    select _row, arg_min(icd10, preference * 1000 + place) as icd10 from coded where icd10 is not null group by _row
)
select
    c._row,
    c.id as condition_id,
    coalesce(p.id, c.person_id) as person_ref,
    coalesce(e.id, c.encounter_id) as encounter_ref,
    k.icd10,
    fhir_day(coalesce(c.onsetDateTime, c.onsetPeriod.start)) as onset_date,
    fhir_moment([
        c.recordedDate, c.onsetDateTime, c.onsetPeriod.start, v.started_at, c.abatementDateTime
    ]) as recorded_at,
    case
        when fhir_is_own(coalesce(c.asserter, c.recorder)) then 'self'
        when coalesce(c.asserter, c.recorder) is not null then 'facility'
    end as recorded_by,
    if(fhir_is_own(c.asserter), 'self_declared', 'clinic') as origin,
    case
        when c.clinicalStatus.coding[1].code in ('active', 'recurrence', 'relapse') then 'active'
        when c.clinicalStatus.coding[1].code in ('inactive', 'remission', 'resolved') then 'resolved'
        when c.abatementDateTime is not null then 'resolved'
    end as status
from kept c
inner join chosen k on k._row = c._row
left join fhir_known p on p.key = c.person_key
left join fhir_known e on e.key = c.encounter_key
left join fhir_visit v on v.id = coalesce(e.id, c.encounter_id)
