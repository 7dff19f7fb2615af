-- grain:     measure x age band in which it is counted
-- units:     age_from: first age of the band in completed years, -1 unknown
-- sources:   rule_measure, rule_age_band
-- surprises: people of unknown age are counted by every measure, also by those for some ages only: they are not lost, and
--            they belong to no sum over ages.
select distinct
    r.measure_id,
    b.age_from
from rule_measure as r
inner join rule_age_band as b
    on b.age_from = -1 or (b.age_from >= r.age_from and (r.age_to is null or b.age_from <= r.age_to))
