-- Grain: that of the live mart named by $table, which knows no measures: the quarters that this build freezes.
-- Sources: the live mart, fresh_quarter, fresh_place.
select t.* replace (q.frozen_quarter as quarter_index, p.frozen_place as place_id)
from query_table($table) t
inner join fresh_quarter q on q.quarter_index = t.quarter_index
inner join fresh_place p on p.place_id = t.place_id
order by all
