-- grain:     district of the facility (city: all of them, also the unknown) x pressure
-- units:     readings, whole mmHg ones
-- sources:   mart_digit
-- surprises: counts of readings, no health facts: exact
select
    case when grouping(district_code) = 1 then 'city' else district_code end as district,
    quantity,
    coalesce(sum(readings) filter (where digit = 0), 0)::bigint as numerator,
    sum(readings)::bigint as denominator
from mart_digit
group by grouping sets ((district_code, quantity), (quantity))
