-- grain:     one fit: measure x quarter
-- units:     assessed: people; covered: share of cells inside their 95 % predictive interval; dispersion: 1 is binomial
-- sources:   estimate_fit
-- surprises: a fit with faults is kept and not shown anywhere as an estimate
select
    measure_id,
    quarter_index,
    assessed,
    runs,
    faults,
    is_converged,
    effective_points,
    dispersion,
    covered,
    sigma_district,
    seconds
from estimate_fit
order by measure_id, quarter_index
