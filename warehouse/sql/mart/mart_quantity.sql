-- Grain: quantity that has a distribution. Units: bin_tenths is the width of its bins, in tenths of its unit. Sources: rule_quantity.
select quantity, unit, bin_tenths
from rule_quantity
where bin_tenths > 0
order by quantity
