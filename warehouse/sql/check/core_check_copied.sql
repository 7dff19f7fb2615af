-- Grain: one row of a reading that looks copied: its pair is one in ten or more of the readings of a facility and year, of
-- at least 50, and five times as common there as elsewhere. Units: mmHg. Sources: core_copied, raw_measurement, rule_loinc.
-- Surprises: some of them were really measured: what is told is where to look.
with reading as (
    select
        m.person_key,
        m.encounter_ref_key,
        coalesce(m.reading_number, -1) as reading_number,
        m.taken_at,
        min(m.facility_ref) as facility_ref,
        year(min(m.taken_at)) as year,
        max(m.value) filter (where l.quantity = 'systolic') as systolic,
        max(m.value) filter (where l.quantity = 'diastolic') as diastolic,
        min(m.measurement_id_key) as subject_key,
        list((m._file_id::bigint << 44) + m._row) as row_keys
    from raw_measurement m
    inner join rule_loinc l on l.loinc = m.code and l.quantity in ('systolic', 'diastolic')
    where m.encounter_ref_key is not null
        and m.facility_ref in (select facility_ref from core_copied)
    group by all
)
select r.person_key, r.subject_key, unnest(r.row_keys) as row_key
from reading r
inner join core_copied c
    on c.facility_ref = r.facility_ref and c.year = r.year and c.systolic = r.systolic and c.diastolic = r.diastolic
