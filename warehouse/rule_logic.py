"""The algebra of measures: terms or-ed, literals and-ed, denominators distributed, redundancy removed.

A shorter form is not a matter of taste: every literal of a term costs one row per person who has the clause.
With implied literals left out, the measures of the first three conditions have less than half as many rows
to add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from warehouse.rule_types import DERIVED_UNITS, Clause, Condition, EventSet, Literal, Term, Threshold

#: A clause -> the clauses that hold whenever it holds.
Implied = Mapping[str, frozenset[str]]


def all_of(*groups: Iterable[Term], implied: Implied) -> tuple[Term, ...]:
    """Conjunction of several disjunctions of terms, distributed and simplified.

    >>> high, measured = Literal("high"), Literal("measured")
    >>> all_of([frozenset({high})], [frozenset({measured})], implied={"high": frozenset({"measured"})})
    (frozenset({Literal(clause='high', is_negated=False)}),)
    """
    terms: set[Term] = {frozenset()}
    for group in groups:
        terms = {left | right for left in terms for right in group}
    return simplify(terms, implied)


def simplify(terms: Iterable[Term], implied: Implied) -> tuple[Term, ...]:
    """Without contradictory terms, implied literals, and terms a shorter one covers; in stable order."""
    shortest = {_without_implied(term, implied) for term in terms if not _is_contradiction(term, implied)}
    kept = [term for term in shortest if not any(other < term for other in shortest)]
    return tuple(sorted(kept, key=sorted))


def _holding(term: Term, implied: Implied) -> set[str]:
    """Clauses that hold where the term holds, stated or implied."""
    stated = {literal.clause for literal in term if not literal.is_negated}
    return stated.union(*(implied.get(name, frozenset()) for name in stated))


def _is_contradiction(term: Term, implied: Implied) -> bool:
    holding = _holding(term, implied)
    return any(literal.is_negated and literal.clause in holding for literal in term)


def _without_implied(term: Term, implied: Implied) -> Term:
    given = {
        Literal(name)
        for literal in term
        if not literal.is_negated
        for name in implied.get(literal.clause, ())
    }
    return term - given


def implications(conditions: Sequence[Condition]) -> dict[str, frozenset[str]]:
    """For each clause the other clauses of its condition that hold whenever it does, where that is certain.

    Certain is: any day of a set within a look-back follows from one day, two days or the latest day of a
    part of that set within the same look-back or a shorter one. Two clauses that follow from each other are left alone:
    leaving out both would leave nothing.
    """
    found = {}
    for condition in conditions:
        sets = {item.name: item for item in condition.event_sets}
        for clause in condition.clauses:
            found[clause.name] = frozenset(
                other.name
                for other in condition.clauses
                if _follows(other, clause, sets) and not _follows(clause, other, sets)
            )
    return found


def _follows(weak: Clause, strong: Clause, sets: Mapping[str, EventSet]) -> bool:
    if weak.kind != "once":
        return False
    long_enough = weak.lookback_days is None or (
        strong.lookback_days is not None and strong.lookback_days <= weak.lookback_days
    )
    return long_enough and _is_part(sets[strong.event_set], sets[weak.event_set])


def _is_part(part: EventSet, whole: EventSet) -> bool:
    """Every event of ``part`` is an event of ``whole``: the same set, or ``whole`` takes any value of its
    quantities.

    The quantities of a derived source always come together, so any value of one is a day of all.
    """
    if part.name == whole.name:
        return True
    if part.source != whole.source or whole.match_all:
        return False
    any_value = {limit.quantity for limit in whole.thresholds if limit == Threshold(quantity=limit.quantity)}
    if part.source in DERIVED_UNITS:
        return bool(any_value)
    return bool(part.thresholds) and {limit.quantity for limit in part.thresholds} <= any_value
