-- grain:     one recorded code that belongs to one event set
-- sources:   core_condition (ICD-10 without dot), core_medication (ATC), rule_value_set
-- slices:    people
-- meaning:   a code belongs when it begins with a prefix of the value set and with none of its excluded prefixes
-- surprises: matching by prefix is slow on millions of rows and fast on the few thousand codes that occur, so the codes
--            that occur are matched once and events join by equality.
with recorded as (
    select distinct 'condition' as source, icd10 as code from core_condition
    union all
    select distinct 'medication' as source, atc as code from core_medication
)
select
    r.source,
    r.code,
    v.event_set_id
from recorded as r
inner join rule_value_set as v
    on r.source = v.source and substring(r.code, 1, length(v.code)) = v.code
group by r.source, r.code, v.event_set_id
having max(case when v.is_excluded then 1 else 0 end) = 0
