-- grain:     measure, of references of other senders than registers of residents
-- units:     references; expected wrong and missed links in thousandths
-- sources:   mart_linkage_measure
-- surprises: counts of people with an illness: shown as groups of a size that may be shown only
select
    measure_id,
    sum(refs)::bigint as refs,
    sum(linked)::bigint as linked,
    sum(wrong_thousandths)::bigint as wrong_thousandths,
    sum(missed_thousandths)::bigint as missed_thousandths
from mart_linkage_measure
where not is_register
group by measure_id
order by measure_id
