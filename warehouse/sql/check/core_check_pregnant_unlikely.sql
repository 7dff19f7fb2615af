-- Grain: one person said to be pregnant who is a man, or not between 12 and 55 years old then. Units: row_key: days since
-- 1970-01-01. Sources: raw_resident.
select
    person_key,
    person_key as subject_key,
    date_diff('day', date '1970-01-01', pregnant_until) as row_key
from raw_resident
where pregnant_until is not null
    and (sex = 'male'
        or (year(pregnant_until) * 12 + month(pregnant_until) - 1 - birth_month_index) // 12 not between 12 and 55)
