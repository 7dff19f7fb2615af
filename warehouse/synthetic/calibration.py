"""The numbers the city is drawn from, read from ``calibration.toml`` and ``districts.csv`` and checked at load."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any, TypeVar

import numpy as np

from warehouse.errors import Defect
from warehouse.geography import districts
from warehouse.synthetic.parameters import (
    BodyMassIndex,
    ByAgeAndSex,
    Care,
    Contact,
    Decline,
    Districts,
    Enrolment,
    Kidney,
    Level,
    Living,
    Management,
    Period,
    Pressure,
    Reading,
    Sugar,
    Survey,
    Trend,
)
from warehouse.synthetic.scenario import DEFAULT, Switches, read_scenario

_Table = TypeVar("_Table")


@dataclass(frozen=True, eq=False)
class Calibration:
    """Everything that is set rather than drawn: the numbers of the city, and the switches of a scenario."""

    version: str
    scenario: str
    switches: Switches
    period: Period
    trend: Trend
    body_mass_index: BodyMassIndex
    pressure: Pressure
    sugar: Sugar
    decline: Decline
    cholesterol: Level
    kidney: Kidney
    contact: Contact
    hypertension: Management
    diabetes: Management
    reading: Reading
    people: Living
    care: Care
    enrolment: Enrolment
    survey: Survey
    sections: Mapping[str, float]
    target: Mapping[str, Mapping[str, float]]
    districts: Districts


_TABLES: Mapping[str, type] = {
    "period": Period,
    "trend": Trend,
    "body_mass_index": BodyMassIndex,
    "pressure": Pressure,
    "sugar": Sugar,
    "decline": Decline,
    "cholesterol": Level,
    "kidney": Kidney,
    "contact": Contact,
    "hypertension": Management,
    "diabetes": Management,
    "reading": Reading,
    "people": Living,
    "care": Care,
    "enrolment": Enrolment,
    "survey": Survey,
}
_FREE_TABLES = ("sections", "target")
_ABOUT = ("source", "confidence")


def calibration_text() -> str:
    """The file of the calibration as it is shipped."""
    return resources.files(__package__).joinpath("calibration.toml").read_text(encoding="utf-8")


def district_rows() -> list[dict[str, str]]:
    """The table of the districts as it is shipped, as words."""
    text = resources.files(__package__).joinpath("districts.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def calibration(scenario: str = DEFAULT) -> Calibration:
    """The calibration of this version under a scenario.

    Raises UserError for an unknown scenario, Defect naming everything that is wrong with the shipped files.
    """
    return read_calibration(tomllib.loads(calibration_text()), district_rows(), scenario)


def read_calibration(
    content: Mapping[str, Any], rows: list[dict[str, str]], scenario: str = DEFAULT
) -> Calibration:
    """A checked calibration from the content of the two files. Raises Defect with all faults at once."""
    faults = [*_faults_of_form(content), *_faults_of_districts(rows)]
    if not faults:
        faults = list(_faults_of_value(content))
    if faults:
        raise Defect("calibration of the synthetic city: " + "; ".join(faults))
    tables: dict[str, Any] = {name: _table(kind, content[name]) for name, kind in _TABLES.items()}
    tables |= {name: _numbers(content[name]) for name in _FREE_TABLES}
    return Calibration(
        version=content["version"],
        scenario=scenario,
        switches=read_scenario(scenario),
        districts=Districts(
            **{item.name: np.array([float(row[item.name]) for row in rows]) for item in fields(Districts)}
        ),
        **tables,
    )


def _numbers(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table without the words about it."""
    return {name: value for name, value in table.items() if name not in _ABOUT}


def _table(kind: type[_Table], table: Mapping[str, Any]) -> _Table:
    """A class of :mod:`parameters` from its table: lists are arrays, a pair of lists goes with the table's ages."""
    ages = np.array(table.get("ages", ()), dtype=float)

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            return ByAgeAndSex(ages, *(np.array(value[sex], dtype=float) for sex in ("male", "female")))
        return np.array(value, dtype=float) if isinstance(value, list) else value

    return kind(**{name: read(value) for name, value in _numbers(table).items() if name != "ages"})


def _faults_of_form(content: Mapping[str, Any]) -> Iterator[str]:
    """Tables and keys that are missing or unknown, tables that do not say where their numbers come from."""
    for name in [*_TABLES, *_FREE_TABLES]:
        if name not in content:
            yield f"[{name}] is missing"
            continue
        yield from (f"[{name}] does not say its {word}" for word in _ABOUT if not content[name].get(word))
        wanted = {item.name for item in fields(_TABLES[name])} if name in _TABLES else None
        if wanted is not None and (odd := wanted ^ (set(_numbers(content[name])) - {"ages"})):
            yield f"[{name}] {', '.join(sorted(odd))}: missing or unknown"


def _faults_of_districts(rows: list[dict[str, str]]) -> Iterator[str]:
    if [row["district_code"] for row in rows] != [item.code for item in districts()]:
        yield "districts.csv does not name the 22 districts in the order of their codes"
    for row in rows:
        for name in ("record_share", "completeness"):
            if not 0 < float(row[name]) < 1:
                yield f"districts.csv {row['district_code']} {name}: not between 0 and 1"


def _faults_of_value(content: Mapping[str, Any]) -> Iterator[str]:
    """Shares are shares, levels have an entry for every age, ages and years rise, targets do not fall."""
    for name in _TABLES:
        for key, value in content[name].items():
            ages = content[name].get("ages", ())
            if isinstance(value, dict) and any(
                len(value.get(sex, ())) != len(ages) for sex in ("male", "female")
            ):
                yield f"[{name}] {key}: not one number for each of the ages of men and women"
            if key in ("ages", "years") and value != sorted(set(value)):
                yield f"[{name}] {key} must rise"
    for name, share in _shares(content):
        if not 0 < share < 1:
            yield f"{name} = {share}: not between 0 and 1"
    if abs(sum(content["people"]["household_sizes"]) - 1) > 1e-9:
        yield "[people] household_sizes do not sum to 1"
    for phase, steps in _numbers(content["target"]).items():
        if list(steps.values()) != sorted(steps.values()):
            yield f"[target.{phase}] falls"


def _shares(content: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Everything that must lie between 0 and 1, with its name."""
    for name in _TABLES:
        for key, value in content[name].items():
            if key.endswith("_share") or key == "correlation":
                yield f"[{name}] {key}", value
            if key == "household_sizes":
                yield from ((f"[{name}] {key}", share) for share in value)
    yield from ((f"[sections] {key}", share) for key, share in _numbers(content["sections"]).items())
    for phase, steps in _numbers(content["target"]).items():
        yield from ((f"[target.{phase}] {key}", share) for key, share in steps.items())
