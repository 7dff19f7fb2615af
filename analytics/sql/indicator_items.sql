-- grain:     mart x item that the build holds anything of, whenever and wherever
-- sources:   mart_activity, mart_budget, mart_facility, mart_record, mart_visit, mart_arrival, mart_load, mart_reach, mart_frame
-- surprises: what nobody has ever reported is not a nought: indicators of it cannot be measured
select distinct 'activity' as mart, kind as item from mart_activity
union all
select 'budget', unnest(['allocated', 'disbursed']) from (select 1 from mart_budget limit 1)
union all
select distinct 'facility', step from mart_facility
union all
select distinct 'record', step from mart_record
union all
select 'visit', unnest(['visits', 'judged', 'reflected']) from (select 1 from mart_visit limit 1)
union all
select distinct 'arrival', kind || '_' || unnest(['people', 'judged', 'recorded']) from mart_arrival
union all
select 'load', unnest(['rows', 'people', 'recorded']) from (select 1 from mart_load limit 1)
union all
select distinct 'reach', if(reached_group = 'pregnant', 'pregnant_', 'vulnerable_') || unnest(['people', 'holders'])
from mart_reach
union all
select 'known', unnest(['people', 'holders']) from (select 1 from mart_frame where is_insured and known_level > 0 limit 1)
