-- Grain: quantity that has a distribution. Units: bin_tenths: width of its bins, step_tenths: steps in which its values are
-- written (0: worked out; null: rounded by hand, so bins give no mean), in tenths of its unit. Sources: rule_quantity.
select quantity, unit, bin_tenths, step_tenths
from rule_quantity
where bin_tenths > 0
order by quantity
