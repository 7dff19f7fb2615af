-- Grain: one source of residents. Sources: raw_resident.
-- Meaning: is_register: a register of residents, which says of anybody since when; where no source does, all are.
with told as (select source, bool_or(registered_from is not null) as tells_since from raw_resident group by source)
select source, tells_since or not bool_or(tells_since) over () as is_register
from told
