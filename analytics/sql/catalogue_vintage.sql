-- grain: frozen quarter and vintage, oldest first. Sources: mart_quarter of the frozen counts.
select quarter, quarter_index, is_complete, vintage, known_at, reason from mart_quarter order by quarter, vintage
