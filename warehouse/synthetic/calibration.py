"""The numbers the city is drawn from, read from ``calibration.toml`` and ``districts.csv`` and checked at load."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from warehouse.errors import Defect
from warehouse.geography import districts

Floats = NDArray[np.float64]
_Table = TypeVar("_Table")


@dataclass(frozen=True)
class Period:
    """First day of visits, first day of records, last day of everything."""

    first_visit: date
    first_record: date
    end: date


@dataclass(frozen=True)
class Disease:
    """True prevalence at the start ages of its bands (shares), slopes on the logit, and the cascade of care."""

    age_from: Floats
    prevalence: Floats
    male: float
    body_mass_index: float
    other_disease: float
    aware: float
    treated: float
    controlled: float


@dataclass(frozen=True)
class Pressure:
    """How usual pressure (mmHg) moves with the liability of hypertension."""

    systolic_per_logit: float
    diastolic_per_logit: float
    systolic_lags_share_at_20: float
    systolic_lags_share_at_75: float
    systolic_lag: float
    diastolic_lag_at_20: float
    diastolic_lag_at_75: float


@dataclass(frozen=True)
class Sugar:
    """How usual glucose (mmol/L) and HbA1c (%) move with the liability of diabetes."""

    below_depth: float
    below_reach: float
    above_slope: float
    hba1c_ratio: float
    lag_mean: float


@dataclass(frozen=True)
class BodyMassIndex:
    """Of adults, kg/m2."""

    mean: float
    sd: float
    male_under_45: float


@dataclass(frozen=True)
class Reading:
    """Readings around the usual pressure, mmHg."""

    visit_sd_systolic: float
    visit_sd_diastolic: float
    within_sd_systolic: float
    within_sd_diastolic: float
    first_is_higher: float
    rounded_share: float
    home_is_lower: float


@dataclass(frozen=True)
class Living:
    """Households (share of each size from 1 up), insurance, deaths and moves over the period, vulnerable groups."""

    household_sizes: Floats
    insured_of_working_age_share: float
    insured_of_others_share: float
    death_at_birth: float
    death_per_year_of_age: float
    leaves_young_share: float
    leaves_other_share: float
    born_here_share: float
    pregnant_share: float
    poor_household_share: float
    disabled_share: float


@dataclass(frozen=True)
class Care:
    """How often people are seen, and what a visit leaves behind."""

    visits_a_year: float
    visits_a_year_per_year_of_age: float
    visits_a_year_if_diagnosed: float
    regular_share: float
    days_between_supplies: float
    without_record_share: float
    measured_with_record_share: float
    measured_without_record_share: float
    opened_with_exam_share: float
    inpatient_share: float
    home_device_share: float


@dataclass(frozen=True)
class Survey:
    """Fieldwork, and how many adults are drawn: about ``people``, at most a share of all residents."""

    first_day: date
    last_day: date
    people: int
    largest_share: float


@dataclass(frozen=True)
class Enrolment:
    """Logits of the groups of the plan beside the rest, and of being ill at equal group; rare fates of records."""

    over_50: float
    underlying_condition: float
    pregnant: float
    child: float
    ill: float
    second_record_share: float
    closed_share: float


@dataclass(frozen=True)
class Districts:
    """One number per district, in the order of the codes. ``record_share``: living residents with a record at the end.

    ``pace`` above 1 is earlier; ``age_tilt`` above 0 is older; ``completeness`` is a share of the best.
    """

    record_share: Floats
    pace: Floats
    tilt_hypertension: Floats
    tilt_diabetes: Floats
    tilt_bmi: Floats
    age_tilt: Floats
    completeness: Floats


@dataclass(frozen=True)
class Calibration:
    """Everything that is set rather than drawn."""

    version: str
    period: Period
    hypertension: Disease
    diabetes: Disease
    pressure: Pressure
    sugar: Sugar
    body_mass_index: BodyMassIndex
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
    "hypertension": Disease,
    "diabetes": Disease,
    "pressure": Pressure,
    "sugar": Sugar,
    "body_mass_index": BodyMassIndex,
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
def calibration() -> Calibration:
    """The calibration of this version. Raises Defect naming everything that is wrong with the shipped files."""
    return read_calibration(tomllib.loads(calibration_text()), district_rows())


def read_calibration(content: Mapping[str, Any], rows: list[dict[str, str]]) -> Calibration:
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
        districts=Districts(
            **{item.name: np.array([float(row[item.name]) for row in rows]) for item in fields(Districts)}
        ),
        **tables,
    )


def _numbers(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table without the words about it."""
    return {name: value for name, value in table.items() if name not in _ABOUT}


def _table(kind: type[_Table], table: Mapping[str, Any]) -> _Table:
    values = {
        name: np.array(value, dtype=float) if isinstance(value, list) else value
        for name, value in _numbers(table).items()
    }
    return kind(**values)


def _faults_of_form(content: Mapping[str, Any]) -> Iterator[str]:
    """Tables and keys that are missing or unknown, tables that do not say where their numbers come from."""
    for name in [*_TABLES, *_FREE_TABLES]:
        if name not in content:
            yield f"[{name}] is missing"
            continue
        yield from (f"[{name}] does not say its {word}" for word in _ABOUT if not content[name].get(word))
        wanted = {item.name for item in fields(_TABLES[name])} if name in _TABLES else None
        if wanted is not None and (odd := wanted ^ set(_numbers(content[name]))):
            yield f"[{name}] {', '.join(sorted(odd))}: missing or unknown"


def _faults_of_districts(rows: list[dict[str, str]]) -> Iterator[str]:
    if [row["district_code"] for row in rows] != [item.code for item in districts()]:
        yield "districts.csv does not name the 22 districts in the order of their codes"
    for row in rows:
        for name in ("record_share", "completeness"):
            if not 0 < float(row[name]) < 1:
                yield f"districts.csv {row['district_code']} {name}: not between 0 and 1"


def _faults_of_value(content: Mapping[str, Any]) -> Iterator[str]:
    """Shares are shares, prevalence rises with age (the onset needs it), targets do not fall."""
    for name in ("hypertension", "diabetes"):
        bands = content[name]
        if len(bands["age_from"]) != len(bands["prevalence"]) or np.any(np.diff(bands["prevalence"]) <= 0):
            yield f"[{name}] prevalence must rise from band to band"
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
            if key.endswith("_share") or key in ("aware", "treated", "controlled"):
                yield f"[{name}] {key}", value
            if key in ("prevalence", "household_sizes"):
                yield from ((f"[{name}] {key}", share) for share in value)
    yield from ((f"[sections] {key}", share) for key, share in _numbers(content["sections"]).items())
    for phase, steps in _numbers(content["target"]).items():
        yield from ((f"[target.{phase}] {key}", share) for key, share in steps.items())
