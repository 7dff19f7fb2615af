-- grain: the measure of the cases of a definition that mart_frame counts. Sources: mart_frame.
select distinct measure_id from mart_frame order by measure_id
