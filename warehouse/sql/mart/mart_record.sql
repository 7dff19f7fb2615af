-- Grain: week (its Monday) x place x group of the plan x source system x step. Flow: records that took the step that week.
-- Units: records; the stock on a day is the running sum. Sources: core_record_step, core_record_group.
-- Surprises: updated_12m is a stock on the extract date, written in that week. records_key is the disclosure key.
select
    date_trunc('week', s.on_date)::date as week,
    g.place_id,
    g.phase_group,
    g.source_system,
    s.step,
    count(*)::integer as records,
    (sum(g.record_key) % 256)::smallint as records_key
from core_record_step s
inner join core_record_group g on g.record_id_key = s.record_id_key
group by all
order by step, week, place_id, phase_group, source_system
