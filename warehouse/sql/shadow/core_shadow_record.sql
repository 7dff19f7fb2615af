-- Grain: one health record of a shadow: those of its person but the ones that the check found. Units, meaning: as
-- core_record, for which it stands when shadows are judged. Sources: core_record, core_shadow, core_shadow_row.
-- Slices: people.
select r.* replace (s.shadow_key as person_key)
from core_record r
inner join core_shadow s on s.person_key = r.person_key
left join core_shadow_row w
    on w.shadow_key = s.shadow_key and w.table_name = 'health_record' and w.row_key = r.record_id_key
where w.shadow_key is null
