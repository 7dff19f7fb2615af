-- Grain: one result of a shadow: those of its person but the ones that the check found. Units, meaning: as core_measurement,
-- for which it stands when shadows are judged. Sources: core_measurement, core_shadow, core_shadow_row.
-- Slices: people.
select m.* replace (s.shadow_key as person_key)
from core_measurement m
inner join core_shadow s on s.person_key = m.person_key
left join core_shadow_row w
    on w.shadow_key = s.shadow_key and w.table_name = 'measurement' and w.row_key = m.row_order
where w.shadow_key is null
