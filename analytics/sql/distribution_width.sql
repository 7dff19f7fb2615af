-- grain: one row: width of the bins of a quantity, in tenths of its unit. Sources: mart_quantity.
select bin_tenths as width from mart_quantity where quantity = $quantity
