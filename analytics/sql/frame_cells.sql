-- grain:     district x sex x age band of the marts, of one quarter
-- units:     people; keys are sums of record keys modulo 256. residents, insured, known: whole register; assessed, cases, indeterminate: record holders among
--            the insured whose disease is not known from claims, the people the correction learns from
-- sources:   mart_frame, mart_place, mart_quarter
-- surprises: of the uninsured it is not observed whether they are known, so their readings are not used. People without a
--            district, sex or age belong to no cell.
select
    q.quarter,
    p.district_code as district,
    case f.sex when 1 then 'male' else 'female' end as sex,
    f.age_from,
    sum(f.people)::bigint as residents,
    coalesce(sum(f.people) filter (where f.is_insured), 0)::bigint as insured,
    coalesce(sum(f.people) filter (where f.is_insured and f.known_level = 2), 0)::bigint as known,
    coalesce(sum(f.assessed) filter (where f.is_insured and f.known_level < 2), 0)::bigint as assessed,
    coalesce(sum(f.cases) filter (where f.is_insured and f.known_level < 2), 0)::bigint as cases,
    coalesce(sum(f.indeterminate) filter (where f.is_insured and f.known_level < 2), 0)::bigint as indeterminate,
    (coalesce(sum(f.people_key) filter (where f.is_insured and f.known_level = 2), 0) % 256)::smallint as known_key,
    (coalesce(sum(f.assessed_key) filter (where f.is_insured and f.known_level < 2), 0) % 256)::smallint as assessed_key,
    (coalesce(sum(f.cases_key) filter (where f.is_insured and f.known_level < 2), 0) % 256)::smallint as cases_key,
    (coalesce(sum(f.indeterminate_key) filter (where f.is_insured and f.known_level < 2), 0) % 256)::smallint
        as indeterminate_key
from mart_frame f
inner join mart_place p on p.place_id = f.place_id
inner join mart_quarter q on q.quarter_index = f.quarter_index
where f.measure_id = $measure_id
    and f.quarter_index = $quarter_index
    and p.district_code is not null
    and f.sex in (1, 2)
    and f.age_from >= 0
group by all
