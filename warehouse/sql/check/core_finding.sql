-- Grain: one row behind something (a row, a reading, a person) that a check found; the row may be null. Units: -.
-- Sources: the checks beside this file.
-- Meaning: subject_key tells what one check found of one person apart, whatever file it came in: of a corrected file the
-- same rows are the same findings. row_key: what is left out when the person is judged again without it: row_order of
-- core_measurement, record_id_key of core_record, of core_person the last day of pregnancy or the month of birth stated;
-- null where there is nothing to leave out, or nothing that is counted reads it.
-- Slices: people.
-- Surprises: a new check is a file, a row of checks.csv and a branch here; a test holds the three together.
select 'after_end' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_after_end
union all
select 'ahead' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_ahead
union all
select 'before_birth' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_before_birth
union all
select 'birth_unknown' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_birth_unknown
union all
select 'born_ahead' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_born_ahead
union all
select 'code_unknown' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_code_unknown
union all
select 'copied' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_copied
union all
select 'height_jumps' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_height_jumps
union all
select 'implausible' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_implausible
union all
select 'place_unknown' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_place_unknown
union all
select 'pregnant_unlikely' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_pregnant_unlikely
union all
select 'pressure_alone' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_pressure_alone
union all
select 'pressure_swapped' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_pressure_swapped
union all
select 'records_several' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_records_several
union all
select 'unit_inferred' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_unit_inferred
union all
select 'ward_elsewhere' as check_id, person_key, subject_key::bigint as subject_key, row_key::bigint as row_key
from core_check_ward_elsewhere
