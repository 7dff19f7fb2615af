-- Grain: one row that a shadow is judged without. Units: row_key as in core_finding; table_name: the contract of the row.
-- Sources: core_shadow, core_finding, rule_check.
-- Slices: people.
select distinct s.shadow_key, s.check_id, r.table_name, f.row_key
from core_finding f
inner join core_shadow s on s.check_id = f.check_id and s.person_key = f.person_key
inner join rule_check r on r.check_id = f.check_id
where f.row_key is not null
