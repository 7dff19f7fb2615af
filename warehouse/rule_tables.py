"""Case definitions as the small tables the person SQL joins with: the only way a medical value reaches SQL.

Grain and meaning of every table stand at the function that makes it. Ids are small integers in the order of
the definitions; they are stable within a build, names are what to keep across builds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

import polars as pl

from warehouse.rule_measures import Measure
from warehouse.rule_types import (
    CODED_SOURCES,
    DERIVED_UNITS,
    KNOWN,
    AgeBand,
    Condition,
    EventSet,
    LoincRule,
    Quantity,
    UnitRule,
    ValueSetCode,
    Variant,
)

OLDEST = 130


def measure_table(found: Iterable[Measure]) -> pl.DataFrame:
    """``rule_measure`` (= mart_measure): one measure; ages are completed years, inclusive."""
    schema = {
        "measure_id": pl.Int16,
        "condition": pl.String,
        "variant": pl.String,
        "role": pl.String,
        "denominator_id": pl.Int16,
        "age_from": pl.Int16,
        "age_to": pl.Int16,
        "outcome_dependent": pl.Boolean,
    }
    return _frame([[getattr(measure, name) for name in schema] for measure in found], schema)


def frame_table(found: Sequence[Measure], conditions: Iterable[Condition]) -> pl.DataFrame:
    """``rule_frame``: one variant that says who is known from claims, with the measures of its roles.

    ``measure_id`` is that of its cases; ``known_id`` is NULL where nobody can be known from claims.
    """
    ids = {(item.condition, item.variant, item.role): item.measure_id for item in found}
    rows = [
        (
            ids[condition.id, variant.id, "case"],
            ids[condition.id, variant.id, "assessed"],
            ids.get((condition.id, variant.id, "indeterminate")),
            ids.get((condition.id, variant.id, KNOWN)),
        )
        for condition in conditions
        for variant in condition.variants
        if KNOWN in variant.measures
    ]
    names = ("measure_id", "assessed_id", "indeterminate_id", "known_id")
    return _frame(rows, dict.fromkeys(names, pl.Int16))


def channel_table(
    found: Sequence[Measure], conditions: Iterable[Condition], quantities: Sequence[Quantity]
) -> pl.DataFrame:
    """``rule_channel``: quantities whose readings assess under a definition of ``rule_frame``, and for how long."""
    holds = {item.quantity: item.holds_days or 0 for item in quantities}
    ids = {(item.condition, item.variant, item.role): item.measure_id for item in found}
    rows: dict[tuple[int, str], int] = {}
    for condition in conditions:
        clauses = {item.name: item for item in condition.clauses}
        limits = {item.name: item.thresholds for item in condition.event_sets}
        for variant in condition.variants:
            for clause in _assessing(variant):
                for limit in limits[clauses[clause].event_set]:
                    quantity = "weight" if limit.quantity == "body_mass_index" else limit.quantity
                    key = ids[condition.id, variant.id, "case"], quantity
                    days = clauses[clause].lookback_days or holds[quantity]
                    rows[key] = max(rows.get(key, 0), days)
    schema = {"measure_id": pl.Int16, "quantity": pl.String, "lookback_days": pl.Int32}
    return _frame([(*key, days) for key, days in rows.items()], schema)


def _assessing(variant: Variant) -> list[str]:
    """Clauses of the tests of a variant that the frame counts."""
    terms = variant.measures.get("assessed", ()) if KNOWN in variant.measures else ()
    return sorted({literal.clause for term in terms for literal in term if not literal.is_negated})


def definition_table(conditions: Iterable[Condition]) -> pl.DataFrame:
    """``rule_definition`` (= mart_definition): one variant in words, with the whole definition as JSON."""
    rows = [
        (
            condition.id,
            variant.id,
            condition.version,
            variant.estimand,
            variant.name.vi,
            variant.name.en,
            variant.description.vi,
            variant.description.en,
            condition.source,
            variant.denominator,
            condition.document,
        )
        for condition in conditions
        for variant in condition.variants
    ]
    names = (
        "condition variant version estimand name_vi name_en description_vi description_en source denominator"
    )
    return _frame(rows, dict.fromkeys([*names.split(), "definition_json"], pl.String))


def clause_table(
    conditions: Sequence[Condition], set_ids: dict[str, int], clause_ids: dict[str, int]
) -> pl.DataFrame:
    """``rule_clause``: one clause; days inclusive, ``lookback_days`` and ``apart_at_most`` NULL mean without
    end.
    """
    rows = [
        (
            clause_ids[clause.name],
            clause.name,
            set_ids[clause.event_set],
            clause.event_set,
            clause.kind,
            set_ids[clause.latest_of] if clause.latest_of else None,
            clause.latest_of,
            clause.at_least_days,
            clause.apart_at_least,
            clause.apart_at_most,
            clause.lookback_days,
        )
        for condition in conditions
        for clause in condition.clauses
    ]
    schema = {
        "clause_id": pl.Int16,
        "clause": pl.String,
        "event_set_id": pl.Int16,
        "event_set": pl.String,
        "kind": pl.String,
        "latest_of_id": pl.Int16,
        "latest_of": pl.String,
        "at_least_days": pl.Int16,
        "apart_at_least": pl.Int32,
        "apart_at_most": pl.Int32,
        "lookback_days": pl.Int32,
    }
    return _frame(rows, schema)


def event_set_tables(
    event_sets: Sequence[EventSet],
    codes: Sequence[ValueSetCode],
    units: Sequence[UnitRule],
    set_ids: dict[str, int],
) -> dict[str, pl.DataFrame]:
    """``rule_event_set``: one event set; a day counts when the bits of its thresholds met cover
    ``required_bits``; ``origin`` NULL takes every channel.
    ``rule_value_set``: one code prefix of a coded event set (prefix match; excluded prefixes win).
    """
    sets = [
        (set_ids[item.name], item.name, item.source, item.origin, _required_bits(item)) for item in event_sets
    ]
    set_schema = {
        "event_set_id": pl.Int16,
        "event_set": pl.String,
        "source": pl.String,
        "origin": pl.String,
        "required_bits": pl.Int32,
    }
    coded = [
        (set_ids[item.name], item.name, item.source, code.code, code.is_excluded)
        for item in event_sets
        for code in codes
        if item.source in CODED_SOURCES and code.value_set == item.value_set
    ]
    code_schema = {
        "event_set_id": pl.Int16,
        "event_set": pl.String,
        "source": pl.String,
        "code": pl.String,
        "is_excluded": pl.Boolean,
    }
    return {
        "rule_event_set": _frame(sets, set_schema),
        "rule_value_set": _frame(coded, code_schema),
        "rule_threshold": _threshold_table(event_sets, units, set_ids),
    }


def _quantities(item: EventSet) -> list[str]:
    return sorted({threshold.quantity for threshold in item.thresholds})


def _required_bits(item: EventSet) -> int:
    """With ``match_all`` one bit per quantity, all required; otherwise every threshold carries bit 1."""
    return (1 << len(_quantities(item))) - 1 if item.match_all else 1


def _threshold_table(
    event_sets: Sequence[EventSet], units: Sequence[UnitRule], set_ids: dict[str, int]
) -> pl.DataFrame:
    """``rule_threshold``: one threshold in one reported unit; NULL bounds do not bound."""
    rows = [
        (set_ids[item.name], item.name, item.source, limit.quantity, unit, limit.at_least, limit.below,
        limit.sex,
         limit.age_from, limit.age_to, 1 << _quantities(item).index(limit.quantity) if item.match_all else 1)
        for item in event_sets
        for limit in item.thresholds
        for unit in ([limit.unit] if limit.unit else reported_units(item.source, limit.quantity, units))
    ]  # fmt: skip
    schema = {
        "event_set_id": pl.Int16,
        "event_set": pl.String,
        "source": pl.String,
        "quantity": pl.String,
        "unit": pl.String,
        "at_least": pl.Float64,
        "below": pl.Float64,
        "sex": pl.Int8,
        "age_from": pl.Int16,
        "age_to": pl.Int16,
        "quantity_bit": pl.Int32,
    }
    return _frame(rows, schema)


def reported_units(source: str, quantity: str, units: Sequence[UnitRule]) -> list[str]:
    """Units in which values of a quantity reach the thresholds, sorted: those reported, or the one of a
    derived source.
    """
    if source in DERIVED_UNITS:
        return [DERIVED_UNITS[source][quantity]]
    return sorted({rule.unit for rule in units if rule.quantity == quantity})


def unit_tables(
    quantities: Sequence[Quantity],
    units: Sequence[UnitRule],
    loinc: Sequence[LoincRule],
    bands: Sequence[AgeBand],
) -> dict[str, pl.DataFrame]:
    """``rule_quantity``, ``rule_unit`` (``offset_``, a keyword without the dash), ``rule_loinc``,
    ``rule_age_band``.
    """
    unit_schema = {
        "quantity": pl.String,
        "unit_written": pl.String,
        "value_from": pl.Float64,
        "value_below": pl.Float64,
        "unit": pl.String,
        "factor": pl.Float64,
        "offset_": pl.Float64,
        "is_inferred": pl.Boolean,
    }
    loinc_schema = dict.fromkeys(("loinc", "quantity", "quantity_if_fasting"), pl.String)
    return {
        "rule_quantity": _quantity_table(quantities),
        "rule_unit": _frame([tuple(asdict(rule).values()) for rule in units], unit_schema),
        "rule_loinc": _frame([tuple(asdict(rule).values()) for rule in loinc], loinc_schema),
        "rule_age_band": _frame(
            list(_ages(bands)),
            {"age": pl.Int16, "age_from": pl.Int16, "label": pl.String},
        ),
    }


def _quantity_table(quantities: Sequence[Quantity]) -> pl.DataFrame:
    schema = {
        "quantity": pl.String,
        "unit": pl.String,
        "plausible_low": pl.Float64,
        "plausible_high": pl.Float64,
        "adult_low": pl.Float64,
        "adult_high": pl.Float64,
        "holds_days": pl.Int32,
        "bin_tenths": pl.Int32,
        "step_tenths": pl.Int32,
        "name_vi": pl.String,
        "name_en": pl.String,
    }
    rows = [
        (
            q.quantity,
            q.unit,
            q.plausible_low,
            q.plausible_high,
            q.plausible_low if q.adult_low is None else q.adult_low,
            q.plausible_high if q.adult_high is None else q.adult_high,
            q.holds_days,
            q.bin_tenths,
            q.step_tenths,
            q.name.vi,
            q.name.en,
        )
        for q in quantities
    ]
    return _frame(rows, schema)


def _ages(bands: Sequence[AgeBand]) -> Iterator[tuple[int, int, str]]:
    """Each single age 0..130, and -1 for an unknown one, with the band it lies in."""
    for age in range(-1, OLDEST + 1):
        band = max(
            (item for item in bands if item.age_from <= age),
            key=lambda item: item.age_from,
        )
        yield age, band.age_from, band.label


def _frame(
    rows: Sequence[Sequence[object]], schema: Mapping[str, pl.DataType | type[pl.DataType]]
) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema), orient="row")
