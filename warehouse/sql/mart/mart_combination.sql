-- grain:     one condition of the combinations that mart_multimorbidity counts
-- units:     condition_bit: power of two; measure_id: the measure of its cases
-- sources:   rule_multimorbidity
-- meaning:   which bit of a combination is which condition
-- surprises: bits are as the file of conditions numbers them, so that they stay when one is added
select
    measure_id,
    condition_bit
from rule_multimorbidity
order by condition_bit
