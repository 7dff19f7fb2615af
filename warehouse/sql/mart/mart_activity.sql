-- Grain: month (its first day) x administrative unit as delivered (79 the city, a district, a ward) x kind of activity.
-- Units: whole units of the kind (leaflets, people trained, calls, ...); fractions are rounded activity by activity.
-- Sources: raw_activity, up to the extract date. Surprises: an activity delivered without a quantity (a decision, a report)
-- counts as one; quantity_of_planned is what was done in activities that say what was planned; both are null where no
-- activity of the cell does, which is not a plan of nought.
select
    date_trunc('month', on_date)::date as month,
    unit_code,
    kind,
    count(*)::integer as activities,
    sum(round(coalesce(quantity, 1))::bigint)::bigint as quantity,
    (sum(round(coalesce(quantity, 1))::bigint) filter (where quantity_planned is not null))::bigint as quantity_of_planned,
    sum(round(quantity_planned)::bigint)::bigint as planned
from raw_activity
where on_date <= $as_of
group by all
order by kind, unit_code, month
