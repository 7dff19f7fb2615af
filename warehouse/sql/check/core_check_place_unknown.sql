-- Grain: one person of the register whose district is not known: in the city total only. Units: -. Sources: core_person.
select person_key, person_key as subject_key, null as row_key
from core_person
where is_registered and place_id = 0
