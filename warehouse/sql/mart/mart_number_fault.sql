-- Grain: source x kind of number x fault that a number of this kind can have. Units: numbers, as rows of registers have them.
-- Sources: meta_number_fault (counts that linkage keeps; no number rests there), rule_number_fault.
-- Meaning: found of written have the fault; is_unusable: such a number links nobody.
-- Surprises: a number can have several faults, but nothing more is said of a malformed one or a filler. Whoever stands in
-- several registers counts in each. Rows refused are not here: the contract refuses all malformed numbers but telephones.
-- Empty where persons are not linked.
with told as (
    select source, number, sum(written)::bigint as written from meta_number_fault group by source, number
),
wrong as (
    select m.source, m.number, r.fault, sum(m.written)::bigint as found
    from meta_number_fault m
    inner join rule_number_fault r on r.number = m.number and (m.faults & r.flag) <> 0
    group by m.source, m.number, r.fault
)
select
    t.source,
    t.number,
    r.fault,
    r.flag,
    r.is_unusable,
    r.name_vi,
    r.name_en,
    t.written,
    coalesce(w.found, 0)::bigint as found
from told t
inner join rule_number_fault r on r.number = t.number
left join wrong w on w.source = t.source and w.number = t.number and w.fault = r.fault
order by t.source, t.number, r.flag
