"""The body of every adult and child as continuous traits: usual values of any day, before any treatment.

A usual value is what many visits would average to. It has a level by age and sex, moves with the calendar year, with
body mass index, income and place, and stays a person's own by a deviate drawn once, skewed to the right as surveys
find it. Nothing here is a disease and nothing jumps: a disease is a line that a rising trait crosses.

Glucose rises slowly with age until the decline of the islets begins, an event whose hazard grows with age and body
mass index (Gompertz); from that day on it climbs at a rate of the person's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from warehouse.synthetic import growth
from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import NEVER, Bools, Ints, day_number
from warehouse.synthetic.parameters import ByAgeAndSex, Floats
from warehouse.synthetic.people import ADULT, YEAR, People

_EPOCH = 1970.0
#: Age from which the body mass index is that of adults alone; height is an adult's from 19, where the table ends.
_ADULT_BODY = 21.0
#: Shape of the gamma deviates: skewness 2 / sqrt(shape).
_SKEW_SHAPE = 9.0
_LOWEST_GLUCOSE, _HIGHEST_GLUCOSE = 3.4, 28.0
#: A climbing glucose levels off this far above where it began (mmol/L).
_GLUCOSE_CEILING = 12.0


@dataclass(frozen=True, eq=False)
class Traits:
    """``N`` people's own deviates; the methods give usual values of people ``person`` (rows) on days ``day``.

    ``stature`` and ``mass`` are standard deviates of height and body mass index (``adult_height`` in cm), ``systolic``
    and ``diastolic`` likewise of pressure; ``decline_day`` is the day the decline of the islets begins (it may lie
    far ahead) and ``decline_rate`` the climb of fasting glucose after it in mmol/L a year.
    """

    settings: Calibration
    people: People
    stature: Floats
    adult_height: Floats
    mass: Floats
    systolic: Floats
    diastolic: Floats
    glucose: Floats
    hba1c: Floats
    decline_day: Ints
    decline_rate: Floats
    cholesterol: Floats
    kidney: Floats

    def age(self, person: Ints, day: Ints) -> Floats:
        """Exact age in years."""
        return np.asarray((day - self.people.birth_day[person]) / YEAR, dtype=np.float64)

    def body(self, person: Ints, day: Ints) -> tuple[Floats, Floats]:
        """Height in cm and body mass index in kg/m2; children by the growth tables of WHO."""
        age = self.age(person, day)
        height = np.asarray(self.adult_height[person], dtype=np.float64)
        mass_index = self._adult_mass_index(person, day, age)
        # Between 15 and 21 the growth table hands over to the level of adults.
        young = np.flatnonzero(age < _ADULT_BODY)
        if len(young):
            who, grown_up = person[young], np.clip((age[young] - 15.0) / 6.0, 0.0, 1.0)
            tall, heavy = growth.grown(
                age[young], self.people.is_female[who], self.stature[who], self.mass[who]
            )
            height[young] = tall
            mass_index[young] = heavy * (1 - grown_up) + mass_index[young] * grown_up
        return height, np.clip(mass_index, 12.0, 55.0)

    def _adult_mass_index(self, person: Ints, day: Ints, age: Floats) -> Floats:
        known, people = self.settings.body_mass_index, self.people
        level = known.level.at(age, people.is_female[person])
        level = level + self._trend(day, self.settings.trend.body_mass_index) + known.sd * self.mass[person]
        level = level + known.per_income * people.income[person]
        return np.asarray(level + self.settings.districts.tilt_bmi[people.district[person]], dtype=np.float64)

    def heaviness(self, person: Ints, day: Ints) -> Floats:
        """Body mass index of adults beside the middle of the city, kg/m2."""
        mass_index = self._adult_mass_index(person, day, self.age(person, day))
        return np.clip(mass_index, 12.0, 55.0) - self.settings.body_mass_index.middle

    def pressures(self, person: Ints, day: Ints) -> tuple[Floats, Floats]:
        """Usual systolic and diastolic pressure of adults, untreated (mmHg)."""
        known = self.settings.pressure
        age, female = self.age(person, day), self.people.is_female[person]
        heavy, place = self.heaviness(person, day), self._place(person, age, female)
        trend = self._trend(day, self.settings.trend.systolic)

        def usual(
            level: ByAgeAndSex, sd: ByAgeAndSex, per_bmi: float, share: float, deviate: Floats
        ) -> Floats:
            spread = sd.at(age, female) * deviate
            return level.at(age, female) + per_bmi * heavy + share * (place + trend) + spread

        systolic = usual(
            known.systolic, known.sd_systolic, known.systolic_per_bmi, 1.0, self.systolic[person]
        )
        diastolic = usual(
            known.diastolic,
            known.sd_diastolic,
            known.diastolic_per_bmi,
            known.diastolic_share,
            self.diastolic[person],
        )
        return np.clip(systolic, 78.0, 240.0), np.clip(np.minimum(diastolic, systolic - 12), 42.0, 140.0)

    def sugars(self, person: Ints, day: Ints) -> tuple[Floats, Floats]:
        """Usual fasting glucose (mmol/L) and HbA1c (%) of adults, untreated."""
        known = self.settings.sugar
        age, female = self.age(person, day), self.people.is_female[person]
        base = known.level.at(age, female) + known.per_bmi * self.heaviness(person, day)
        base = base + self._trend(day, self.settings.trend.glucose) + known.sd * self.glucose[person]
        climb = self.decline_rate[person] * np.maximum(day - self.decline_day[person], 0) / YEAR
        glucose = base + _GLUCOSE_CEILING * -np.expm1(-climb / _GLUCOSE_CEILING)
        glucose = np.clip(glucose, _LOWEST_GLUCOSE, _HIGHEST_GLUCOSE)
        return glucose, self.hba1c_of(person, glucose)

    def hba1c_of(self, person: Ints, glucose: Floats) -> Floats:
        """The HbA1c (%) that goes with a usual fasting glucose, each person a little above or below."""
        known = self.settings.sugar
        level = (
            known.hba1c_at_5 + known.hba1c_per_mmol * (glucose - 5.0) + known.hba1c_sd * self.hba1c[person]
        )
        return np.clip(level, 4.0, 16.0)

    def total_cholesterol(self, person: Ints, day: Ints) -> Floats:
        """Usual total cholesterol of adults (mmol/L)."""
        known = self.settings.cholesterol
        level = known.level.at(self.age(person, day), self.people.is_female[person])
        level = level + known.per_bmi * self.heaviness(person, day) + known.sd * self.cholesterol[person]
        return np.clip(level, 1.8, 12.0)

    def kidney_function(self, person: Ints, day: Ints) -> Floats:
        """Usual estimated glomerular filtration (mL/min/1.73 m2): falls with age, pressure and years of high sugar."""
        known = self.settings.kidney
        pressure, (glucose, _) = self.pressures(person, day)[0], self.sugars(person, day)
        level = known.level.at(self.age(person, day), self.people.is_female[person])
        level = level - known.per_10_mmhg * np.maximum(pressure - 130.0, 0.0) / 10.0
        level = level - known.per_mmol * np.maximum(glucose - 7.0, 0.0) + known.sd * self.kidney[person]
        return np.clip(level, 5.0, 140.0)

    def _trend(self, day: Ints, steps: Floats) -> Floats:
        """What the calendar year adds, straight between the years of the calibration."""
        return np.asarray(np.interp(_EPOCH + day / YEAR, self.settings.trend.years, steps), dtype=np.float64)

    def _place(self, person: Ints, age: Floats, female: Bools) -> Floats:
        """What place, income and insurance add to systolic pressure (mmHg), by the scenario."""
        switches, people = self.settings.switches, self.people
        district = people.district[person]
        of_district = self.settings.districts.tilt_systolic + switches.systolic_by_district()
        side = np.where(female, -1.0, 1.0) * (age - 45.0) / 30.0
        return np.asarray(
            of_district[district]
            + switches.interaction_by_district()[district] * side
            + switches.systolic_per_income * people.income[person]
            + switches.systolic_of_uninsured * ~people.is_insured[person],
            dtype=np.float64,
        )


def draw_traits(settings: Calibration, people: People, rng: np.random.Generator) -> Traits:
    """The deviates of ``people``."""
    count, known = len(people), settings.pressure
    shared, apart = _skewed(rng, count), [_skewed(rng, count) for _ in range(2)]
    weights = np.sqrt([known.correlation, 1 - known.correlation])
    systolic, diastolic = (weights[0] * shared + weights[1] * own for own in apart)
    stature = rng.normal(size=count)
    begun = Traits(
        settings=settings,
        people=people,
        stature=stature,
        adult_height=growth.adult_height(people.is_female, stature),
        mass=_skewed(rng, count),
        systolic=systolic,
        diastolic=diastolic,
        glucose=rng.normal(size=count),
        hba1c=rng.normal(size=count),
        decline_day=np.full(count, NEVER),
        decline_rate=np.zeros(count),
        cholesterol=_skewed(rng, count),
        kidney=rng.normal(size=count),
    )
    return _with_decline(begun, rng)


def _with_decline(traits: Traits, rng: np.random.Generator) -> Traits:
    """When the decline of the islets begins: the age at which the cumulative hazard passes an exponential draw.

    Hazard at age a: ``at_45 * exp(slope * (a - 45))`` times the person's ratio, from 18 on.
    """
    known, people, count = traits.settings.decline, traits.people, len(traits.people)
    everyone = np.arange(count, dtype=np.int64)
    middle = np.full(count, day_number(traits.settings.period.first_visit), dtype=np.int64)
    ratio = known.per_bmi * traits.heaviness(everyone, middle) + known.per_systolic_deviate * traits.systolic
    ratio = ratio + known.male * ~people.is_female + known.per_income * people.income
    ratio = np.exp(ratio + traits.settings.districts.tilt_decline[people.district])
    spent = rng.exponential(size=count) * known.slope / (known.at_45 * ratio)
    age = 45.0 + np.log(spent + np.exp(known.slope * (ADULT - 45.0))) / known.slope
    day = people.birth_day + (np.minimum(age, 150.0) * YEAR).astype(np.int64)
    rate = known.rate * np.exp(known.rate_spread * rng.normal(size=count))
    return replace(traits, decline_day=day, decline_rate=rate)


def _skewed(rng: np.random.Generator, count: int) -> Floats:
    """Standard deviates with a longer right side: a gamma variable less its mean, by its standard deviation."""
    drawn = rng.gamma(_SKEW_SHAPE, 1.0, count)
    return np.asarray((drawn - _SKEW_SHAPE) / np.sqrt(_SKEW_SHAPE), dtype=np.float64)
