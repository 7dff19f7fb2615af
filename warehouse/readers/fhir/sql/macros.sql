-- What several files of this folder say of a reference, a code or a date. Every statement makes one temporary macro.

-- A text without blanks around it; null when nothing is left. Trimming costs as much as parsing: of what is in every
-- resource only the empty text is taken out, the landing trims.
create or replace temp macro fhir_text(x) as nullif(trim(x), '');

-- The logical id a reference ends with: of Patient/x, Patient/x/_history/2, https://host/fhir/Patient/x, urn:uuid:x.
create or replace temp macro fhir_tail(reference) as
    case
        when not contains(reference, ':') and not contains(reference, '_history') and not contains(reference, '#')
            then nullif(split_part(reference, '/', -1), '')
        else nullif(regexp_extract(
            regexp_replace(reference, '(/_history/.*|#.*|/+)$', ''), '([^/:]*)$', 1
        ), '')
    end;

-- A logical reference as a search: Patient?identifier=system|value. A search that is given keeps its text.
create or replace temp macro fhir_search(kind, reference, identifier) as
    case
        when contains(reference, '?identifier=') then kind || regexp_extract(reference, '\?identifier=.*$')
        when reference is null and identifier.value is not null
            then kind || '?identifier=' || coalesce(identifier.system, '') || '|' || identifier.value
    end;

-- What a search ends with: the value of the identifier, the only name left when nobody in the file has it.
create or replace temp macro fhir_value(search) as nullif(regexp_extract(search, '([^|=]*)$', 1), '');

-- The identifier of a contained resource as a search; a contained resource has no other name outside.
create or replace temp macro fhir_inside(kind, contained, reference) as
    fhir_search(
        kind, null, list_filter(contained, lambda r: r.resourceType = kind and '#' || r.id = reference)[1].identifier[1]
    );

-- Under which key fhir_known may have the id of a reference: a search, or the text inside its Bundle.
create or replace temp macro fhir_key(kind, link, contained, envelope) as
    case
        when envelope = '' and starts_with(link.reference, kind || '/') then null
        when link.reference is null or contains(link.reference, '?')
            then fhir_search(kind, link.reference, link.identifier)
        when starts_with(link.reference, '#') then fhir_inside(kind, contained, link.reference)
        when envelope <> '' then envelope || ' ' || kind || ' ' || regexp_replace(link.reference, '/_history/.*$', '')
    end;

-- The id to take when fhir_known does not have the key; null for a reference to another kind of resource.
create or replace temp macro fhir_plain(kind, link, contained) as
    case
        when starts_with(link.reference, kind || '/') then
            case
                when contains(substr(link.reference, length(kind) + 2), '/') then fhir_tail(link.reference)
                else nullif(substr(link.reference, length(kind) + 2), '')
            end
        when link.reference is null or contains(link.reference, '?')
            then fhir_value(fhir_search(kind, link.reference, link.identifier))
        when starts_with(link.reference, '#') then fhir_value(fhir_inside(kind, contained, link.reference))
        when coalesce(link.type, kind) <> kind then null
        when regexp_matches(link.reference, '(^|/)[A-Z][A-Za-z]+/[^/]+')
            and not contains(link.reference, kind || '/') then null
        else fhir_tail(link.reference)
    end;

-- The first code of a system; `systems` are the names the system goes by, the usual one first.
create or replace temp macro fhir_code(coding, systems) as
    nullif(case
        when coding[1].system = systems[1] then coding[1].code
        else list_filter(coding, lambda c: list_contains(systems, c.system))[1].code
    end, '');

-- The words of a concept.
create or replace temp macro fhir_words(concept) as
    coalesce(
        fhir_text(concept.text),
        fhir_text(list_filter(concept.coding, lambda c: c.display is not null)[1].display)
    );

-- A month stands for its 15th and a year for its 1 July, as in dates of birth (warehouse/casting.py).
create or replace temp macro fhir_filled(moment) as
    case length(moment)
        when 4 then moment || '-07-01'
        when 7 then moment || '-15'
        else moment
    end;

-- The first moment that names a day, else the first there is, filled.
create or replace temp macro fhir_moment(moments) as
    coalesce(
        list_filter(moments, lambda m: length(m) >= 10)[1],
        fhir_filled(list_filter(moments, lambda m: m is not null)[1])
    );

-- The day of a moment where the city is; a text that is no moment stays, for the landing to refuse.
create or replace temp macro fhir_day(moment) as
    case
        when regexp_matches(moment, '\d:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$')
            then coalesce((try_cast(moment as timestamptz) at time zone 'Asia/Ho_Chi_Minh')::date::varchar, moment)
        when regexp_matches(moment, '^\d{4}-\d{2}-\d{2}T') then left(moment, 10)
        else fhir_filled(moment)
    end;

-- A number in words: 130, 62,5.
create or replace temp macro fhir_number(x) as
    case when regexp_full_match(trim(x), '[+-]?\d+([.,]\d+)?') then trim(x) end;

-- The number of a value[x]; one with a comparator (<5) is no number but words.
create or replace temp macro fhir_measured(quantity, whole, words) as
    coalesce(case when quantity.comparator is null then nullif(quantity.value, '') end, whole, fhir_number(words));

create or replace temp macro fhir_unit(quantity) as coalesce(nullif(quantity.code, ''), nullif(quantity.unit, ''));

-- A value[x] that is not a number, as words.
create or replace temp macro fhir_said(quantity, words, concept, flag, moment) as
    coalesce(
        case when quantity.comparator is not null then quantity.comparator || quantity.value end,
        case when words is not null and fhir_number(words) is null then nullif(words, '') end,
        case
            when concept is not null then fhir_text(coalesce(
                concept ->> '$.text', concept ->> '$.coding[0].display', concept ->> '$.coding[0].code'
            ))
        end,
        flag,
        moment
    );

-- Days of a duration.
create or replace temp macro fhir_days(duration) as
    round(try_cast(duration.value as double) * case lower(coalesce(duration.code, duration.unit, 'd'))
        when 'd' then 1 when 'day' then 1 when 'days' then 1 when 'ngày' then 1
        when 'wk' then 7 when 'week' then 7 when 'weeks' then 7 when 'tuần' then 7
        when 'mo' then 30 when 'month' then 30 when 'months' then 30 when 'tháng' then 30
    end)::bigint::varchar;

-- The id of a reference that says it is an organisation or a place.
create or replace temp macro fhir_site(link) as
    case
        when regexp_matches(link.reference, '(^|/)(Organization|Location)/') then fhir_tail(link.reference)
        when regexp_matches(link.reference, '(^|/)(Organization|Location)\?') then fhir_value(link.reference)
        when link.reference is null and link.type in ('Organization', 'Location') then link.identifier.value
    end;

-- The facility among the performers: the first of three that is an organisation or a place.
create or replace temp macro fhir_provider(performers) as
    case
        when starts_with(performers[1].reference, 'Organization/') then fhir_tail(performers[1].reference)
        when starts_with(performers[1].reference, 'Practitioner/') and len(performers) = 1 then null
        when performers is not null
            then coalesce(fhir_site(performers[1]), fhir_site(performers[2]), fhir_site(performers[3]))
    end;

-- Measured at home or worn (`device`), told by the person (`self_declared`), else at a clinic.
create or replace temp macro fhir_origin(category, performer, device) as
    case
        when starts_with(performer, 'Organization/') or starts_with(performer, 'Practitioner') then 'clinic'
        when regexp_matches(performer, '(^|/)Device/') or contains(category, '"activity"') then 'device'
        when regexp_matches(performer, '(^|/)(Patient|RelatedPerson)/')
            then case when device is null then 'self_declared' else 'device' end
        when contains(category, '"survey"') then 'self_declared'
        else 'clinic'
    end
;
-- A reference to the person or a relative: what is told, not found.
create or replace temp macro fhir_is_own(link) as
    coalesce(regexp_matches(link.reference, '(^|/)(Patient|RelatedPerson)/'), false);

-- A written ATC code, when it has the form of one.
create or replace temp macro fhir_atc(coding, systems) as
    nullif(regexp_extract(upper(fhir_code(coding, systems)), '^[A-Z](\d{2}([A-Z]([A-Z](\d{2})?)?)?)?$'), '');

-- The official name, else the usual one, else the first that is not a former one.
create or replace temp macro fhir_best(names) as
    coalesce(
        list_filter(names, lambda n: n.use = 'official')[1],
        list_filter(names, lambda n: n.use = 'usual')[1],
        list_filter(names, lambda n: coalesce(n.use, '') not in ('old', 'maiden', 'nickname', 'anonymous', 'temp'))[1],
        names[1]
    );

-- A name in the Vietnamese order: family, then given.
create or replace temp macro fhir_person_name(name) as
    coalesce(fhir_text(name.text), fhir_text(concat_ws(' ', name.family, array_to_string(name.given, ' '))));

-- The address where the person lives.
create or replace temp macro fhir_home(addresses) as
    coalesce(
        list_filter(addresses, lambda a: a.use = 'home')[1],
        list_filter(addresses, lambda a: coalesce(a.use, '') not in ('old', 'billing', 'work'))[1]
    );

-- A code of an extension.
create or replace temp macro fhir_extension_code(x) as
    fhir_text(coalesce(x.valueCode, x.valueString, x.valueCoding.code, x.valueCodeableConcept.coding[1].code));

-- The first code of administrative units among the extensions of an address that has this many digits, else what stands
-- for the district or the city.
create or replace temp macro fhir_unit_code(address, shape) as
    list_filter(
        list_transform(
            flatten([
                coalesce(address.extension, []), coalesce(address._district.extension, []),
                coalesce(address._city.extension, []),
            ]),
            lambda x: fhir_extension_code(x)
        )
        || flatten(list_transform(
            coalesce(address.extension, []),
            lambda x: list_transform(coalesce(x.extension, []), lambda y: fhir_extension_code(y))
        ))
        || [fhir_text(address.district), fhir_text(address.city)],
        lambda code: regexp_full_match(code, shape)
    )[1]
;
-- What tells a text apart, in one parse each: types of the text, of its resourceType and of its entries; its names.
create or replace temp macro fhir_seen(doc) as
    case
        when json_valid(doc) then struct_pack(
            types := json_type(doc, ['$', '$.resourceType', '$.entry']),
            texts := json_extract_string(doc, ['$.resourceType', '$.id', '$.meta.lastUpdated'])
        )
    end;

-- Why a text is no resource.
create or replace temp macro fhir_fault(seen) as
    case
        when seen is null then 'the text is not JSON'
        when seen.types[1] <> 'OBJECT' then 'the text is not a JSON object'
        when coalesce(seen.types[2], '') <> 'VARCHAR' then 'there is no resourceType'
        when seen.texts[1] = 'Bundle' and coalesce(seen.types[3], 'NULL') not in ('ARRAY', 'NULL')
            then 'the entries of the Bundle are not a list'
    end;

-- Why an Observation that counts gives no row.
create or replace temp macro fhir_gap(code, part, members) as
    case
        when code is null and len(list_filter(part, lambda p: p.code is not null)) is not distinct from 0
            or code is null and part is null then 'no LOINC code'
        when members is not null then 'a panel whose members are records of their own'
        else 'no value'
    end
