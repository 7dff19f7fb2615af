"""From variants as written to measures as counted: terms with their denominator, population and exclusions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warehouse.rule_logic import Implied, all_of, implications
from warehouse.rule_types import (
    AMONG,
    INSURED,
    KNOWN,
    NO_TEST,
    POPULATION_ROLES,
    RECORD,
    ROLES,
    Condition,
    Literal,
    Term,
    Variant,
)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One column of counts: a role of a variant. ``terms`` have the denominator and the population
    distributed.
    """

    measure_id: int
    condition: str
    variant: str
    role: str
    denominator_id: int | None
    age_from: int
    age_to: int | None
    outcome_dependent: bool
    terms: tuple[Term, ...]


def measures(conditions: Sequence[Condition]) -> tuple[Measure, ...]:
    """Every measure of every variant. Ids count from 1: the record first, then conditions by name, variants
    as written.

    A numerator holds only where its denominator holds; people known from claims are counted among residents.
    Every other clause is and-ed with the population (a live record of a resident) by :mod:`warehouse.rule_terms`,
    so a term names the population only when it has no other positive clause.
    """
    population = frozenset(
        Literal(clause.name) for item in conditions for clause in item.clauses if clause.is_population
    )
    implied = implications(conditions)
    groups = _Groups(population, _terms_of(conditions, "resident"), _terms_of(conditions, "insured"), implied)
    found: list[Measure] = []
    for condition in conditions:
        for variant in condition.variants:
            found += _variant_measures(condition, variant, groups, next_id=len(found) + 1)
    return tuple(found)


@dataclass(frozen=True)
class _Groups:
    """Whom measures are counted among, and which clauses follow from which."""

    population: Term
    residents: tuple[Term, ...]
    insured: tuple[Term, ...]
    implied: Implied


def _terms_of(conditions: Sequence[Condition], role: str) -> tuple[Term, ...]:
    return tuple(
        term for item in conditions for variant in item.variants for term in variant.measures.get(role, ())
    )


def clauses_of(variant: Variant, roles: Iterable[str]) -> set[str]:
    """Full names of the clauses that some measures of a variant use."""
    return {literal.clause for role in roles for term in variant.measures.get(role, ()) for literal in term}


def every_clause(variant: Variant) -> set[str]:
    """Full names of the clauses a variant uses anywhere."""
    excluded = {literal.clause for term in variant.excluded for literal in term}
    return clauses_of(variant, ROLES) | excluded


def bare_clauses(variant: Variant) -> set[str]:
    """Clauses of a variant that hold for people whether or not they have a record: what claims alone tell."""
    found = clauses_of(variant, [KNOWN])
    if variant.denominator == INSURED:
        found |= clauses_of(variant, ["assessed", "case", "treated"])
        found |= {literal.clause for term in variant.excluded for literal in term}
    return found


def _variant_measures(condition: Condition, variant: Variant, groups: _Groups, next_id: int) -> list[Measure]:
    roles = [
        role
        for role in ROLES
        if variant.measures.get(role) or (role == "assessed" and condition.id != RECORD)
    ]
    ids = {role: measure_id for measure_id, role in enumerate(roles, start=next_id)}
    resolved: dict[str, tuple[Term, ...]] = {}
    found = []
    for role in roles:
        terms = resolved[role] = _resolved(variant, role, groups, resolved)
        measure = Measure(
            measure_id=ids[role],
            condition=condition.id,
            variant=variant.id,
            role=role,
            denominator_id=ids[AMONG[role]] if role in AMONG else None,
            age_from=condition.age_from,
            age_to=condition.age_to,
            outcome_dependent=variant.denominator == "outcome_dependent",
            terms=tuple(_anchored(term, groups.population) for term in terms),
        )
        found.append(measure)
    return found


def _resolved(
    variant: Variant, role: str, groups: _Groups, before: Mapping[str, tuple[Term, ...]]
) -> tuple[Term, ...]:
    """The terms of a role with those it is counted among, and without the people the variant excludes."""
    own = variant.measures.get(role, NO_TEST)
    if role in POPULATION_ROLES:
        return own
    if role == KNOWN:
        return all_of(own, groups.residents, implied=groups.implied)
    if role in AMONG:
        return all_of(own, before[AMONG[role]], implied=groups.implied)
    insured = groups.insured if variant.denominator == INSURED else NO_TEST
    absent = frozenset(Literal(item.clause, True) for term in variant.excluded for item in term)
    return all_of(own, insured, [absent], implied=groups.implied)


def _anchored(term: Term, population: Term) -> Term:
    """A term of absences only (or of nothing) would hold for everybody on earth: it holds in the
    population.
    """
    return term if any(not literal.is_negated for literal in term) else term | population
