-- Grain: one row per person and definition (the measure of its cases) examined up to the extract date. Units: days since
-- 1970-01-01. Sources: raw_reference_examination, rule_measure.
-- Surprises: of several examinations the last counts. Those of a definition that the program no longer has are left out.
-- Slices: people.
select
    x.person_key,
    r.measure_id,
    max(date_diff('day', date '1970-01-01', x.examined_on))::integer as day,
    arg_max(x.has_condition, (x.examined_on, x.examination_ref_key)) as has_condition
from raw_reference_examination x
inner join rule_measure r on r.condition || '/' || r.variant = x.definition and r.role = 'case'
where x.examined_on <= $as_of
group by x.person_key, r.measure_id
