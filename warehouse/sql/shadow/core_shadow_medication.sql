-- Grain: one supply of a drug of a shadow: those of its person. Units, meaning: as core_medication, for which it stands when
-- shadows are judged. Sources: core_medication, core_shadow.
-- Slices: people.
select t.* replace (s.shadow_key as person_key)
from core_medication t
inner join core_shadow s on s.person_key = t.person_key
