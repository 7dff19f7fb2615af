-- grain:     one person and age band the person is in at the end of at least one quarter
-- units:     birth month as year * 12 + month - 1; age_from = first age of the band, -1 unknown
-- sources:   core_person, rule_quarter, rule_age_band
-- slices:    people
-- meaning:   bits: bit q is set when the person is in that band on the last day of quarter q; completed years by month
--            are exact, because a quarter ends with a month. Place, sex and record key ride along for counting.
-- surprises: an age above the oldest of rule_age_band is an unknown age, not a lost person; a person not yet born is in
--            no band.
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
),
band as (
    select
        a.birth_month_index,
        coalesce(r.age_from, -1) as age_from,
        bit_or(a.bit) as bits
    from aged as a
    left join rule_age_band as r on a.age = r.age
    group by a.birth_month_index, coalesce(r.age_from, -1)
),
ever as (
    select bit_or(bit) as bits from rule_quarter
)
select
    p.person_key, p.place_id, p.sex, p.record_key, cast(b.age_from as smallint) as age_from, b.bits
from core_person as p
inner join band as b on p.birth_month_index = b.birth_month_index
union all
select
    p.person_key, p.place_id, p.sex, p.record_key, cast(-1 as smallint) as age_from, e.bits
from core_person as p
cross join ever as e
where p.birth_month_index is null
