-- Grain: one result whose LOINC code no definition of this program knows: kept, not used. Units: -.
-- Sources: raw_measurement, rule_loinc.
select m.person_key, m.measurement_id_key as subject_key, null as row_key
from raw_measurement m
left join rule_loinc l on l.loinc = m.code
where l.loinc is null
