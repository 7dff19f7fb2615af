-- grain:     one fit: measure x quarter
-- units:     runs: equal runs of draws; faults: why a fit may not be shown, empty when it may
-- sources:   estimate_fit
-- surprises: estimates are a file beside the marts; a build without estimates has no such table
select
    measure_id,
    quarter_index,
    runs,
    faults
from estimate_fit
