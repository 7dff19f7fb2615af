-- grain:     one day on which a person's blood pressure was read
-- units:     mmHg; day = days since 1970-01-01
-- sources:   core_blood_pressure, core_pregnancy (days left out)
-- slices:    people
-- meaning:   mean of readings 2 to k of the day; the only one where k = 1 (WHO STEPS)
-- surprises: summed as whole hundredths of mmHg: a sum of integers is the same in every order and on every engine,
--            a sum of floats is not, and a mean of exactly 140 must never come out as 139.99999999999997.
with reading as (
    select
        b.person_key,
        b.day,
        b.reading_order,
        cast(round(b.systolic_mmhg * 100) as bigint) as systolic,
        cast(round(b.diastolic_mmhg * 100) as bigint) as diastolic
    from core_blood_pressure as b
    left join core_pregnancy as g on b.person_key = g.person_key and b.day >= g.day and b.day <= g.until
    where g.person_key is null
)
select
    person_key,
    day,
    cast(count(*) as integer) as readings,
    cast(
        coalesce(sum(case when reading_order > 1 then systolic end), sum(systolic)) as double
    ) / (100 * greatest(count(*) - 1, 1)) as systolic_mmhg,
    cast(
        coalesce(sum(case when reading_order > 1 then diastolic end), sum(diastolic)) as double
    ) / (100 * greatest(count(*) - 1, 1)) as diastolic_mmhg
from reading
group by person_key, day
