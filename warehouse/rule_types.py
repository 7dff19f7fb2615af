"""What a case definition consists of, as frozen dataclasses.

A *clause* is a set of days in which something holds for a person. A variant gives its measures in disjunctive
normal form: a list of *terms*, each a set of literals (a clause, or a clause that must not hold), and-ed; the
terms are or-ed. Everything here is pure: no file, no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

#: Where events come from -> the table the person SQL reads for it.
CODED_SOURCES = {"condition": "icd10", "medication": "atc"}
VALUE_SOURCES = ("measurement", "blood_pressure_day", "body_mass_index", "kidney_function", "child_growth")
#: Only in the record's own definition.
STATE_SOURCES = ("record", "presence", "register", "insurance")
SOURCES = (*CODED_SOURCES, *VALUE_SOURCES, *STATE_SOURCES, "pregnancy")

#: Quantities a derived source gives, and the only unit it gives them in.
DERIVED_UNITS = {
    "blood_pressure_day": {"systolic": "mm[Hg]", "diastolic": "mm[Hg]"},
    "body_mass_index": {"body_mass_index": "kg/m2"},
    "kidney_function": {"egfr": "mL/min/{1.73_m2}"},
    "child_growth": {"bmi_for_age": "{z}", "height_for_age": "{z}"},
}
SEXES = {"male": 1, "female": 2}
#: H1 comparison with surveys, H2 burden (design/statistics), population: people counted, not disease.
ESTIMANDS = ("H1", "H2", "population")
#: ``insured``: residents insured long enough for a known disease to have left a claim, record or not.
DENOMINATORS = ("record_holders", "assessed", "outcome_dependent", "insured", "population")
#: Roles of measures, in the order their ids are given.
ROLES = (
    "assessed", "case", "indeterminate", "known", "treated", "control_tested", "controlled", "record_holder",
    "resident", "insured",
)  # fmt: skip
#: The denominator above, also the role of the record that counts it.
INSURED = "insured"
#: The role each numerator is counted among. Control is strict: no reading is not controlled.
AMONG = {
    "case": "assessed",
    "indeterminate": "assessed",
    "treated": "case",
    "control_tested": "treated",
    "controlled": "treated",
}
#: Roles of the care cascade: of the diagnosed treated, of the treated tested and controlled.
CASCADE = ("treated", "control_tested", "controlled")
#: People to whom a variant does not apply that day; not a measure, taken out of every one.
EXCLUDED = "excluded"
POPULATION_ROLES = ("record_holder", "resident", "insured")
#: The measure of people known to have the condition from insurance claims: counted among residents, record or not.
KNOWN = "known"
#: Channels a diagnosis or a supply comes through, as the contracts name them.
ORIGINS = ("claim", "exam", "clinic", "self_declared")
RECORD = "record"


class Literal(NamedTuple):
    """A clause by its full name ``condition.clause``, or its absence."""

    clause: str
    is_negated: bool = False


Term = frozenset[Literal]
NO_TEST: tuple[Term, ...] = (frozenset(),)


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text in Vietnamese and English."""

    vi: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """``at_least <= value < below`` in ``unit`` (None: every unit the quantity is reported in), perhaps for
    one sex (1 male, 2 female) or ages on the day of the event (inclusive, completed years) only.
    """

    quantity: str
    unit: str | None = None
    at_least: float | None = None
    below: float | None = None
    sex: int | None = None
    age_from: int | None = None
    age_to: int | None = None


@dataclass(frozen=True, kw_only=True)
class EventSet:
    """Days of a person on which something was found. ``match_all``: every listed quantity must qualify that
    day. ``origin``: only what came through that channel.
    """

    name: str
    source: str
    value_set: str | None = None
    origin: str | None = None
    thresholds: tuple[Threshold, ...] = ()
    match_all: bool = False


@dataclass(frozen=True, kw_only=True)
class Clause:
    """When an event set makes something hold. ``kind``: ``once``, ``twice`` (two days apart), ``latest``
    (the latest day of ``latest_of`` is also a day of ``event_set``), ``latest_two`` (so are the latest two days,
    ``apart_at_most`` apart), ``first`` (the first event of all), ``covered`` (its spells cover at least
    ``at_least_days`` of the last ``lookback_days`` days). Days are inclusive; ``lookback_days`` None means ever.
    """

    name: str
    event_set: str
    kind: str
    latest_of: str | None = None
    at_least_days: int = 1
    apart_at_least: int | None = None
    apart_at_most: int | None = None
    lookback_days: int | None = None
    is_population: bool = False


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to define the condition; ``measures`` maps role to terms as written, before anything is
    distributed. ``excluded``: whoever meets a term is in none of them. ``replaced_by``: the variant that took its
    place in a later version; it stays queryable and is never recommended.
    """

    id: str
    estimand: str
    denominator: str
    name: Words
    description: Words
    measures: dict[str, tuple[Term, ...]]
    excluded: tuple[Term, ...] = ()
    replaced_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One TOML file. ``age_from`` and ``age_to`` are completed years, inclusive; ``document`` is the file as
    JSON.
    """

    id: str
    version: str
    reviewed: date
    source: str
    name: Words
    age_from: int
    age_to: int | None
    event_sets: tuple[EventSet, ...]
    clauses: tuple[Clause, ...]
    variants: tuple[Variant, ...]
    document: str


@dataclass(frozen=True, kw_only=True)
class ValueSetCode:
    """A code prefix of a value set: a recorded code belongs to the set when it begins with a prefix that is
    not excluded and with none that is.
    """

    value_set: str
    system: str
    code: str
    is_excluded: bool


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A measured quantity; limits in the storage ``unit``; ``holds_days``: how long the latest value is a
    state; ``bin_tenths``: width of the bins its distribution is counted in, in tenths of the unit (none: not counted);
    ``step_tenths``: steps in which it is written, 0 where it is worked out; none where people round it by hand, so that
    its mean cannot be had from bins;
    ``adult_low``, ``adult_high``: narrower limits where it is used for adults.
    """

    quantity: str
    unit: str
    plausible_low: float
    plausible_high: float
    holds_days: int | None
    bin_tenths: int | None
    step_tenths: int | None
    name: Words
    adult_low: float | None = None
    adult_high: float | None = None


@dataclass(frozen=True, kw_only=True)
class UnitRule:
    """``unit_written`` (as :func:`spell_unit`), with the value in ``[value_from, value_below)``, means
    ``unit``;
    ``value * factor + offset`` is the value in the storage unit of the quantity.
    """

    quantity: str
    unit_written: str
    value_from: float | None
    value_below: float | None
    unit: str
    factor: float
    offset: float
    is_inferred: bool


@dataclass(frozen=True, kw_only=True)
class LoincRule:
    """The quantity of a LOINC code; ``quantity_if_fasting`` where the row says the person was fasting."""

    loinc: str
    quantity: str
    quantity_if_fasting: str


@dataclass(frozen=True, kw_only=True)
class AgeBand:
    """``age_from`` is the first age of the band, -1 the band of unknown ages."""

    age_from: int
    label: str


def spell_unit(written: str) -> str:
    """Normal spelling of a unit as written, for look-up: no blanks, lower case. Only spelling, never
    meaning.
    """
    return "".join(written.split()).lower()
