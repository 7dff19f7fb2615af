-- Grain: month (its first day) x place x kind of facility x step. Units: facilities. Sources: raw_facility, rule_place.
-- Meaning: connected is a flow (the month the information system was connected); registered and sending (a message within
-- the 30 days up to the extract date) are known on the extract date only and written in its month.
-- Surprises: a ward outside its stated district counts for the district only, as people do.
with ward as (
    select ward_code, district_code, min(place_id) as place_id
    from rule_place
    where ward_code is not null
    group by all
),
placed as (
    select
        coalesce(w.place_id, d.place_id, 0)::smallint as place_id,
        coalesce(f.kind, 'unknown') as kind,
        f.his_connected_on,
        f.last_message_at::date as last_message_on
    from raw_facility f
    left join ward w
        on w.ward_code = f.ward_code and (f.district_code is null or w.district_code = f.district_code)
    left join rule_place d on d.district_code = f.district_code and d.ward_code is null and d.unit_code is null
),
step as (
    select place_id, kind, 'registered' as step, $as_of::date as on_date from placed
    union all
    select place_id, kind, 'connected', his_connected_on from placed where his_connected_on <= $as_of
    union all
    select place_id, kind, 'sending', $as_of::date
    from placed
    where last_message_on <= $as_of and date_diff('day', last_message_on, $as_of::date) <= 30
)
select date_trunc('month', on_date)::date as month, place_id, kind, step, count(*)::integer as facilities
from step
group by all
order by step, month, place_id, kind
