-- Grain: budget line x month (its first day) with a statement. Units: VND. Sources: raw_budget, up to the extract date.
-- Meaning: allocated and disbursed up to the end of the month, as its last statement says; the two added columns are
-- what the month added to the statement before, so that their running sum is the total.
-- Surprises: an amount a statement leaves out stays as it was; an addition is negative where a statement was corrected.
with stated as (
    select
        line,
        on_date,
        last_value(allocated_vnd ignore nulls) over so_far as allocated_vnd,
        last_value(disbursed_vnd ignore nulls) over so_far as disbursed_vnd
    from raw_budget
    where on_date <= $as_of
    window so_far as (partition by line order by on_date rows unbounded preceding)
),
closing as (
    select
        line,
        date_trunc('month', on_date)::date as month,
        coalesce(arg_max(allocated_vnd, on_date), 0)::bigint as allocated_vnd,
        coalesce(arg_max(disbursed_vnd, on_date), 0)::bigint as disbursed_vnd
    from stated
    group by all
)
select
    line,
    month,
    allocated_vnd,
    disbursed_vnd,
    allocated_vnd - lag(allocated_vnd, 1, 0) over in_order as allocated_added_vnd,
    disbursed_vnd - lag(disbursed_vnd, 1, 0) over in_order as disbursed_added_vnd
from closing
window in_order as (partition by line order by month)
order by line, month
