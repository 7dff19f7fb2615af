-- Grain: one shadow: its person, without what the check doubts. Units, meaning: as core_person, for which it stands when
-- shadows are judged. Sources: core_person, core_shadow, core_shadow_row.
-- Surprises: somebody said to be pregnant who cannot be is not pregnant; a month of birth still to come is not known.
-- Slices: people.
select p.* replace (
    s.shadow_key as person_key,
    if(w.check_id = 'pregnant_unlikely', null, p.pregnant_until) as pregnant_until,
    if(w.check_id = 'born_ahead', null, p.birth_month_index) as birth_month_index
)
from core_person p
inner join core_shadow s on s.person_key = p.person_key
left join core_shadow_row w
    on w.shadow_key = s.shadow_key
    and w.row_key = case w.check_id
        when 'pregnant_unlikely' then p.pregnant_until when 'born_ahead' then p.birth_month_index
    end
