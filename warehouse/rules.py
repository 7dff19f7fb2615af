"""Case definitions, value sets and units: loaded from data files, checked together, given out as rule tables.

A new disease is one TOML file in ``case_definitions/`` and its CSV in ``value_sets/``: no Python, no SQL.
Every fault in every file is found in one pass and raised as one :class:`Faults` with file, key and the
nearest right name.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any

import polars as pl

from warehouse import rule_definitions, rule_measures, rule_references, rule_studies, rule_tables, rule_terms
from warehouse.errors import Fault, Faults
from warehouse.rule_files import Section
from warehouse.rule_measures import Measure
from warehouse.rule_physiology import Physiology
from warehouse.rule_studies import Studies
from warehouse.rule_types import (
    KNOWN,
    RECORD,
    AgeBand,
    Condition,
    LoincRule,
    Quantity,
    UnitRule,
    ValueSetCode,
)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All definitions of a build. The record comes first, then conditions by name."""

    conditions: tuple[Condition, ...]
    value_sets: tuple[ValueSetCode, ...]
    quantities: tuple[Quantity, ...]
    units: tuple[UnitRule, ...]
    loinc: tuple[LoincRule, ...]
    age_bands: tuple[AgeBand, ...]
    physiology: Physiology
    studies: Studies

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        return rule_measures.measures(self.conditions)

    @property
    def corrected(self) -> tuple[str, ...]:
        """Definitions whose estimates are corrected to all residents, like ``hypertension/recommended``."""
        return tuple(
            f"{condition.id}/{variant.id}"
            for condition in self.conditions
            for variant in condition.variants
            if KNOWN in variant.measures
        )

    def only(self, names: Sequence[str]) -> Rules:
        """The rules of some conditions (and of the record, which all need): for measuring what they cost.

        Not for publication: groups of the plan, other known disease and combinations ask for all of them.
        """
        wanted = frozenset(names)
        return replace(
            self,
            conditions=tuple(item for item in self.conditions if item.id == RECORD or item.id in wanted),
            studies=self.studies.only(wanted),
        )

    def tables(self) -> dict[str, pl.DataFrame]:
        """Every ``rule_`` table by name, apart from the calendar, which depends on the dates of a build."""
        event_sets = [item for condition in self.conditions for item in condition.event_sets]
        clauses = [clause.name for condition in self.conditions for clause in condition.clauses]
        set_ids = {item.name: number for number, item in enumerate(event_sets, start=1)}
        clause_ids = {name: number for number, name in enumerate(clauses, start=1)}
        return {
            **rule_tables.event_set_tables(event_sets, self.value_sets, self.units, set_ids),
            "rule_clause": rule_tables.clause_table(self.conditions, set_ids, clause_ids),
            "rule_measure": rule_tables.measure_table(self.measures),
            "rule_frame": rule_tables.frame_table(self.measures, self.conditions),
            "rule_channel": rule_tables.channel_table(self.measures, self.conditions, self.quantities),
            **rule_terms.term_tables(self.measures, self.conditions, clause_ids),
            "rule_definition": rule_tables.definition_table(self.conditions),
            **rule_tables.unit_tables(self.quantities, self.units, self.loinc, self.age_bands),
            **self.physiology.tables(),
            **self.studies.tables(self.measures, self.age_bands, set_ids),
        }


@cache
def load_rules() -> Rules:
    """The rules of this installation. Raises :class:`Faults` naming every fault in every file."""
    return parse_rules(
        definitions=_texts("case_definitions", ".toml"),
        value_sets=_texts("value_sets", ".csv"),
        units=_texts("units", ".csv"),
    )


def _texts(folder: str, suffix: str) -> dict[str, str]:
    place = resources.files("warehouse") / folder
    names = sorted(item.name for item in place.iterdir() if item.name.endswith(suffix))
    return {name: (place / name).read_text(encoding="utf-8") for name in names}


def parse_rules(
    *,
    definitions: Mapping[str, str],
    value_sets: Mapping[str, str],
    units: Mapping[str, str],
) -> Rules:
    """Rules from texts by file name; the pure half of :func:`load_rules`. Raises :class:`Faults`."""
    faults: list[Fault] = []
    references = rule_references.parse(units, value_sets, faults)
    conditions = []
    for file, text in definitions.items():
        raw = _toml(file, text, faults)
        if raw is not None:
            found = rule_definitions.parse(Section(file, "", raw, faults), references)
            conditions.append(_with_document(found, raw))
    studies = rule_studies.parse(units, conditions, references.age_bands, faults)
    _check_together(conditions, faults)
    if faults:
        raise Faults(faults)
    rules = Rules(
        conditions=tuple(sorted(conditions, key=lambda item: (item.id != RECORD, item.id))),
        value_sets=references.codes,
        quantities=references.quantities,
        units=references.units,
        loinc=references.loinc,
        age_bands=references.age_bands,
        physiology=references.physiology,
        studies=studies,
    )
    _check_measures(rules.measures)
    return rules


def _toml(file: str, text: str, faults: list[Fault]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(Fault(message=f"not valid TOML: {error}", file=file))
        return None


def _with_document(condition: Condition, raw: dict[str, Any]) -> Condition:
    document = json.dumps(raw, default=str, ensure_ascii=False, sort_keys=True)
    return Condition(**{**vars(condition), "document": document})


def _check_together(conditions: Sequence[Condition], faults: list[Fault]) -> None:
    """What no file can get wrong alone: the population every other definition needs."""
    if not any(clause.is_population for item in conditions if item.id == RECORD for clause in item.clauses):
        faults.append(
            Fault(
                message="no population: every measure is counted among people with a live record",
                file=f"{RECORD}.toml",
                field="clauses",
                expected="at least one clause with is_population = true",
            )
        )


def _check_measures(measures: Sequence[Measure]) -> None:
    """A numerator that contradicts its denominator can never hold; that is a slip, not a definition."""
    empty = [measure for measure in measures if not measure.terms]
    if empty:
        raise Faults(
            Fault(
                message="can never hold together with its denominator",
                file=f"{measure.condition}.toml",
                field=f"variants.{measure.variant}.{measure.role}",
            )
            for measure in empty
        )
