-- grain:     age band x channel of the test, of one definition and quarter
-- units:     people: insured, the disease not known from claims, with a reference examination; with_condition: those of them
--            who have the condition; keys are sums of record keys modulo 256
-- sources:   mart_validation
-- surprises: people of unknown age (-1) are in no cell. Sexes are together: noise on twice as many cells of few people would
--            cost more than it tells. channel: 2 assessed at an examination, 1 at a clinic, 0 not
select
    age_from,
    channel,
    sum(people)::bigint as people,
    sum(with_condition)::bigint as with_condition,
    (sum(people_key) % 256)::smallint as people_key,
    (sum(with_condition_key) % 256)::smallint as with_condition_key
from mart_validation
where measure_id = $measure_id
    and quarter_index = $quarter_index
    and is_insured
    and not is_known
    and age_from >= 0
group by all
order by all
