-- grain: one row: width of the bins of a quantity, in tenths of its unit. Sources: mart_distribution.
-- Surprises: the greatest common divisor of the edges is the width, whatever bins are filled; no row without people.
select greatest(min(step), 1) as width
from (
    select bin_from - lag(bin_from) over (order by bin_from) as step
    from (select distinct bin_from from mart_distribution where quantity = $quantity)
)
where step is not null
having count(*) > 0
