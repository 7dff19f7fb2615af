-- Grain: published result: survey x definition x sex x ages. Units: proportions from 0 to 1; people: those examined.
-- Sources: raw_survey, raw_reference_examination. Meaning: is_usable: the value lies within its limits, which are apart, and
-- the ages rise; has_examined: the same study delivered reference examinations for the same definition.
-- Surprises: published numbers about no person. A result that is not usable stays, and is compared with nothing.
with read as (
    select
        *,
        regexp_extract(age_band, '^\d+')::integer as first_age,
        try_cast(regexp_extract(age_band, '-(\d+)$', 1) as integer) as last_age
    from raw_survey
)
select
    study,
    definition,
    quarter,
    sex,
    age_band,
    value,
    lower,
    upper,
    people,
    source,
    value between lower and upper and lower < upper and coalesce(first_age <= last_age, true) as is_usable,
    exists (
        select x.study from raw_reference_examination as x where x.study = read.study and x.definition = read.definition
    ) as has_examined
from read
order by study, definition, sex, age_band
