-- Grain: source x register or not x measure that holds of the person on the last day of the newest quarter. Units: references; city totals.
-- Sources: core_linkage_measure. Meaning: whether the ill are linked as often as the well: linked of refs, by measure.
-- wrong_thousandths, missed_thousandths: as in mart_linkage.
select
    source,
    is_register,
    measure_id,
    sum(refs)::integer as refs,
    sum(linked)::integer as linked,
    round(1000 * sum(wrong))::bigint as wrong_thousandths,
    round(1000 * sum(missed))::bigint as missed_thousandths
from core_linkage_measure
group by all
order by source, is_register, measure_id
