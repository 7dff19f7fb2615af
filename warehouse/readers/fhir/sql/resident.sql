-- Grain: one row per Patient. Source: FHIR R4 Patient; VN Core. Identifying throughout.
-- Surprises: an identifier counts by what its system or type says, and where these are silent by its shape: nine digits
-- only without a system, for a hospital's own numbers have nine digits too. Numbers of another shape than the
-- contract's are left out rather than lose the person.
with kept as (
    select * from fhir_patient where _why is null and _row not in (select _row from fhir_superseded)
),
given as (
    select _row, generate_subscripts(identifier, 1) as place, unnest(identifier) as i from kept
),
told as (
    select
        g._row,
        g.place,
        coalesce(g.i.system, '') = '' as is_bare,
        regexp_replace(upper(g.i.value), '[\s.\-]', '', 'g') as number,
        (
            select arg_min(n.means, n.place::integer)
            from fhir_identifier_name n
            where (n.field = 'system' and contains(lower(g.i.system), n.part))
                or (n.field = 'type' and lower(g.i.type.coding[1].code) = n.part)
        ) as means
    from given g
),
numbers as (
    select
        _row,
        arg_min(number, place) filter (
            where (means in ('national_id', 'old_id') and regexp_full_match(number, '\d{12}'))
                or (means is null and regexp_full_match(number, '0\d{2}[0-3]\d{8}'))
        ) as national_id,
        arg_min(number, place) filter (
            where (means in ('national_id', 'old_id') or (means is null and is_bare))
                and regexp_full_match(number, '\d{9}')
        ) as old_id,
        arg_min(number, place) filter (
            where (means = 'insurance_no' and regexp_full_match(number, '([A-Z]{2}[1-5]\d{2})?\d{10}'))
                or (means is null and regexp_full_match(number, '[A-Z]{2}[1-5]\d{12}'))
        ) as insurance_no
    from told
    group by _row
)
select
    k._row,
    'fhir' as source,
    k.id as person_ref,
    n.national_id,
    n.old_id,
    n.insurance_no,
    fhir_person_name(fhir_best(k.name)) as full_name,
    fhir_text(k.birthDate) as birth_date,
    if(lower(k.gender) in ('male', 'female'), lower(k.gender), 'unknown') as sex,
    fhir_unit_code(fhir_home(k.address), '\d{5}') as ward_code,
    fhir_unit_code(fhir_home(k.address), '\d{3}') as district_code,
    fhir_text(coalesce(
        list_filter(k.telecom, lambda t: t.system = 'phone' and t.use = 'mobile')[1].value,
        list_filter(k.telecom, lambda t: t.system in ('phone', 'sms') and coalesce(t.use, '') <> 'old')[1].value
    )) as phone,
    fhir_day(k.deceasedDateTime) as death_date
from kept k
left join numbers n on n._row = k._row
