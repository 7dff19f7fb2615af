-- Grain: check x shadow: stands for core_touched_person when shadows are judged. Units: -. Sources: core_shadow.
-- Slices: people.
select check_id, shadow_key as person_key, true as is_again from core_shadow
