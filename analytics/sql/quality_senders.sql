-- grain:     sender of register rows, the largest first
-- units:     rows accepted; people
-- sources:   mart_load
select sender, rows, people
from mart_load
order by people desc, sender
