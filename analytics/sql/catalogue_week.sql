-- grain: one row: first and last week (its Monday) in which a record took a step. Sources: mart_record.
select min(week) as first_week, max(week) as last_week from mart_record
