"""Care as a process: diagnosis, treatment, giving it up, taking it up again, from the turn of the century on.

Time goes in steps, a year each up to 2018 and a quarter each from 2019; in every step each adult meets hazards. Raised
pressure or sugar is found by people who come into contact with care, and the sooner the higher it is: what has to be
found twice is found at the square of the chance of one visit, so some people just below a line are diagnosed too.
Treatment lowers the usual value by an effect and an adherence of the person's own.

Burden (H2): diagnosed by the day, or the usual untreated value at or above the diagnostic line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import ndtr

from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import NEVER, Bools, Ints, day_number, quarter_number, quarter_start
from warehouse.synthetic.parameters import Floats, Management
from warehouse.synthetic.people import ADULT, YEAR, People
from warehouse.synthetic.traits import Traits

LINE_SYSTOLIC, LINE_DIASTOLIC = 140.0, 90.0
LINE_GLUCOSE, LINE_HBA1C = 7.0, 6.5
#: The first quarter that has a bit of its own, and how many the bits can hold.
ORIGIN_YEAR, MOST_QUARTERS = 2019, 62
_FIRST_YEAR = 2000
_GLUCOSE_GOAL = 5.8
#: Treatment takes nobody below these pressures (mmHg).
_LOWEST = (88.0, 50.0)


@dataclass(frozen=True, eq=False)
class Course:
    """How one disease was met: the day of the diagnosis, of the first treatment (NEVER if not), and in which quarters
    since :data:`ORIGIN_YEAR` the person was treated (one bit each); ``effect`` is what treatment takes off.
    """

    diagnosed_day: Ints
    treated_day: Ints
    treated: Ints
    effect: Floats

    def is_treated(self, person: Ints, day: Ints) -> Bools:
        """Whether people (rows) were under treatment on a day."""
        bit = (self.treated[person] >> quarter_of(day)) & 1
        return np.asarray((bit == 1) & (day >= self.treated_day[person]), dtype=np.bool_)

    def is_diagnosed(self, person: Ints, day: Ints) -> Bools:
        """Whether people (rows) were diagnosed by a day."""
        return np.asarray(self.diagnosed_day[person] <= day, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Courses:
    """The two diseases that are lines on traits; ``contact`` is each person's own inclination to see a doctor."""

    traits: Traits
    contact: Floats
    hypertension: Course
    diabetes: Course

    def pressures(self, person: Ints, day: Ints) -> tuple[Floats, Floats]:
        """Usual systolic and diastolic pressure (mmHg) of adults, as treated on the day."""
        systolic, diastolic = self.traits.pressures(person, day)
        off = np.where(self.hypertension.is_treated(person, day), self.hypertension.effect[person], 0.0)
        share = self.traits.settings.hypertension.second_share
        lowest = np.minimum(systolic, _LOWEST[0]), np.minimum(diastolic, _LOWEST[1])
        return np.maximum(systolic - off, lowest[0]), np.maximum(diastolic - share * off, lowest[1])

    def sugars(self, person: Ints, day: Ints) -> tuple[Floats, Floats]:
        """Usual fasting glucose (mmol/L) and HbA1c (%) of adults, as treated: a share of the way to a goal."""
        glucose, _ = self.traits.sugars(person, day)
        off = np.where(self.diabetes.is_treated(person, day), self.diabetes.effect[person], 0.0)
        treated = glucose - np.clip(off, 0.0, 1.0) * np.maximum(glucose - _GLUCOSE_GOAL, 0.0)
        return treated, self.traits.hba1c_of(person, treated)

    def has_hypertension(self, person: Ints, day: Ints) -> Bools:
        """Burden: diagnosed, or usual untreated pressure at 140/90 mmHg or above."""
        systolic, diastolic = self.traits.pressures(person, day)
        raised = (systolic >= LINE_SYSTOLIC) | (diastolic >= LINE_DIASTOLIC)
        return (self.hypertension.is_diagnosed(person, day) | raised) & (
            self.traits.age(person, day) >= ADULT
        )

    def has_diabetes(self, person: Ints, day: Ints) -> Bools:
        """Burden: diagnosed, or usual untreated glucose at 7.0 mmol/L or HbA1c at 6.5 % or above."""
        glucose, hba1c = self.traits.sugars(person, day)
        raised = (glucose >= LINE_GLUCOSE) | (hba1c >= LINE_HBA1C)
        return (self.diabetes.is_diagnosed(person, day) | raised) & (self.traits.age(person, day) >= ADULT)


def quarter_of(day: Ints) -> Ints:
    """Quarters since the first of :data:`ORIGIN_YEAR`; earlier days count as the first."""
    month = np.asarray(day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    month = month + (1970 - ORIGIN_YEAR) * 12
    return np.asarray(np.clip(month // 3, 0, MOST_QUARTERS - 1), dtype=np.int64)


def draw_courses(settings: Calibration, people: People, traits: Traits, rng: np.random.Generator) -> Courses:
    """What care made of the traits of ``people``."""
    contact = _contact(settings, people, rng)
    pressure = _course(
        settings, traits, settings.hypertension, _pressure_found(settings, traits), contact, rng
    )
    sugar = _course(settings, traits, settings.diabetes, _sugar_found(settings, traits), contact, rng)
    return Courses(traits, contact, pressure, sugar)


def _contact(settings: Calibration, people: People, rng: np.random.Generator) -> Floats:
    """Around 1: some people are seen often and some never; women, the insured and the well-off more."""
    known = settings.contact
    spread = rng.gamma(known.shape, 1.0, len(people)) / known.shape
    lean = known.female * people.is_female + known.insured * people.is_insured
    lean = lean + known.per_income * people.income
    return np.asarray(spread * np.exp(lean - known.middle), dtype=np.float64)


_Found = Callable[[Ints, Ints], Floats]


def _pressure_found(settings: Calibration, traits: Traits) -> _Found:
    """The chance that one visit of each person finds 140/90 mmHg or more."""
    scatter, of_diastolic = settings.reading.of_one_visit()

    def found(person: Ints, day: Ints) -> Floats:
        systolic, diastolic = traits.pressures(person, day)
        above = np.maximum((systolic - LINE_SYSTOLIC) / scatter, (diastolic - LINE_DIASTOLIC) / of_diastolic)
        return np.asarray(ndtr(above), dtype=np.float64)

    return found


def _sugar_found(settings: Calibration, traits: Traits) -> _Found:
    """The chance that one test of each person finds 7.0 mmol/L or more."""

    def found(person: Ints, day: Ints) -> Floats:
        glucose, _ = traits.sugars(person, day)
        return np.asarray(
            ndtr((glucose / LINE_GLUCOSE - 1.0) / settings.reading.glucose_cv), dtype=np.float64
        )

    return found


def _course(
    settings: Calibration,
    traits: Traits,
    known: Management,
    found: _Found,
    contact: Floats,
    rng: np.random.Generator,
) -> Course:
    """Step by step: who is found, who begins a treatment, who gives it up, who begins again."""
    people, count = traits.people, len(traits.people)
    adult = np.flatnonzero(people.age >= ADULT).astype(np.int64)
    diagnosed, first = np.full(count, NEVER), np.full(count, NEVER)
    is_on, bits = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.int64)
    for start, days, quarter in _steps(settings.period.end):
        years, day = days / YEAR, np.full(len(adult), start + days // 2, dtype=np.int64)
        busy = known.rate * np.interp(1970 + start / YEAR, settings.trend.years, settings.trend.rate_by_year)
        hazard = busy * contact[adult] * found(adult, day) ** 2 * (traits.age(adult, day) >= ADULT)
        newly = adult[(diagnosed[adult] == NEVER) & _happens(hazard, years, rng)]
        diagnosed[newly] = start + (rng.random(len(newly)) * days).astype(np.int64)
        is_known, was_on = diagnosed[adult] < NEVER, is_on[adult]
        rate = np.where(first[adult] < NEVER, known.begins_again, known.begins)
        begins = is_known & ~was_on & _happens(rate, years, rng)
        stops = was_on & _happens(np.full(len(adult), known.stops), years, rng)
        is_on[adult] = (was_on | begins) & ~stops
        beginners = adult[begins & (first[adult] == NEVER)]
        first[beginners] = np.maximum(diagnosed[beginners], start)
        if quarter is not None:
            bits |= is_on.astype(np.int64) << quarter
    effect = np.maximum(known.effect + known.effect_sd * rng.normal(size=count), 0.0)
    adherence = rng.beta(known.adherence[0], known.adherence[1], count)
    return Course(diagnosed, np.where(bits > 0, first, NEVER), bits, effect * adherence)


def _steps(end: date) -> Iterator[tuple[int, int, int | None]]:
    """First day, days, and the quarter's number where the step is one."""
    for year in range(_FIRST_YEAR, ORIGIN_YEAR):
        yield day_number(date(year, 1, 1)), 365, None
    origin = quarter_number(date(ORIGIN_YEAR, 1, 1))
    for number in range(origin, quarter_number(end) + 1):
        first, following = (day_number(quarter_start(place)) for place in (number, number + 1))
        yield first, following - first, number - origin


def _happens(hazard: Floats, years: float, rng: np.random.Generator) -> Bools:
    """Whether an event of a yearly hazard happens within a time."""
    return np.asarray(rng.random(len(hazard)) < -np.expm1(-hazard * years), dtype=np.bool_)
