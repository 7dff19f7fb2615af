-- Grain: one reference of a register. Units: bits (log2 of the odds that two references are one person).
-- Sources: raw_resident, core_source, meta_person_pair (what linkage remembers of pairs).
-- Meaning: is_register: in a register of residents. is_linked: another reference of a register of residents is the same
-- person. is_by_key: an exact key says so, else likeness; bits: of the likeliest pair with one of those that was weighed,
-- also where it was too weak. wrong: of links by likeness, the chance that it is none; missed: of those not linked, the
-- chance that there is a link all the same. person_key is that of the person, source_key its own.
-- Surprises: whom no pair was weighed of is missed by no chance; links by exact keys count as right. A pair of people
-- linked by exact keys was weighed once for all of them, under one of their references.
with reference as (
    select
        r.source_key,
        r.person_key,
        min(r.source) as source,
        bool_or(s.is_register) as is_register
    from raw_resident r
    inner join core_source s on s.source = r.source
    group by r.source_key, r.person_key
),
told as (
    select key_a as source_key, key_b as other, weight, key is not null as is_key from meta_person_pair
    union all
    select key_b as source_key, key_a as other, weight, key is not null as is_key from meta_person_pair
),
best as (
    select t.source_key, bool_or(t.is_key) as is_by_key, max(if(t.is_key, null, t.weight)) as bits
    from told t
    inner join reference o on o.source_key = t.other and o.is_register
    group by t.source_key
),
person as (select person_key, count(*) filter (is_register) as registered from reference group by person_key),
linked as (
    select
        r.source_key,
        r.person_key,
        r.source,
        r.is_register,
        p.registered > if(r.is_register, 1, 0) as is_linked,
        p.registered > if(r.is_register, 1, 0) and coalesce(b.is_by_key, false) as is_by_key,
        b.bits
    from reference r
    inner join person p on p.person_key = r.person_key
    left join best b on b.source_key = r.source_key
)
select
    *,
    case when is_linked and not is_by_key and bits is not null then 1 / (1 + pow(2, bits)) else 0 end as wrong,
    case when not is_linked and bits is not null then 1 - 1 / (1 + pow(2, bits)) else 0 end as missed
from linked
