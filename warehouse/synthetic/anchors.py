"""Published surveys that the city reproduces: the same people asked and measured in the same way (``anchors.csv``).

    python -m warehouse.synthetic.anchors [SCENARIO]      prints the table: published, interval, what the city gives

A survey of an earlier year sees the people of today as they were then. Nobody is drawn: all who are of that age are
seen, so what is left is the city's own difference and not a sample's.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

import numpy as np

from warehouse.geography import districts
from warehouse.synthetic.calibration import Calibration, calibration
from warehouse.synthetic.columns import Bools, Ints, day_number
from warehouse.synthetic.illnesses import HIGH_CHOLESTEROL
from warehouse.synthetic.one_visit import fasting_glucose, raised_glucose, raised_pressure
from warehouse.synthetic.people import draw_people
from warehouse.synthetic.processes import LINE_GLUCOSE, Courses, draw_courses
from warehouse.synthetic.scenario import DEFAULT
from warehouse.synthetic.traits import draw_traits

_SEED, _PEOPLE = 20150915, 200_000
_PREDIABETES, _OVERWEIGHT = 5.6, 25.0


@dataclass(frozen=True)
class Anchor:
    """One published result, in per cent, with the interval the city has to meet."""

    anchor: str
    measure: str
    on: date
    age_from: int
    age_to: int
    sex: str
    district_code: str
    value: float
    lower: float
    upper: float
    interval: str
    source: str


@dataclass(frozen=True)
class Reached:
    """What the city gives for an anchor, in per cent."""

    anchor: Anchor
    found: float

    @property
    def is_met(self) -> bool:
        """Whether it lies in the interval."""
        return self.anchor.lower <= self.found <= self.anchor.upper


def anchors() -> tuple[Anchor, ...]:
    """The file."""
    text = resources.files(__package__).joinpath("anchors.csv").read_text(encoding="utf-8")
    return tuple(_anchor(row) for row in csv.DictReader(text.splitlines()))


def _anchor(row: dict[str, Any]) -> Anchor:
    numbers: dict[str, Any] = {name: float(row[name]) for name in ("value", "lower", "upper")}
    ages: dict[str, Any] = {name: int(row[name]) for name in ("age_from", "age_to")}
    return Anchor(**{**row, **numbers, **ages, "on": date.fromisoformat(row["on"])})


def reached(settings: Calibration, *, seed: int = _SEED, people: int = _PEOPLE) -> tuple[Reached, ...]:
    """Every anchor in a city of ``people`` residents."""
    rng = np.random.default_rng(seed)
    residents = draw_people(settings, rng, 0, people)
    courses = draw_courses(settings, residents, draw_traits(settings, residents, rng), rng)
    return tuple(Reached(item, _surveyed(courses, item, rng)) for item in anchors())


def _surveyed(courses: Courses, item: Anchor, rng: np.random.Generator) -> float:
    who = _asked(courses, item)
    day = np.full(len(who), day_number(item.on), dtype=np.int64)
    found, among = _measured(courses, item.measure, who, day, rng)
    return float(100.0 * (found & among).sum() / among.sum())


def _asked(courses: Courses, item: Anchor) -> Ints:
    """People of the ages, sex and district who lived on the day."""
    people, everyone = courses.traits.people, np.arange(len(courses.traits.people), dtype=np.int64)
    day = day_number(item.on)
    age = courses.traits.age(everyone, np.full(len(everyone), day, dtype=np.int64))
    asked = (age >= item.age_from) & (age < item.age_to + 1) & (people.death_day > day)
    if item.sex != "both":
        asked &= people.is_female == (item.sex == "female")
    if item.district_code:
        asked &= people.district == [unit.code for unit in districts()].index(item.district_code)
    return np.flatnonzero(asked).astype(np.int64)


def _measured(
    courses: Courses, measure: str, who: Ints, day: Ints, rng: np.random.Generator
) -> tuple[Bools, Bools]:
    """Who has it, and among whom that is told."""
    all_of_them = np.ones(len(who), dtype=np.bool_)
    if measure in ("raised_pressure", "pressure_known", "pressure_found"):
        raised = raised_pressure(courses, who, day, rng)
        told = courses.hypertension.is_diagnosed(who, day)
    elif measure in ("raised_glucose", "glucose_known", "glucose_found"):
        raised = raised_glucose(courses, who, day, rng)
        told = courses.diabetes.is_diagnosed(who, day)
    elif measure == "prediabetes":
        glucose = fasting_glucose(courses, who, day, rng)
        between = (glucose >= _PREDIABETES) & (glucose < LINE_GLUCOSE)
        return between & ~courses.diabetes.is_treated(who, day), all_of_them
    elif measure == "overweight":
        return courses.traits.body(who, day)[1] >= _OVERWEIGHT, all_of_them
    else:
        return courses.traits.total_cholesterol(who, day) >= HIGH_CHOLESTEROL, all_of_them
    if measure.endswith("_known"):
        return told, raised
    return (told | raised if measure.endswith("_found") else raised), all_of_them


def _lines(found: tuple[Reached, ...]) -> Iterator[str]:
    yield "| survey | what | who | published | interval | the city |"
    yield "|---|---|---|---:|---:|---:|"
    for item in found:
        is_of = item.anchor
        who = f"{is_of.age_from}-{is_of.age_to} {is_of.sex}" + (
            f", {is_of.district_code}" if is_of.district_code else ""
        )
        said = f"{is_of.lower:g} to {is_of.upper:g} | {item.found:.1f}{'' if item.is_met else ' (missed)'}"
        yield f"| {is_of.anchor} | {is_of.measure} | {who} | {is_of.value:g} | {said} |"


if __name__ == "__main__":
    print("\n".join(_lines(reached(calibration(sys.argv[1] if len(sys.argv) > 1 else DEFAULT)))))
