-- grain:     one person and measure that holds at the end of at least one quarter
-- units:     bits: bit q is set when the measure holds on the last day of quarter q
-- sources:   core_clause, rule_clause, rule_term
-- slices:    people
-- meaning:   a measure is an or of terms, a term an and of clauses that hold and clauses that do not; every clause is
--            and-ed with the population first (a live record of somebody who has not died or left)
-- surprises: clauses of the record's own definition are bare: taken as they are, so that residents without a record
--            are counted by their own measure. A clause that never holds for a person has no row: where it must hold, too few
--            rows are left (positives); where it must not, nothing is missed.
with required as (
    select count(*) as clauses from rule_clause where is_population
),
population as (
    select c.person_key, bit_and(c.bits) as bits
    from core_clause as c
    inner join rule_clause as r on c.clause_id = r.clause_id
    cross join required
    where r.is_population
    group by c.person_key
    having count(*) = max(required.clauses)
),
held as (
    select c.person_key, c.clause_id, c.bits & p.bits as bits
    from core_clause as c
    inner join rule_clause as r on c.clause_id = r.clause_id
    inner join population as p on c.person_key = p.person_key
    where not r.is_bare
    union all
    select c.person_key, c.clause_id, c.bits
    from core_clause as c
    inner join rule_clause as r on c.clause_id = r.clause_id
    where r.is_bare
),
term as (
    select
        h.person_key,
        t.measure_id,
        bit_and(case when t.is_negated then ~h.bits else h.bits end) as bits
    from held as h
    inner join rule_term as t on h.clause_id = t.clause_id
    group by h.person_key, t.measure_id, t.term
    having sum(case when t.is_negated then 0 else 1 end) = max(t.positives)
)
select
    person_key,
    measure_id,
    bit_or(bits) as bits
from term
group by person_key, measure_id
having bit_or(bits) <> 0
