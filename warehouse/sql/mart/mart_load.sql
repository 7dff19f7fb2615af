-- Grain: sender of register rows. Units: rows accepted; people; of these with a record, live or closed.
-- Sources: raw_resident, core_record. Surprises: rows that were refused are in mart_quality, by file.
select
    r.source as sender,
    count(*)::integer as rows,
    count(distinct r.person_key)::integer as people,
    count(distinct c.person_key)::integer as recorded
from raw_resident r
left join (select distinct person_key from core_record) c on c.person_key = r.person_key
group by all
order by sender
