"""The numbers the city is drawn from, read from ``calibration.toml`` and ``districts.csv`` and checked at load."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.errors import Defect
from warehouse.geography import districts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Disease:
    """True prevalence at the start ages of its bands (shares), slopes on the logit, and the cascade of care."""

    age_from: Floats
    prevalence: Floats
    male: float
    body_mass_index: float
    hypertension: float
    aware: float
    treated: float
    controlled: float


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
    first_visit: date
    first_record: date
    end: date
    hypertension: Disease
    diabetes: Disease
    body_mass_index: Mapping[str, float]
    reading: Mapping[str, float]
    enrolment: Mapping[str, float]
    target: Mapping[str, Mapping[str, float]]
    sections: Mapping[str, float]
    districts: Districts


@cache
def calibration() -> Calibration:
    """The calibration of this version. Raises Defect naming what is out of range."""
    folder = resources.files(__package__)
    content = tomllib.loads(folder.joinpath("calibration.toml").read_text(encoding="utf-8"))
    rows = list(csv.DictReader(folder.joinpath("districts.csv").read_text(encoding="utf-8").splitlines()))
    if [row["district_code"] for row in rows] != [item.code for item in districts()]:
        raise Defect("synthetic/districts.csv does not name the 22 districts in the order of their codes")
    period = content["period"]
    found = Calibration(
        version=content["version"],
        first_visit=period["first_visit"],
        first_record=period["first_record"],
        end=period["end"],
        hypertension=_disease(content["hypertension"]),
        diabetes=_disease(content["diabetes"]),
        body_mass_index=content["body_mass_index"],
        reading=content["reading"],
        enrolment=content["enrolment"],
        target=content["target"],
        sections=content["sections"],
        districts=Districts(
            **{
                name: np.array([float(row[name]) for row in rows])
                for name in rows[0]
                if name != "district_code"
            }
        ),
    )
    _check(found)
    return found


def _disease(table: Mapping[str, Any]) -> Disease:
    return Disease(
        age_from=np.array(table["age_from"], dtype=float),
        prevalence=np.array(table["prevalence"], dtype=float),
        hypertension=float(table.get("hypertension", 0.0)),
        **{
            name: float(table[name]) for name in ("male", "body_mass_index", "aware", "treated", "controlled")
        },
    )


def _check(found: Calibration) -> None:
    """Shares are shares, prevalence rises with age (the onset needs it), targets do not fall."""
    for name, disease in (("hypertension", found.hypertension), ("diabetes", found.diabetes)):
        if len(disease.age_from) != len(disease.prevalence) or np.any(np.diff(disease.prevalence) <= 0):
            raise Defect(f"calibration.toml: prevalence of {name} must rise from band to band")
    shares = [*found.sections.values(), *found.districts.record_share, *found.districts.completeness]
    shares += [share for phase in found.target.values() for share in phase.values()]
    if not all(0 < share < 1 for share in shares):
        raise Defect("calibration: a share is not between 0 and 1")
    for phase, steps in found.target.items():
        if list(steps.values()) != sorted(steps.values()):
            raise Defect(f"calibration.toml: the target of {phase} falls")
