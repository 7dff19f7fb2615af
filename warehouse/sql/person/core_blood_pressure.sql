-- grain:     one paired blood pressure reading (person, day, reading_order)
-- units:     mmHg; day = days since 1970-01-01
-- sources:   core_measurement (quantity systolic, diastolic), rule_quantity (limits)
-- slices:    people
-- pairing:   panel          one systolic and one diastolic of the same panel (and reading number)
--            encounter_time the same encounter (or none), time and reading number
--            row_order      inferred: several at that key, or different times of one encounter; by order of rows
-- swapped:   a systolic below its diastolic whose two values are plausible the other way round is read that way round
-- surprises: readings are paired before implausible ones go, so that a diastolic of 0 (missing) takes its systolic
--            with it. A reading counts when both values are plausible and systolic > diastolic. reading_order counts
--            the readings that are left, in order of time, then of rows; row_order must be unique within a person.
with reading as (
    select
        person_key,
        quantity,
        day,
        taken_at,
        row_order,
        value_standard,
        is_plausible,
        coalesce(panel_key, -1) as panel_key,
        coalesce(encounter_key, -1) as encounter_key,
        case when panel_key is null then coalesce(encounter_key, -1) else -1 end as visit_key,
        case when panel_key is null then taken_at end as pair_at,
        coalesce(reading_number, -1) as reading_number
    from core_measurement
    where quantity = 'systolic' or quantity = 'diastolic'
),
numbered as (
    select
        *,
        row_number() over same_key_in_order as place,
        count(*) over same_key as how_many
    from reading
    window
        same_key as (partition by person_key, quantity, panel_key, visit_key, pair_at, reading_number),
        same_key_in_order as (
            partition by person_key, quantity, panel_key, visit_key, pair_at, reading_number order by taken_at, row_order
        )
),
joined as (
    select
        coalesce(s.person_key, d.person_key) as person_key,
        coalesce(s.quantity, d.quantity) as quantity,
        coalesce(s.day, d.day) as day,
        coalesce(s.taken_at, d.taken_at) as taken_at,
        coalesce(s.row_order, d.row_order) as row_order,
        coalesce(s.panel_key, d.panel_key) as panel_key,
        coalesce(s.encounter_key, d.encounter_key) as encounter_key,
        coalesce(s.reading_number, d.reading_number) as reading_number,
        s.value_standard as systolic_mmhg,
        d.value_standard as diastolic_mmhg,
        coalesce(s.is_plausible, false) as is_systolic_plausible,
        coalesce(d.is_plausible, false) as is_diastolic_plausible,
        case
            when s.how_many > 1 or d.how_many > 1 then 'row_order'
            when s.panel_key >= 0 then 'panel'
            else 'encounter_time'
        end as pairing,
        s.person_key is not null and d.person_key is not null as is_paired
    from (select * from numbered where quantity = 'systolic') as s
    full outer join (select * from numbered where quantity = 'diastolic') as d
        on s.person_key = d.person_key
        and s.panel_key = d.panel_key
        and s.visit_key = d.visit_key
        and s.pair_at is not distinct from d.pair_at
        and s.reading_number = d.reading_number
        and s.place = d.place
),
alone as (
    select
        *,
        row_number() over (
            partition by person_key, encounter_key, day, quantity order by reading_number, taken_at, row_order
        ) as place
    from joined
    where not is_paired and panel_key < 0 and encounter_key >= 0
),
pair as (
    select
        person_key, day, taken_at, reading_number, row_order, systolic_mmhg, diastolic_mmhg, pairing,
        is_systolic_plausible and is_diastolic_plausible as is_plausible
    from joined
    where is_paired
    union all
    select
        s.person_key, s.day, s.taken_at, s.reading_number, s.row_order, s.systolic_mmhg, d.diastolic_mmhg, 'row_order',
        s.is_systolic_plausible and d.is_diastolic_plausible
    from alone as s
    inner join alone as d
        on s.person_key = d.person_key
        and s.encounter_key = d.encounter_key
        and s.day = d.day
        and s.place = d.place
    where s.quantity = 'systolic' and d.quantity = 'diastolic'
),
limits as (
    select
        max(case when quantity = 'systolic' then plausible_low end) as systolic_low,
        max(case when quantity = 'systolic' then plausible_high end) as systolic_high,
        max(case when quantity = 'diastolic' then plausible_low end) as diastolic_low,
        max(case when quantity = 'diastolic' then plausible_high end) as diastolic_high
    from rule_quantity
),
judged as (
    select
        p.*,
        p.systolic_mmhg < p.diastolic_mmhg
        and p.diastolic_mmhg >= l.systolic_low and p.diastolic_mmhg <= l.systolic_high
        and p.systolic_mmhg >= l.diastolic_low and p.systolic_mmhg <= l.diastolic_high as is_swapped
    from pair as p
    cross join limits as l
)
select
    person_key,
    day,
    taken_at,
    cast(row_number() over (partition by person_key, day order by taken_at, reading_number, row_order) as integer)
        as reading_order,
    case when is_swapped then diastolic_mmhg else systolic_mmhg end as systolic_mmhg,
    case when is_swapped then systolic_mmhg else diastolic_mmhg end as diastolic_mmhg,
    pairing,
    is_swapped
from judged
where is_swapped or (is_plausible and systolic_mmhg > diastolic_mmhg)
