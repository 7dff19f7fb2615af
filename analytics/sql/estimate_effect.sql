-- grain:     one effect of a model of one measure and quarter
-- units:     draws: of the posterior, on the logit
-- sources:   estimate_effect
-- surprises: null where an effect does not depend on district, sex or age
select
    effect,
    district,
    sex,
    age_from,
    draws
from estimate_effect
where measure_id = $measure_id
    and quarter_index = $quarter_index
order by effect, district, sex, age_from
