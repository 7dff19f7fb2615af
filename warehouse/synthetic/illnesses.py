"""Illnesses that are events: one line of ``illnesses.csv`` each, a hazard on age, sex, traits, diabetes and income.

The hazard at age a is ``per_1000_at_50`` / 1000 x exp(slope (a - 50)) times the person's ratio, so the day it strikes
follows from one exponential draw. It is named by a doctor some months later. Kidney disease and raised cholesterol
are lines on traits instead; whether a doctor knows of them is drawn.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from warehouse.errors import Defect
from warehouse.synthetic.columns import NEVER, Ints, day_number
from warehouse.synthetic.parameters import Floats
from warehouse.synthetic.people import ADULT, YEAR, People
from warehouse.synthetic.processes import Courses

LOW_FILTRATION, HIGH_CHOLESTEROL = 60.0, 5.0
#: Years from the event to its first mention by a doctor, on average.
_NAMED_WITHIN = 0.3
#: Days from it to the first mention at the soonest.
_SOONEST = 7
#: Of low filtration and high cholesterol, the chance that a doctor of somebody of average contact has found it.
_FOUND = {"chronic_kidney_disease": 0.35, "dyslipidaemia": 0.30}


@dataclass(frozen=True)
class Illness:
    """A line of the file: ratios are logarithms; ``named_share`` of the visits afterwards say so."""

    illness: str
    icd10: tuple[str, ...]
    per_1000_at_50: float
    slope: float
    male: float
    per_10_mmhg: float
    per_bmi: float
    diabetic: float
    income: float
    named_share: float
    atc: str
    drug: str
    drug_share: float


@dataclass(frozen=True, eq=False)
class Struck:
    """By illness, for each person the day it struck and the day a doctor first named it (NEVER if not)."""

    onset_day: dict[str, Ints]
    named_day: dict[str, Ints]


@cache
def illnesses() -> tuple[Illness, ...]:
    """The file. Raises Defect naming a line whose numbers are none."""
    text = resources.files(__package__).joinpath("illnesses.csv").read_text(encoding="utf-8")
    try:
        return tuple(_illness(row) for row in csv.DictReader(text.splitlines()))
    except ValueError as error:
        raise Defect(f"illnesses.csv of the synthetic city: {error}") from error


def _illness(row: dict[str, str]) -> Illness:
    words: dict[str, Any] = {name: row[name] for name in ("illness", "atc", "drug")}
    words["icd10"] = tuple(row["icd10"].split(";"))
    words |= {item.name: float(row[item.name]) for item in fields(Illness) if item.name not in words}
    return Illness(**words)


def draw_illnesses(people: People, courses: Courses, rng: np.random.Generator) -> Struck:
    """Who is struck by what and when, and when it was named; only up to the end of the period."""
    end = day_number(courses.traits.settings.period.end)
    ratio = _ratios(people, courses)
    onset, named = {}, {}
    for item in illnesses():
        spent = rng.exponential(size=len(people)) * 1000.0 * item.slope
        grown = spent / (item.per_1000_at_50 * np.exp(ratio[item.illness])) + np.exp(-50.0 * item.slope)
        age = 50.0 + np.log(grown) / item.slope
        day = people.birth_day + (np.clip(age, 0.0, 150.0) * YEAR).astype(np.int64)
        months = rng.exponential(_NAMED_WITHIN * YEAR, len(people)) / np.maximum(courses.contact, 0.1)
        wait = _SOONEST + months.astype(np.int64)
        onset[item.illness] = np.where(day <= end, day, NEVER)
        named[item.illness] = np.where(day + wait <= end, day + wait, NEVER)
    return _with_lines(people, courses, Struck(onset, named), rng)


def _ratios(people: People, courses: Courses) -> dict[str, Floats]:
    """Logarithm of each person's hazard ratio, by illness, from the traits in the middle of the rollout."""
    settings, everyone = courses.traits.settings, np.arange(len(people), dtype=np.int64)
    day = np.full(len(people), day_number(settings.period.first_record), dtype=np.int64)
    pressure = courses.pressures(everyone, day)[0] - 120.0
    heavy, sweet = courses.traits.heaviness(everyone, day), courses.has_diabetes(everyone, day)
    return {
        item.illness: item.male * ~people.is_female
        + item.per_10_mmhg * np.clip(pressure, -30.0, 60.0) / 10.0
        + item.per_bmi * heavy
        + item.diabetic * sweet
        + item.income * people.income
        for item in illnesses()
    }


def _with_lines(people: People, courses: Courses, struck: Struck, rng: np.random.Generator) -> Struck:
    """Kidney disease and raised cholesterol that a doctor knows of, since some day of the period."""
    settings, everyone = courses.traits.settings, np.arange(len(people), dtype=np.int64)
    first, end = day_number(settings.period.first_visit), day_number(settings.period.end)
    day = np.full(len(people), first, dtype=np.int64)
    adult = people.age >= ADULT
    has = {
        "chronic_kidney_disease": courses.traits.kidney_function(everyone, day) < LOW_FILTRATION,
        "dyslipidaemia": courses.traits.total_cholesterol(everyone, day) >= HIGH_CHOLESTEROL,
    }
    named = dict(struck.named_day)
    for name, share in _FOUND.items():
        found = adult & has[name] & (rng.random(len(people)) < 1 - (1 - share) ** courses.contact)
        since = rng.integers(first - 700, end, len(people))
        named[name] = np.where(found, since, NEVER)
    return Struck(struck.onset_day, named)
