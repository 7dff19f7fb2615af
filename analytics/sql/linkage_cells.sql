-- grain:     group of references: of a source, sex, age band or district; of registers of residents, and of others
-- units:     references; expected wrong and missed links in thousandths
-- sources:   mart_linkage
-- surprises: counts of references, no health facts: exact. A person of unknown sex or district has a group without value.
select
    case grouping(source, sex, age_from, district_code)
        when 7 then 'source' when 11 then 'sex' when 13 then 'age' when 14 then 'district' else 'all'
    end as dimension,
    coalesce(source, sex::varchar, age_from::varchar, district_code) as group_name,
    is_register,
    sum(refs)::bigint as refs,
    sum(linked)::bigint as linked,
    sum(by_key)::bigint as by_number,
    sum(wrong_thousandths)::bigint as wrong_thousandths,
    sum(missed_thousandths)::bigint as missed_thousandths
from mart_linkage
group by grouping sets (
    (is_register), (is_register, source), (is_register, sex), (is_register, age_from), (is_register, district_code)
)
order by is_register, dimension, group_name
