-- Grain: check of the data. Units: rows (or people) found; city totals.
-- Sources: core_found, meta_finding (what the build before found), rule_check.
-- History: it tells of builds, not of the city, so equal data may give other rows here; it is in no fingerprint.
-- Meaning: new: not there before; existing: there before too; resolved: there before and no more.
-- Surprises: every check has a row. Where no build came before, or the warehouse was rebuilt whole, all is new.
with found as (
    select f.check_id, count(*) as findings, count(*) filter (where p.check_id is not null) as existing
    from core_found f
    left join meta_finding p
        on p.check_id = f.check_id and p.person_key = f.person_key and p.subject_key = f.subject_key
    group by f.check_id
),
earlier as (select check_id, count(*) as findings from meta_finding group by check_id)
select
    r.check_id,
    (coalesce(f.findings, 0) - coalesce(f.existing, 0))::bigint as new,
    coalesce(f.existing, 0)::bigint as existing,
    (coalesce(e.findings, 0) - coalesce(f.existing, 0))::bigint as resolved
from rule_check r
left join found f on f.check_id = r.check_id
left join earlier e on e.check_id = r.check_id
order by r.check_id
