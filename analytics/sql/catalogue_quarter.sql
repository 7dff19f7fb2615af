-- grain: quarter, oldest first. Sources: mart_quarter.
select quarter, quarter_index, is_complete from mart_quarter order by quarter_index
