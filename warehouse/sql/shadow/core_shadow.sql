-- Grain: check x person with rows that it found and that can be left out: somebody to be judged again without those rows,
-- as a shadow with a key of its own. Units: -. Sources: core_touched_person.
-- Surprises: the keys are of one group of people; nothing is kept by them.
-- Slices: people.
select row_number() over (order by check_id, person_key)::bigint as shadow_key, check_id, person_key
from core_touched_person
where is_again
