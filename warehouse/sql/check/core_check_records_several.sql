-- Grain: one person with more than one live record: counted once. Units: -. Sources: core_record.
-- Slices: people.
select person_key, person_key as subject_key
from core_record
where closed_day is null
group by person_key
having count(*) > 1
