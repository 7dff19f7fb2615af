-- Grain: unit of July 2025. Units: people of the register on the extract date; apportioned: those whose unit was drawn.
-- Sources: core_person, rule_place, rule_place_choice.
-- Surprises: is_whole: made of whole wards. A whole unit can hold apportioned people, those with only their district stated.
with living as (
    select p.unit_code, p.is_unit_apportioned
    from core_person c
    inner join rule_place p on p.place_id = c.place_id
    where c.is_registered and coalesce(c.resident_until > date_diff('day', date '1970-01-01', $as_of::date), true)
),
unit as (
    select unit_code, not bool_or(is_unit_apportioned and ward_code is not null) as is_whole
    from rule_place
    where unit_code is not null
    group by all
)
select
    u.unit_code,
    u.is_whole,
    count(l.unit_code)::integer as people,
    (count(*) filter (where l.is_unit_apportioned))::integer as apportioned
from unit u
left join living l on l.unit_code = u.unit_code
group by all
order by u.unit_code
