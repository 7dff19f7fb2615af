-- grain:     sex x broad age, of one definition and quarter
-- units:     people: with a first raised day and a repeat; raised_again: those of them raised at the repeat; keys are sums of
--            record keys modulo 256
-- sources:   mart_persistence
-- surprises: the unknown age (-1) belongs to no cell
select
    sex,
    age_from,
    sum(people)::bigint as people,
    sum(raised_again)::bigint as raised_again,
    (sum(people_key) % 256)::smallint as people_key,
    (sum(raised_again_key) % 256)::smallint as raised_again_key
from mart_persistence
where measure_id = $measure_id
    and quarter_index = $quarter_index
    and age_from >= 0
group by all
order by all
