-- Grain: one row per quarter of the build, the newest first.
SELECT quarter, is_complete
FROM mart_quarter
ORDER BY quarter DESC
