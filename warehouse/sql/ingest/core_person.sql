-- Grain: one row per person known from a register of residents or from a health record.
-- Units: days since 1970-01-01; birth month as year * 12 + month - 1; sex 0 unknown, 1 male, 2 female.
-- Sources: raw_resident (newest registration wins), raw_health_record (people without a register row).
-- Surprises: someone known only from a record has no place and no age: counted in the city total, as unallocated.
-- A ward outside its stated district counts for the district only. record_key is the disclosure key, 0..255.
with latest as (
    select *, row_number() over (
        partition by person_key order by registered_from desc nulls last, _file_id desc, _row desc
    ) as place_in_line
    from raw_resident
),
register as (select * from latest where place_in_line = 1),
everybody as (
    select person_key from register
    union
    select person_key from raw_health_record
)
select
    e.person_key,
    (('0x' || substr(sha256($record_outer::blob || unhex(sha256($record_inner::blob
        || encode('record:' || e.person_key::varchar)))), 1, 2))::integer)::smallint as record_key,
    case r.sex when 'male' then 1 when 'female' then 2 else 0 end::tinyint as sex,
    r.birth_month_index,
    coalesce(w.place_id, d.place_id, 0)::smallint as place_id,
    date_diff('day', date '1970-01-01', r.registered_from)::integer as resident_from,
    date_diff('day', date '1970-01-01', least(r.registered_to, r.death_date))::integer as resident_until,
    date_diff('day', date '1970-01-01', r.pregnant_until)::integer as pregnant_until,
    r.vulnerable,
    r.person_key is not null as is_registered
from everybody e
left join register r on r.person_key = e.person_key
left join rule_place w
    on w.ward_code = r.ward_code and (r.district_code is null or w.district_code = r.district_code)
left join rule_place d on d.district_code = r.district_code and d.ward_code is null
