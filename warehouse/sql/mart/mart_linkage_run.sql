-- Grain: one row; none where persons are not linked. Units: references, people, numbers.
-- Sources: meta_linkage, core_linkage.
-- Meaning: people: that the references are; people_twice: whom registers of residents hold more than once; lent: numbers
-- (identity, insurance, old card) under which more people stand than one person can be, which therefore link nobody.
with person as (
    select person_key, count(*) filter (is_register) as registered from core_linkage group by person_key
),
counted as (select count(*) as people, count(*) filter (registered > 1) as people_twice from person)
select
    m.identities::bigint as refs,
    c.people::bigint as people,
    c.people_twice::bigint as people_twice,
    m.lent::bigint as lent
from meta_linkage m
cross join counted c
