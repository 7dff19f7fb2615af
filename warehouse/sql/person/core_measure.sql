-- grain:     one person and measure that holds at the end of at least one quarter
-- units:     bits: bit q is set when the measure holds on the last day of quarter q
-- sources:   core_clause, rule_base, rule_term
-- slices:    people
-- meaning:   a measure is an or of terms, a term an and of its base (clauses that many terms share: a live record, insured)
--            and of clauses that hold and clauses that do not
-- surprises: a clause that never holds for a person has no row: where it must hold, too few rows are left (positives); where it
--            must not, nothing is missed. Only terms of several clauses, and measures of several terms, need grouping.
with base as (
    select
        c.person_key,
        r.base_id,
        bit_and(c.bits) as bits
    from core_clause as c
    inner join rule_base as r on c.clause_id = r.clause_id
    group by c.person_key, r.base_id
    having count(*) = max(r.clauses) and bit_and(c.bits) <> 0
),
held as (
    select c.person_key, t.measure_id, t.term, t.is_negated, t.positives, t.is_alone, t.is_only, c.bits & b.bits as bits
    from core_clause as c
    inner join rule_term as t on c.clause_id = t.clause_id
    inner join base as b on c.person_key = b.person_key and t.base_id = b.base_id
    where (c.bits & b.bits) <> 0
    union all
    select c.person_key, t.measure_id, t.term, t.is_negated, t.positives, t.is_alone, t.is_only, c.bits
    from core_clause as c
    inner join rule_term as t on c.clause_id = t.clause_id
    where t.base_id is null
),
term as (
    select b.person_key, t.measure_id, t.is_only, b.bits
    from base as b
    inner join rule_term as t on b.base_id = t.base_id
    where t.clause_id is null
    union all
    select person_key, measure_id, is_only, bits
    from held
    where is_alone
    union all
    select
        person_key,
        measure_id,
        is_only,
        bit_and(case when is_negated then ~bits else bits end) as bits
    from held
    where not is_alone
    group by person_key, measure_id, term, is_only
    having sum(case when is_negated then 0 else 1 end) = max(positives)
)
select person_key, measure_id, bits
from term
where is_only and bits <> 0
union all
select
    person_key,
    measure_id,
    bit_or(bits) as bits
from term
where not is_only
group by person_key, measure_id
having bit_or(bits) <> 0
