-- grain:     district x sex x age band of the marts x where they were assessed, of one quarter
-- units:     people; keys are sums of record keys modulo 256. assessed, cases, indeterminate: as in frame_cells
-- sources:   mart_frame, mart_place
-- surprises: is_clinic: at a clinic or nobody knows where; who was examined too counts as examined.
select
    p.district_code as district,
    case f.sex when 1 then 'male' else 'female' end as sex,
    f.age_from,
    f.channel < 2 as is_clinic,
    sum(f.assessed)::bigint as assessed,
    sum(f.cases)::bigint as cases,
    sum(f.indeterminate)::bigint as indeterminate,
    (sum(f.assessed_key) % 256)::smallint as assessed_key,
    (sum(f.cases_key) % 256)::smallint as cases_key,
    (sum(f.indeterminate_key) % 256)::smallint as indeterminate_key
from mart_frame f
inner join mart_place p on p.place_id = f.place_id
where f.measure_id = $measure_id
    and f.quarter_index = $quarter_index
    and f.is_insured
    and f.known_level < 2
    and f.channel > 0
    and p.district_code is not null
    and f.sex in (1, 2)
    and f.age_from >= 0
group by all
