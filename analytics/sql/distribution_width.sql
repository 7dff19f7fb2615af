-- grain:     one row: a quantity
-- units:     width of its bins and steps of its values (null: rounded by hand) in tenths of its unit
-- sources:   mart_quantity
select bin_tenths as width, step_tenths as step, unit from mart_quantity where quantity = $quantity
