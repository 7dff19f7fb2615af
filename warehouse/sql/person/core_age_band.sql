-- grain:     one birth month and age band that people born then are in at the end of at least one quarter
-- units:     birth_month_index = year * 12 + month - 1, -1 unknown; age_from = first age of the band, -1 unknown
-- sources:   core_person, rule_quarter, rule_age_band
-- meaning:   bits: bit q is set when they are in that band on the last day of quarter q; completed years by month are
--            exact, because a quarter ends with a month
-- surprises: an age nobody reaches (above the oldest of rule_age_band) is an unknown age, not a lost person.
with born as (
    select distinct birth_month_index from core_person where birth_month_index is not null
),
aged as (
    select
        b.birth_month_index,
        q.bit,
        cast(floor((q.last_month_index - b.birth_month_index) / 12.0) as integer) as age
    from born as b
    cross join rule_quarter as q
    where q.last_month_index >= b.birth_month_index
)
select
    a.birth_month_index,
    coalesce(r.age_from, -1) as age_from,
    bit_or(a.bit) as bits
from aged as a
left join rule_age_band as r on a.age = r.age
group by a.birth_month_index, coalesce(r.age_from, -1)
union all
select
    -1 as birth_month_index,
    -1 as age_from,
    bit_or(bit) as bits
from rule_quarter
