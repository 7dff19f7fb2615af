-- grain: step that at least one record has taken. Sources: mart_record.
select distinct step from mart_record
