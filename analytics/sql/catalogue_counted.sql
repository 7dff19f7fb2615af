-- grain: vintage of a quarter x measure that is counted in it. Sources: mart_counted of the frozen counts.
select quarter_index, measure_id from mart_counted order by quarter_index, measure_id
