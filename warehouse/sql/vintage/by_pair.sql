-- Grain: that of the live mart named by $table, which compares two measures: what this build freezes of it.
-- Sources: the live mart, fresh_measure, fresh_place. Surprises: both measures must be new to the quarter, as they are
-- when it is frozen; of a definition that comes later there is no comparison with the older ones.
select t.* replace (
    m.frozen_quarter as quarter_index,
    m.frozen_measure as measure_id,
    o.frozen_measure as other_id,
    p.frozen_place as place_id
)
from query_table($table) t
inner join fresh_measure m on m.quarter_index = t.quarter_index and m.measure_id = t.measure_id
inner join fresh_measure o on o.quarter_index = t.quarter_index and o.measure_id = t.other_id
inner join fresh_place p on p.place_id = t.place_id
order by all
