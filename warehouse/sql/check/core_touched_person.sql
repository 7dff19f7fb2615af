-- Grain: check x person whom it touches. Units: -. Sources: core_finding.
-- Meaning: is_again: some of what was found is a row that can be left out, and the person judged again without it.
-- Slices: people.
select check_id, person_key, bool_or(row_key is not null) as is_again
from core_finding
group by check_id, person_key
