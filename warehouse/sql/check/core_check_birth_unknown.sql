-- Grain: one person of the register whose month of birth is not known: counted at no age. Units: -. Sources: core_person.
select person_key, person_key as subject_key, null as row_key
from core_person
where is_registered and birth_month_index is null
