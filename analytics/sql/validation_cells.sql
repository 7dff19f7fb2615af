-- grain:     broad age x what the definition says, of one definition and quarter
-- units:     people: insured, the disease not known from claims, assessed, with a reference examination; with_condition: those
--            of them who have the condition; keys are sums of record keys modulo 256
-- sources:   mart_validation
-- surprises: people of unknown age (-1) are in no cell. outcome: 2 case, 1 indeterminate, 0 neither
select
    broad_from as age_from,
    outcome,
    sum(people)::bigint as people,
    sum(with_condition)::bigint as with_condition,
    (sum(people_key) % 256)::smallint as people_key,
    (sum(with_condition_key) % 256)::smallint as with_condition_key
from mart_validation
where measure_id = $measure_id
    and quarter_index = $quarter_index
    and is_insured
    and not is_known
    and channel > 0
    and age_from >= 0
group by all
order by all
