-- Grain: one row per health record: its person's group in the plan, on the day of creation.
-- Sources: core_record, core_person, core_condition, rule_value_set (the diseases the definitions know).
-- Surprises: groups are tried in the order of the plan's phases; a child is under 16 (Law on Children 2016).
-- Slices: people.
with underlying_code as (
    select distinct c.icd10
    from (select distinct icd10 from core_condition) c
    inner join rule_value_set v on starts_with(c.icd10, v.code)
),
underlying as (
    select c.person_key, min(c.day) as since
    from core_condition c
    inner join underlying_code u on u.icd10 = c.icd10
    group by c.person_key
),
aged as (
    select
        r.record_id_key, r.person_key, r.created_day, p.place_id, p.record_key, p.pregnant_until, r.source_system,
        floor((year(r.created_on) * 12 + month(r.created_on) - 1 - p.birth_month_index) / 12)::integer as age
    from core_record r
    inner join core_person p on p.person_key = r.person_key
)
select
    a.record_id_key, a.place_id, a.record_key, a.source_system,
    coalesce(a.age < 16, false) as is_child,
    coalesce(a.age >= 18, false) as is_adult,
    case
        when a.age > 50 then 'over_50'
        when u.since <= a.created_day then 'underlying_condition'
        when a.pregnant_until >= a.created_day and a.pregnant_until < a.created_day + 300 then 'pregnant'
        when a.age < 16 then 'child'
        else 'other'
    end as phase_group
from aged a
left join underlying u on u.person_key = a.person_key
