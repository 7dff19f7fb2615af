"""Height and body mass index of children by the growth tables of WHO (warehouse/units/growth.csv)."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

import numpy as np

from warehouse.synthetic.columns import Bools
from warehouse.synthetic.parameters import Floats

#: Pupils of the city are heavier than the standard: by how much of a z-score, and how much wider they are spread
#: (school surveys of the city: overweight and obese 37 to 44 %).
_HEAVIER, _HEAVIER_SPREAD = 0.75, 1.25
_LARGEST_Z = 3.2


def grown(age: Floats, is_female: Bools, stature: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Height (cm) and body mass index (kg/m2) at ``age`` (years, up to 19) of people with these standard deviates."""
    height = _value("height_for_age", age, is_female, stature)
    return height, _value("bmi_for_age", age, is_female, mass * _HEAVIER_SPREAD + _HEAVIER)


def adult_height(is_female: Bools, stature: Floats) -> Floats:
    """Height (cm) where the table ends, at 19."""
    return _value("height_for_age", np.full(len(stature), 19.0), is_female, stature)


def _value(indicator: str, age: Floats, is_female: Bools, score: Floats) -> Floats:
    """The value that has a z-score: M (1 + L S z)^(1/L)."""
    month = np.clip(age * 12.0, 0, 228)
    found = np.empty(len(age))
    for sex, rows in (("male", ~is_female), ("female", is_female)):
        months, skew, median, spread = _table(indicator, sex)
        power, middle, share = (np.interp(month[rows], months, column) for column in (skew, median, spread))
        z = np.clip(score[rows], -_LARGEST_Z, _LARGEST_Z)
        base = np.maximum(1 + power * share * z, 0.05)
        found[rows] = middle * np.where(
            np.abs(power) < 1e-6, np.exp(share * z), base ** (1 / np.where(power == 0, 1, power))
        )
    return found


@cache
def _table(indicator: str, sex: str) -> tuple[Floats, Floats, Floats, Floats]:
    """Months, L, M and S of an indicator and sex."""
    text = resources.files("warehouse.units").joinpath("growth.csv").read_text(encoding="utf-8")
    rows = [
        row for row in csv.DictReader(text.splitlines()) if (row["indicator"], row["sex"]) == (indicator, sex)
    ]
    columns = (np.array([float(row[name]) for row in rows]) for name in ("age_months", "l", "m", "s"))
    months, skew, median, spread = columns
    return months, skew, median, spread
