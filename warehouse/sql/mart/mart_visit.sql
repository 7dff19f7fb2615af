-- Grain: month (its first day) x place. Units: visits. Sources: core_visit, core_person.
-- Meaning: visits; of these judged: latest of their person and begun at least 7 days before the extract date; of these
-- reflected: the last update of the person's record falls within the 7 days (see core_visit).
-- Surprises: judged thins out going back: who came again later is judged by the later visit.
select
    date_trunc('month', date '1970-01-01' + v.day)::date as month,
    coalesce(p.place_id, 0)::smallint as place_id,
    count(*)::integer as visits,
    (count(*) filter (where v.is_latest and v.day + 7 <= date_diff('day', date '1970-01-01', $as_of::date)))::integer
        as judged,
    (count(*) filter (
        where v.is_latest and v.is_reflected and v.day + 7 <= date_diff('day', date '1970-01-01', $as_of::date)
    ))::integer as reflected
from core_visit v
left join core_person p on p.person_key = v.person_key
group by all
order by month, place_id
