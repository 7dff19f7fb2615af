"""How measures are evaluated: each term of clauses as a base, which many terms share, and what stands beside it.

Nearly every term asks for a live record, or for somebody registered and insured. As clauses like any other these few
made nine tenths of the rows that ``core_measure.sql`` had to group; as a base they are and-ed once per person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from warehouse.rule_measures import Measure, bare_clauses
from warehouse.rule_types import RECORD, Condition, Literal, Term

#: Names of clauses that must all hold.
Base = frozenset[str]


@dataclass(frozen=True)
class _Split:
    measure: Measure
    number: int
    base: Base
    own: tuple[Literal, ...]


def term_tables(
    measures: Sequence[Measure], conditions: Sequence[Condition], clause_ids: Mapping[str, int]
) -> dict[str, pl.DataFrame]:
    """``rule_base``: one clause of one base; ``clauses``: how many of it must hold (all).

    ``rule_term``: one clause of one term of one measure beside its base, NULL where the base is all of it, base NULL
    where there is none; ``positives``: clauses beside the base that must hold; ``is_alone``: the term has no
    other clause; ``is_only``: the measure has no other term.
    """
    split = _split(measures, conditions)
    bases = {base: number for number, base in enumerate(_ordered(item.base for item in split), start=1)}
    clauses = [
        (number, clause_ids[clause], clause, len(base))
        for base, number in bases.items()
        for clause in sorted(base)
    ]
    terms = [
        (
            item.measure.measure_id,
            item.number,
            bases.get(item.base),
            clause_ids[literal.clause] if literal else None,
            literal.clause if literal else None,
            literal.is_negated if literal else False,
            sum(not other.is_negated for other in item.own),
            len(item.own) < 2,
            len(item.measure.terms) == 1,
        )
        for item in split
        for literal in item.own or (None,)
    ]
    return {
        "rule_base": pl.DataFrame(clauses, schema=_BASE, orient="row"),
        "rule_term": pl.DataFrame(terms, schema=_TERM, orient="row"),
    }


_BASE = {"base_id": pl.Int16, "clause_id": pl.Int16, "clause": pl.String, "clauses": pl.Int16}
_TERM = {
    "measure_id": pl.Int16,
    "term": pl.Int16,
    "base_id": pl.Int16,
    "clause_id": pl.Int16,
    "clause": pl.String,
    "is_negated": pl.Boolean,
    "positives": pl.Int16,
    "is_alone": pl.Boolean,
    "is_only": pl.Boolean,
}


def _split(measures: Sequence[Measure], conditions: Sequence[Condition]) -> list[_Split]:
    """Every term; clauses that are not bare hold within the population (a live record) only."""
    record = {clause.name for item in conditions if item.id == RECORD for clause in item.clauses}
    population = {clause.name for item in conditions for clause in item.clauses if clause.is_population}
    bare = {clause for item in conditions for variant in item.variants for clause in bare_clauses(variant)}
    return [
        _Split(measure, number, *_base(term, record=record, population=population, bare=bare | record))
        for measure in measures
        for number, term in enumerate(measure.terms, start=1)
    ]


def _base(
    term: Term, *, record: set[str], population: set[str], bare: set[str]
) -> tuple[Base, tuple[Literal, ...]]:
    base = {literal.clause for literal in term if literal.clause in record and not literal.is_negated}
    own = sorted(literal for literal in term if literal.clause not in base)
    if any(literal.clause not in bare for literal in own):
        base |= population
    if own and all(literal.is_negated for literal in own):
        # Absences have no rows to start from: they start from those of the base.
        return frozenset(), (*own, *(Literal(clause) for clause in sorted(base)))
    return frozenset(base), tuple(own)


def _ordered(bases: Iterable[Base]) -> list[Base]:
    return sorted({base for base in bases if base}, key=sorted)
