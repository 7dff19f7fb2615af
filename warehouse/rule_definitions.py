"""One case definition, TOML to :class:`Condition`: every key checked, every name resolved, every fault
kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from warehouse.errors import suggest
from warehouse.rule_files import Section
from warehouse.rule_measures import bare_clauses, every_clause
from warehouse.rule_references import References
from warehouse.rule_tables import reported_units
from warehouse.rule_types import (
    AMONG,
    CASCADE,
    CODED_SOURCES,
    DENOMINATORS,
    DERIVED_UNITS,
    ESTIMANDS,
    EXCLUDED,
    INSURED,
    KNOWN,
    ORIGINS,
    POPULATION_ROLES,
    RECORD,
    ROLES,
    SEXES,
    SOURCES,
    STATE_SOURCES,
    VALUE_SOURCES,
    Clause,
    Condition,
    EventSet,
    Literal,
    Term,
    Threshold,
    Variant,
    Words,
)

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CONDITION_KEYS = (
    "id",
    "version",
    "reviewed",
    "age_from",
    "age_to",
    "name",
    "source",
    "event_sets",
    "clauses",
    "variants",
)
_CLAUSE_KEYS = (
    "event_set", "latest_of", "first", "at_least_days", "apart_at_least", "apart_at_most", "lookback_days",
    "is_population",
)  # fmt: skip
_THRESHOLD_KEYS = ("quantity", "unit", "at_least", "below", "sex", "age_from", "age_to")
#: Sources whose events are single days; the others last, so that "two days of" and "the latest day of" have
#: no meaning.
_POINT_SOURCES = ("condition", "measurement", "blood_pressure_day", "kidney_function", "child_growth")


def parse(section: Section, references: References) -> Condition:
    """The condition of one file. Faults go to ``section.faults``; the result is only meaningful without
    any.
    """
    section.done(_CONDITION_KEYS)
    name = section.text("id")
    if name != section.file.removesuffix(".toml") or not _NAME.fullmatch(name):
        section.fault(
            "must be the file's name, lower case",
            key="id",
            value=name,
            expected=section.file,
        )
    version = section.text("version")
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        section.fault(
            "must have three numbers",
            key="version",
            value=version,
            expected="like 1.0.0",
        )
    event_sets = {
        key: _event_set(name, key, part, references) for key, part in _named(section, "event_sets").items()
    }
    clauses = {key: _clause(name, key, part, event_sets) for key, part in _named(section, "clauses").items()}
    variants = [_variant(name, key, part, clauses) for key, part in _named(section, "variants").items()]
    _refuse_unused(section, event_sets, clauses, variants)
    _refuse_shared(section, variants)
    age_from, age_to = _age_limits(section, references)
    return Condition(
        id=name,
        version=version,
        reviewed=section.day("reviewed"),
        source=section.text("source"),
        name=_words(section, "name"),
        age_from=age_from,
        age_to=age_to,
        event_sets=tuple(event_sets.values()),
        clauses=tuple(clauses.values()),
        variants=tuple(variants),
        document="",
    )


def _named(section: Section, key: str) -> dict[str, Section]:
    parts = section.sections(key)
    if not parts:
        section.fault("needs at least one", key=key)
    for name in parts:
        if not _NAME.fullmatch(name):
            section.fault("name must be lower case letters, digits and _", key=f"{key}.{name}")
    return parts


def _words(section: Section, key: str) -> Words:
    part = Section(section.file, section.key(key), section.raw.get(key, {}), section.faults)
    part.done(("vi", "en"))
    return Words(vi=part.text("vi"), en=part.text("en"))


def _age_limits(section: Section, references: References) -> tuple[int, int | None]:
    """Ages must be edges of age bands, because counts are kept per band and a band cannot be cut later."""
    starts = {band.age_from for band in references.age_bands}
    age_from = section.integer("age_from", high=130)
    age_to = section.integer("age_to", high=130)
    for key, age, edge in (
        ("age_from", age_from, age_from),
        ("age_to", age_to, None if age_to is None else age_to + 1),
    ):
        if edge is not None and edge not in starts:
            section.fault(
                "cuts an age band",
                key=key,
                value=age,
                expected="the edge of a band in age_bands.csv",
            )
    if age_from is None:
        section.fault("missing", key="age_from")
    return age_from or 0, age_to


def _event_set(condition: str, key: str, part: Section, references: References) -> EventSet:
    source = part.text("source", allowed=SOURCES)
    value_set: str | None = None
    thresholds: tuple[Threshold, ...] = ()
    if source in CODED_SOURCES:
        part.done(("source", "value_set", "origin"))
        value_set = part.text("value_set", allowed=list(references.systems))
        if references.systems.get(value_set, CODED_SOURCES[source]) != CODED_SOURCES[source]:
            part.fault(
                "value set of another coding system",
                key="value_set",
                value=value_set,
                expected=CODED_SOURCES[source],
            )
    elif source in VALUE_SOURCES:
        part.done(("source", "any_of", "all_of"))
        thresholds = _thresholds(part, source, references)
    else:
        part.done(("source",))
        if condition != RECORD and source in STATE_SOURCES:
            part.fault("source of the record's own definition only", key="source", value=source)
    return EventSet(
        name=f"{condition}.{key}",
        source=source,
        value_set=value_set,
        origin=part.optional_text("origin", allowed=ORIGINS) if source in CODED_SOURCES else None,
        thresholds=thresholds,
        match_all="all_of" in part.raw,
    )


def _thresholds(part: Section, source: str, references: References) -> tuple[Threshold, ...]:
    lists = [key for key in ("any_of", "all_of") if key in part.raw]
    if len(lists) != 1 or not isinstance(part.raw[lists[0]], list) or not part.raw[lists[0]]:
        part.fault(
            "needs a list of thresholds",
            key="any_of",
            expected="either any_of or all_of, not empty",
        )
        return ()
    rows = [
        Section(part.file, part.key(f"{lists[0]}[{number}]"), raw, part.faults)
        for number, raw in enumerate(part.raw[lists[0]])
    ]
    found = tuple(_threshold(row, source, references) for row in rows)
    _check_every_unit(part, source, found, references)
    return found


def _quantities(source: str, references: References) -> dict[str, str]:
    """Quantities a source can give, with their storage unit."""
    return DERIVED_UNITS.get(source) or {item.quantity: item.unit for item in references.quantities}


def _threshold(row: Section, source: str, references: References) -> Threshold:
    row.done(_THRESHOLD_KEYS)
    allowed = _quantities(source, references)
    quantity = row.text("quantity", allowed=list(allowed))
    units = reported_units(source, quantity, references.units) if quantity in allowed else []
    sex = row.optional_text("sex", allowed=list(SEXES))
    found = Threshold(
        quantity=quantity,
        unit=row.optional_text("unit", allowed=units),
        at_least=row.number("at_least"),
        below=row.number("below"),
        sex=SEXES.get(sex) if sex else None,
        age_from=row.integer("age_from", high=130),
        age_to=row.integer("age_to", high=130),
    )
    if (found.at_least is not None or found.below is not None) and found.unit is None:
        row.fault(
            "a limit needs the unit it is published in",
            key="unit",
            expected=suggest("", units),
        )
    if found.at_least is not None and found.below is not None and found.at_least >= found.below:
        row.fault("at_least must be under below", key="at_least", value=found.at_least)
    return found


def _check_every_unit(
    part: Section,
    source: str,
    thresholds: tuple[Threshold, ...],
    references: References,
) -> None:
    """A value in a reported unit without a threshold would count as measured and never as high."""
    allowed = _quantities(source, references)
    for quantity in sorted({limit.quantity for limit in thresholds if limit.unit} & allowed.keys()):
        given = {limit.unit for limit in thresholds if limit.quantity == quantity}
        absent = [unit for unit in reported_units(source, quantity, references.units) if unit not in given]
        if absent and None not in given:
            part.fault(
                f"{quantity} is also reported in {', '.join(absent)}",
                key="any_of",
                expected="a limit in every unit",
            )


def _clause(condition: str, key: str, part: Section, event_sets: Mapping[str, EventSet]) -> Clause:
    part.done(_CLAUSE_KEYS)
    event_set = part.text("event_set", allowed=list(event_sets))
    latest_of = part.optional_text("latest_of", allowed=list(event_sets))
    lasts = event_set in event_sets and event_sets[event_set].source == "insurance"
    days = part.integer("at_least_days", low=1, high=730 if lasts else 2, default=1) or 1
    kind = _kind(part, days, lasts=lasts, latest=latest_of is not None)
    if lasts and "lookback_days" not in part.raw:
        part.fault("days of cover are counted within a look-back", key="lookback_days")
    apart = part.integer("apart_at_least", low=1, default=1 if kind == "twice" else None)
    apart_most = part.integer("apart_at_most", low=1)
    if kind not in ("twice", "latest_two") and (apart is not None or apart_most is not None):
        part.fault(
            "only with at_least_days = 2",
            key="apart_at_most" if apart is None else "apart_at_least",
        )
    if apart is not None and apart_most is not None and apart > apart_most:
        part.fault("must not exceed apart_at_most", key="apart_at_least", value=apart)
    _check_points(
        part,
        kind,
        [event_sets[name] for name in (event_set, latest_of) if name and name in event_sets],
    )
    if part.flag("is_population") and (condition != RECORD or kind != "once"):
        part.fault(
            "only for a clause of one day of the record's own definition",
            key="is_population",
        )
    return Clause(
        name=f"{condition}.{key}",
        event_set=f"{condition}.{event_set}",
        kind=kind,
        latest_of=f"{condition}.{latest_of}" if latest_of else None,
        at_least_days=days,
        apart_at_least=apart,
        apart_at_most=apart_most,
        lookback_days=part.integer("lookback_days"),
        is_population=part.flag("is_population"),
    )


def _kind(part: Section, days: int, *, lasts: bool, latest: bool) -> str:
    """What a clause asks for, from the keys it has."""
    if part.flag("first") and (lasts or latest or days > 1):
        part.fault("the first event of all is one event", key="first")
    if lasts:
        return "covered"
    if latest:
        return "latest" if days == 1 else "latest_two"
    if part.flag("first"):
        return "first"
    return "once" if days == 1 else "twice"


def _check_points(part: Section, kind: str, used: list[EventSet]) -> None:
    for item in used:
        if kind not in ("once", "first", "covered") and item.source not in _POINT_SOURCES:
            part.fault(
                f"a {item.source} lasts; only single days can be {kind}",
                key="event_set",
                value=item.name,
            )


def _variant(condition: str, key: str, part: Section, clauses: Mapping[str, Clause]) -> Variant:
    part.done(("estimand", "denominator", "name", "description", "replaced_by", EXCLUDED, *ROLES))
    denominator = part.text("denominator", allowed=DENOMINATORS)
    measures = {role: _terms(condition, part, role, clauses) for role in ROLES if role in part.raw}
    _check_roles(part, condition, denominator, set(measures))
    return Variant(
        id=key,
        estimand=part.text("estimand", allowed=ESTIMANDS),
        denominator=denominator,
        name=_words(part, "name"),
        description=_words(part, "description"),
        measures=measures,
        excluded=_excluded(condition, part, clauses),
        replaced_by=part.optional_text("replaced_by"),
    )


def _excluded(condition: str, part: Section, clauses: Mapping[str, Clause]) -> tuple[Term, ...]:
    """People taken out of every measure of a variant: a list of single clauses, none of them negated."""
    terms = _terms(condition, part, EXCLUDED, clauses) if EXCLUDED in part.raw else ()
    if any(len(term) != 1 or any(literal.is_negated for literal in term) for term in terms):
        part.fault(
            "must be a list of single clauses", key=EXCLUDED, expected='like [["pregnant"], ["dialysis"]]'
        )
    return terms


def _check_roles(part: Section, condition: str, denominator: str, roles: set[str]) -> None:
    """Which measures a variant must and may have follows from its denominator."""
    if (denominator == "population") != (condition == RECORD):
        part.fault(
            f"population is the denominator of {RECORD} alone",
            key="denominator",
            value=denominator,
        )
        return
    required = set(POPULATION_ROLES) if condition == RECORD else {"case"}
    if denominator in ("assessed", "outcome_dependent"):
        required.add("assessed")
    allowed = required if condition == RECORD else required | {"indeterminate", KNOWN}
    if denominator == INSURED:
        allowed = {"assessed", "case", *CASCADE}
        required |= {AMONG[role] for role in roles & set(CASCADE)}
    for role in sorted(required - roles):
        part.fault(f"missing with denominator {denominator}", key=role)
    for role in sorted(roles - allowed):
        part.fault(f"not with denominator {denominator}", key=role)


def _terms(condition: str, part: Section, role: str, clauses: Mapping[str, Clause]) -> tuple[Term, ...]:
    raw = part.raw[role]
    if role == KNOWN and raw == []:
        return ()
    if not isinstance(raw, list) or not raw or not all(isinstance(term, list) and term for term in raw):
        part.fault(
            "must be a list of lists of clauses",
            key=role,
            value=raw,
            expected='like [["a"], ["b", "!c"]]',
        )
        return ()
    return tuple(frozenset(_literal(condition, part, role, word, clauses) for word in term) for term in raw)


def _literal(
    condition: str,
    part: Section,
    role: str,
    word: object,
    clauses: Mapping[str, Clause],
) -> Literal:
    name = str(word).removeprefix("!")
    if name not in clauses:
        part.fault("no such clause", key=role, value=str(word), expected=suggest(name, clauses))
    return Literal(f"{condition}.{name}", str(word).startswith("!"))


def _refuse_shared(section: Section, variants: list[Variant]) -> None:
    """What is known from claims is known of everybody, record or not; a clause cannot be counted both ways."""
    bare = {clause for item in variants for clause in bare_clauses(item)}
    others = {clause for item in variants for clause in every_clause(item) - bare_clauses(item)}
    for clause in sorted(bare & others):
        section.fault(
            "used for everybody insured and for people with a record", key=f"clauses.{clause.split('.')[1]}"
        )


def _refuse_unused(
    section: Section,
    event_sets: Mapping[str, EventSet],
    clauses: Mapping[str, Clause],
    variants: list[Variant],
) -> None:
    """What nothing uses is a slip, or costs time on every person for nothing."""
    used = {clause for item in variants for clause in every_clause(item)}
    read = {name for clause in clauses.values() for name in (clause.event_set, clause.latest_of)}
    for key, clause in clauses.items():
        if clause.name not in used:
            section.fault("no variant uses it", key=f"clauses.{key}")
    for key, item in event_sets.items():
        if item.name not in read:
            section.fault("no clause uses it", key=f"event_sets.{key}")
