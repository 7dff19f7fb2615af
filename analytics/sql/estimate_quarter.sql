-- grain: one row: the newest quarter with a fit that may be shown, null without one. Sources: estimate_fit.
select max(quarter_index) as quarter_index from estimate_fit where len(faults) = 0
