-- grain:     condition x definition x estimator x quarter x district (city: the whole)
-- units:     value, lower, upper: as released; true: share of adults who have the condition; coverage: band of records
-- sources:   synthetic_score, beside the estimates
-- surprises: only in builds of synthetic data made with --truth; laid down when the models were fitted
select condition, definition, estimator, quarter, district, state, coverage, value, lower, upper, "true"
from synthetic_score
order by condition, definition, estimator, quarter, district
