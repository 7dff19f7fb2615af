-- Grain: source x register or not x sex x age band x district, of references. Units: references; thousandths of one.
-- Sources: core_linkage, core_person, rule_place, rule_age_band. City and districts; age on the extract date.
-- Meaning: linked: one person with another reference of a register of residents, by_key of them by an exact key. wrong_thousandths: links by likeness
-- expected to be wrong; missed_thousandths: of those not linked, expected to have one all the same, among the pairs that
-- were weighed. Both as the weights say: the sum of probabilities.
with judged as (
    select
        l.source,
        l.is_register,
        c.sex,
        a.age_from,
        p.district_code,
        l.is_linked,
        l.is_by_key,
        l.wrong,
        l.missed
    from core_linkage l
    inner join core_person c on c.person_key = l.person_key
    left join rule_place p on p.place_id = c.place_id
    left join rule_age_band a
        on a.age = floor((year($as_of::date) * 12 + month($as_of::date) - 1 - c.birth_month_index) / 12)
)
select
    source,
    is_register,
    sex,
    age_from,
    district_code,
    count(*)::integer as refs,
    (count(*) filter (is_linked))::integer as linked,
    (count(*) filter (is_by_key))::integer as by_key,
    round(1000 * sum(wrong))::bigint as wrong_thousandths,
    round(1000 * sum(missed))::bigint as missed_thousandths
from judged
group by all
order by source, is_register, sex, age_from, district_code
