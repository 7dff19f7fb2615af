-- Grain: one row per health record and step it has taken, with the day. Sources: core_record, raw_record_section.
-- Surprises: a section counts when its content is known (for the blood group: present); all sections = the latest of them.
-- The section of the childhood vaccines applies to children only, so it is asked for only where step
-- 'applicable_epi_immunisation' exists. Adult is 18 at creation, unknown ages are not; declared is by the citizen or for them
-- by staff (proxy), not a record that a facility or the initial load made.
with section as (
    select s.record_id_key, s.section, min(s.completed_at::date) as on_date
    from raw_record_section s
    where s.completed_at::date <= $as_of
        and (s.value_state = 'present' or (s.value_state = 'explicit_none' and s.section <> 'blood_group'))
    group by all
),
whole as (
    select s.record_id_key, max(s.on_date) as on_date
    from section s
    inner join core_record_group g on g.record_id_key = s.record_id_key
    where s.section <> 'epi_immunisation' or g.is_child
    group by s.record_id_key, g.is_child
    having count(*) = if(g.is_child, 7, 6)
)
select record_id_key, 'created' as step, created_on as on_date from core_record
union all
select record_id_key, 'identity_verified', identity_verified_on from core_record where identity_verified_on is not null
union all
select record_id_key, 'activated', activated_on from core_record where activated_on is not null
union all
select record_id_key, 'citizen_edited', citizen_edited_on from core_record where citizen_edited_on is not null
union all
select record_id_key, 'closed', closed_on from core_record where closed_on is not null
union all
select record_id_key, 'section_' || section, on_date from section
union all
select record_id_key, 'all_sections', on_date from whole
union all
select r.record_id_key, 'applicable_epi_immunisation', r.created_on
from core_record r
inner join core_record_group g on g.record_id_key = r.record_id_key
where g.is_child
union all
select record_id_key, 'edited_after_activation', citizen_edited_on
from core_record
where citizen_edited_on >= activated_on
union all
select r.record_id_key, 'adult', r.created_on
from core_record r
inner join core_record_group g on g.record_id_key = r.record_id_key
where g.is_adult
union all
select r.record_id_key, 'adult_activated', r.activated_on
from core_record r
inner join core_record_group g on g.record_id_key = r.record_id_key
where g.is_adult and r.activated_on is not null
union all
select record_id_key, 'declared', created_on from core_record where created_by in ('self', 'proxy')
union all
select record_id_key, 'declared_by_proxy', created_on from core_record where created_by = 'proxy'
union all
select record_id_key, 'updated_12m', $as_of
from core_record
where closed_on is null and date_diff('day', last_updated_on, $as_of) <= 365
