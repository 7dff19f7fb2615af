-- Grain: that of the live mart named by $table (live.mart_case, live.mart_frame, ...): what this build freezes of it.
-- Sources: the live mart, fresh_measure, fresh_place.
-- Surprises: quarters, measures and places of the frozen file have numbers of their own, which never change.
select t.* replace (
    m.frozen_quarter as quarter_index,
    m.frozen_measure as measure_id,
    p.frozen_place as place_id
)
from query_table($table) t
inner join fresh_measure m on m.quarter_index = t.quarter_index and m.measure_id = t.measure_id
inner join fresh_place p on p.place_id = t.place_id
order by all
