-- Grain: check x person x subject: what was found, each once, of however many rows it is. Units: -. Sources: core_finding.
-- Slices: people.
-- Surprises: it outlives the groups of people, which core_finding does not.
select distinct check_id, person_key, subject_key from core_finding
