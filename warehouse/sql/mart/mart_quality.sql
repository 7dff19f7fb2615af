-- Grain: table x file x outcome x subject (column, quantity or section) x rule. Units: rows as received; city totals.
-- Sources: meta_file, meta_quarantine, core_quality, raw_record_section, raw_resident.
-- Meaning: of each file received = accepted + duplicate + quarantined; refused are the quarantined by rule. After
-- landing: implausible (kept, never used), unit_inferred and pairing_inferred (repaired), sections by what they say,
-- people that more than one row of the registers names (shared_reference).
-- Surprises: files of records are often named after the person: they are told by folder and the beginning of their SHA-256.
-- logical_name is empty after landing. A row that two files bring is accepted for the one that came first, so
-- here, unlike elsewhere, the order of deliveries shows. refused may fall short of quarantined where a file broke one rule
-- more than a million times: the quarantine keeps no more lines.
with meta_told as (
    select
        *,
        case
            when format in ('csv', 'parquet', 'wild') then regexp_replace(logical_name, '\d{9,}', '#', 'g')
            else regexp_replace(logical_name, '[^/]*$', '') || left(sha256, 12)
        end as told_name
    from meta_file
),
found as (
    select table_name, told_name as logical_name, 'received' as outcome, '' as subject, '' as rule, received as rows
    from meta_told
    union all
    select table_name, told_name, 'accepted', '', '', accepted from meta_told
    union all
    select table_name, told_name, 'duplicate', '', '', duplicate from meta_told
    union all
    select table_name, told_name, 'quarantined', '', '', quarantined from meta_told
    union all
    select f.table_name, f.told_name, 'refused', q.column_name, q.rule, count(*)
    from meta_quarantine q
    inner join meta_told f on f.file_id = q.file_id
    group by all
    union all
    select 'measurement', '', outcome, subject, rule, sum(rows) from core_quality group by all
    union all
    select 'record_section', '', value_state, section, '', count(*)
    from raw_record_section
    where completed_at is null or completed_at::date <= $as_of
    group by all
    union all
    select 'resident', '', 'shared_reference', '', '', count(*)
    from (select person_key from raw_resident group by person_key having count(*) > 1)
)
select table_name, logical_name, outcome, subject, rule, rows::bigint as rows
from found
where rows > 0
order by table_name, logical_name, outcome, subject, rule
