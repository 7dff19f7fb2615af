-- grain: group of the plan x source system that has records. Sources: mart_record.
select distinct phase_group, source_system from mart_record order by phase_group, source_system
