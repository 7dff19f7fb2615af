-- grain:     condition x definition x quarter x district, and the city (district null)
-- units:     people and cases of a synthetic city as they really are, not as records show them
-- sources:   synthetic_truth, beside the estimates
-- surprises: only in builds of synthetic data made with --truth; never read by an estimator; adults only
select
    condition,
    variant as definition,
    quarter,
    district,
    sum(people)::bigint as people,
    sum(cases)::bigint as cases
from synthetic_truth
group by grouping sets ((condition, variant, quarter, district), (condition, variant, quarter))
order by all
