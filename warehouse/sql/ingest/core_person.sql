-- Grain: one row per person known from a register of residents or from a health record.
-- Units: days since 1970-01-01; birth month as year * 12 + month - 1; sex 0 unknown, 1 male, 2 female.
-- Sources: raw_resident (newest registration wins), raw_health_record (people without a register row), meta_file (when a
-- file was made), core_source, rule_place, rule_place_choice (the atoms open to what is stated).
-- Surprises: someone known only from a record has no place and no age: counted in the city total, as unallocated.
-- A ward outside its stated district counts for the district only. record_key is the disclosure key, 0..255.
-- is_registered: in a register of residents.
-- Of several references that linkage found to be one person, the row of the one that names the person goes first.
-- Every code of a unit of July 2025 is also that of an old ward. It is read as the unit where no district stands beside it
-- and the row is from after the change: registered since, or in a file that is dated, or holds a registration, since.
-- Where a stated place leaves several atoms open, a keyed hash of the person chooses, the same at every build.
with latest as (
    select *, row_number() over (
        partition by person_key
        order by registered_from desc nulls last, source_key = person_key desc, source_key, _file_id desc, _row desc
    ) as place_in_line
    from raw_resident
),
register as (select * from latest where place_in_line = 1),
resident as (
    select distinct r.person_key
    from raw_resident r
    inner join core_source s on s.source = r.source
    where s.is_register
),
everybody as (
    select person_key from register
    union
    select person_key from raw_health_record
),
written as (
    select r._file_id, greatest(max(m.as_of), max(r.registered_from)) as written_on
    from raw_resident r
    left join meta_file m on m.file_id = r._file_id
    group by r._file_id
),
old_ward as (select distinct ward_code, district_code from rule_place where ward_code is not null),
new_unit as (select distinct code, valid_from from rule_place_choice where stated = 'unit'),
stated as (
    select
        r.person_key,
        r.ward_code,
        r.district_code,
        case
            when r.district_code is null and greatest(r.registered_from, f.written_on) >= u.valid_from then 'unit'
            when w.district_code = coalesce(r.district_code, w.district_code) then 'ward'
            else 'district'
        end as stated,
        ('0x' || substr(sha256($record_outer::blob || unhex(sha256($record_inner::blob
            || encode('place:' || r.person_key::varchar)))), 1, 8))::bigint as draw
    from register r
    left join written f on f._file_id = r._file_id
    left join new_unit u on u.code = r.ward_code
    left join old_ward w on w.ward_code = r.ward_code
),
placed as (
    select s.person_key, c.place_id
    from stated s
    inner join rule_place_choice c
        on c.stated = s.stated
        and c.code = if(s.stated = 'district', s.district_code, s.ward_code)
        and s.draw >= c.draw_from
        and s.draw < c.draw_below
)
select
    e.person_key,
    (('0x' || substr(sha256($record_outer::blob || unhex(sha256($record_inner::blob
        || encode('record:' || e.person_key::varchar)))), 1, 2))::integer)::smallint as record_key,
    case r.sex when 'male' then 1 when 'female' then 2 else 0 end::tinyint as sex,
    r.birth_month_index,
    coalesce(p.place_id, 0)::smallint as place_id,
    date_diff('day', date '1970-01-01', r.registered_from)::integer as resident_from,
    date_diff('day', date '1970-01-01', least(r.registered_to, r.death_date))::integer as resident_until,
    date_diff('day', date '1970-01-01', r.pregnant_until)::integer as pregnant_until,
    r.vulnerable,
    n.person_key is not null as is_registered
from everybody e
left join register r on r.person_key = e.person_key
left join placed p on p.person_key = e.person_key
left join resident n on n.person_key = e.person_key
