-- Grain: check of the data x measure: people touched by what it found, for whom the measure holds on the last day of the
-- newest quarter; people_without: those of them for whom it would hold without. Units: people; city totals.
-- Sources: core_effect, rule_check.
-- Meaning: by the basis of the check, without: rows: judged again without the rows found; people: without these people;
-- unread: as with, because nothing that is counted here reads what was found. A crude number without what was found is that
-- of everybody less people plus people_without.
select
    e.check_id,
    e.measure_id,
    sum(e.people)::integer as people,
    sum(if(r.basis = 'people', 0, e.people_without))::integer as people_without
from core_effect e
inner join rule_check r on r.check_id = e.check_id
group by all
order by e.check_id, e.measure_id
