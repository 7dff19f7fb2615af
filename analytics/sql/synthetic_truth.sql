-- grain:     quarter
-- units:     people and cases of a synthetic city as they really are, not as records show them
-- sources:   synthetic_truth, beside the estimates
-- surprises: only in builds of synthetic data made with --truth; never read by an estimator
select
    quarter,
    sum(people)::bigint as people,
    sum(cases)::bigint as cases
from synthetic_truth
where condition = $condition
    and variant = $variant
    and age between $first_age and $last_age
    and ($sex is null or sex = $sex)
    and ($district is null or district = $district)
group by quarter
order by quarter
