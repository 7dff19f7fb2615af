"""Disease as continuous traits: usual pressure, body mass index, glucose, and when each person crossed the line.

Behind each disease stands a liability: a score that rises with age, sex, body mass index and district, plus a
logistic deviate. Whoever has it above 0 is a case, which makes the risk the logistic function of the score; pressure
and glucose are increasing functions of it that meet the diagnostic line at 0, so their distributions have no step
there. Only age moves the score over time, so the day it crossed 0 is the onset. Treatment lowers the liability.

Hypertension: usual pressure >= 140 or >= 90 mmHg, or treated. Diabetes: usual fasting glucose >= 7.0 mmol/L or HbA1c
>= 6.5 %, or treated. The level of the score by age is solved once, on a reference sample of fixed seed, such that
every age band has the prevalence of the calibration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import expit, logit

from warehouse.synthetic.calibration import Calibration, Disease, Floats, calibration
from warehouse.synthetic.columns import NEVER, Bools, Ints, day_number
from warehouse.synthetic.people import ADULT, YEAR, People, draw_people

REFERENCE_SEED = 31602022
REFERENCE_PEOPLE = 150_000
LINE_SYSTOLIC, LINE_DIASTOLIC = 140.0, 90.0
LINE_GLUCOSE, LINE_HBA1C = 7.0, 6.5
_OLDEST_BAND_MIDDLE = 77.0
_SLOPES = (0.045, 0.012)  # of the score per year of age, below the first and above the last knot
_ROUNDS = 12


@dataclass(frozen=True)
class Course:
    """One disease of each person: whether by the end, since when, the care it met (days, or NEVER), the liability.

    ``rest`` is the liability without age, ``knots`` the score at :func:`knot_ages`; ``lags`` is how far the first and
    the second of the two measured quantities stay behind the liability (one of them does not).
    """

    is_case: Bools
    onset_day: Ints
    diagnosed_day: Ints
    treated_day: Ints
    is_controlled: Bools
    rest: Floats
    knots: Floats
    lags: tuple[Floats, Floats]
    treated_liability: Floats

    def liability(self, people: People, person: Ints, day: Ints) -> Floats:
        """The liability of ``person`` (rows) on ``day``, lowered once treated."""
        age = (day - people.birth_day[person]) / YEAR
        untreated = self.rest[person] + age_score(self.knots, age)
        is_treated = day >= self.treated_day[person]
        return np.where(is_treated, np.minimum(untreated, self.treated_liability[person]), untreated)


@dataclass(frozen=True)
class Traits:
    """Height in cm and body mass index in kg/m2 at the end of the period, and the course of two diseases."""

    height: Floats
    body_mass_index: Floats
    hypertension: Course
    diabetes: Course


def draw_traits(settings: Calibration, people: People, rng: np.random.Generator) -> Traits:
    """The traits of ``people``."""
    height, mass_index = _body(settings, people, rng)
    levels = _levels()
    rest = _score(settings, people, mass_index, "hypertension") + rng.logistic(size=len(people))
    lags = _pressure_lags(settings, people, rng)
    hypertension = _course(settings, settings.hypertension, people, rest, levels[0], lags, rng)
    rest = _score(settings, people, mass_index, "diabetes") + rng.logistic(size=len(people))
    rest = rest + settings.diabetes.other_disease * hypertension.is_case
    lag = rng.exponential(settings.sugar.lag_mean, len(people))
    lags = _one_of(rng.random(len(people)) < 0.5, lag, lag)
    diabetes = _course(settings, settings.diabetes, people, rest, levels[1], lags, rng)
    return Traits(height, mass_index, hypertension, diabetes)


def knot_ages(disease: Disease) -> Floats:
    """The ages between which the score is straight: the middles of the bands."""
    first = disease.age_from
    return np.append((first[:-1] + first[1:]) / 2, _OLDEST_BAND_MIDDLE)


def age_score(knots: Floats, age: Floats) -> Floats:
    """The part of the liability that age explains; rises everywhere."""
    ages = knot_ages(calibration().hypertension)
    below, above = np.minimum(age - ages[0], 0), np.maximum(age - ages[-1], 0)
    return np.asarray(np.interp(age, ages, knots) + _SLOPES[0] * below + _SLOPES[1] * above, dtype=np.float64)


def age_at(knots: Floats, score: Floats) -> Floats:
    """The age at which :func:`age_score` has this value."""
    ages = knot_ages(calibration().hypertension)
    below = np.minimum(score - knots[0], 0) / _SLOPES[0]
    above = np.maximum(score - knots[-1], 0) / _SLOPES[1]
    return np.asarray(np.interp(score, knots, ages) + below + above, dtype=np.float64)


def usual_pressures(traits: Traits, people: People, person: Ints, day: Ints) -> tuple[Floats, Floats]:
    """Usual systolic and diastolic pressure (mmHg) of adults ``person`` on ``day``, as treated by then."""
    known, course = calibration().pressure, traits.hypertension
    liability = course.liability(people, person, day)
    systolic = LINE_SYSTOLIC + known.systolic_per_logit * (liability - course.lags[0][person])
    diastolic = LINE_DIASTOLIC + known.diastolic_per_logit * (liability - course.lags[1][person])
    return np.clip(systolic, 84.0, 235.0), np.clip(diastolic, 45.0, 140.0)


def usual_sugars(traits: Traits, people: People, person: Ints, day: Ints) -> tuple[Floats, Floats]:
    """Usual fasting glucose (mmol/L) and HbA1c (%) of adults ``person`` on ``day``, as treated by then."""
    known, course = calibration().sugar, traits.diabetes
    liability = course.liability(people, person, day)

    def level(lag: Floats) -> Floats:
        above = known.above_slope * np.maximum(liability - lag, 0)
        below = known.below_depth * np.tanh(np.minimum(liability - lag, 0) / known.below_reach)
        return np.asarray(above + below, dtype=np.float64)

    glucose = LINE_GLUCOSE * np.exp(level(course.lags[0][person]))
    hba1c = LINE_HBA1C * np.exp(known.hba1c_ratio * level(course.lags[1][person]))
    return np.clip(glucose, 3.5, 28.0), np.clip(hba1c, 4.2, 15.0)


def _body(settings: Calibration, people: People, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Height in centimetres and body mass index; both grow to 18."""
    known, count = settings.body_mass_index, len(people)
    grown = np.minimum(1.0, 0.42 + 0.0323 * people.age)
    height = (np.where(people.is_female, 155.5, 167.0) + rng.normal(0, 5.6, count)) * grown
    middle = known.mean + 0.25 - ((people.age - 48) / 24) ** 2 * 0.9
    middle = middle + known.male_under_45 * (~people.is_female & (people.age < 45))
    middle = middle + settings.districts.tilt_bmi[people.district]
    middle = np.where(people.age < ADULT, 15.2 + 0.36 * people.age, middle)
    # Skewed to the right, as every survey finds it: a gamma deviate of shape 16, standardised.
    deviate = (rng.gamma(16.0, 1.0, count) - 16.0) / 4.0
    spread = np.where(people.age < ADULT, 2.4, known.sd)
    return height, np.asarray(np.clip(middle + spread * deviate, 12.5, 55.0), dtype=np.float64)


def _score(settings: Calibration, people: People, mass_index: Floats, name: str) -> Floats:
    """What sex, body mass index and district add to the liability; impossible below 18."""
    disease: Disease = getattr(settings, name)
    tilt: Floats = getattr(settings.districts, f"tilt_{name}")
    score = disease.male * (~people.is_female - 0.5) + tilt[people.district]
    score = score + disease.body_mass_index * (mass_index - settings.body_mass_index.mean)
    return np.where(people.age >= ADULT, score, -50.0)


def _pressure_lags(settings: Calibration, people: People, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The systolic lags in many of the young, the diastolic in most of the old, and further."""
    known, years = settings.pressure, [20, 75]
    shares = [known.systolic_lags_share_at_20, known.systolic_lags_share_at_75]
    diastolic = np.interp(people.age, years, [known.diastolic_lag_at_20, known.diastolic_lag_at_75])
    deviate = rng.exponential(1.0, len(people))
    systolic_lags = rng.random(len(people)) < np.interp(people.age, years, shares)
    return _one_of(systolic_lags, known.systolic_lag * deviate, diastolic * deviate)


def _one_of(is_first: Bools, first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """How far each of two quantities stays behind the liability: one of them, the other not at all."""
    return np.where(is_first, first, 0.0), np.where(is_first, 0.0, second)


@cache
def _levels() -> tuple[Floats, Floats]:
    """The knots of hypertension and of diabetes at which every age band has its calibrated prevalence."""
    settings = calibration()
    rng = np.random.default_rng(REFERENCE_SEED)
    people = draw_people(settings, rng, 0, REFERENCE_PEOPLE)
    _, mass_index = _body(settings, people, rng)
    adult, exact_age = people.age >= ADULT, _age_at_end(settings, people)

    def solve(disease: Disease, rest: Floats) -> Floats:
        risk: Callable[[Floats], Floats] = lambda knots: expit(rest + age_score(knots, exact_age))  # noqa: E731
        return _solve(disease, people.age, adult, risk)

    rest = _score(settings, people, mass_index, "hypertension")
    first = solve(settings.hypertension, rest)
    hypertensive = rng.random(len(people)) < expit(rest + age_score(first, exact_age))
    rest = _score(settings, people, mass_index, "diabetes") + settings.diabetes.other_disease * hypertensive
    return first, solve(settings.diabetes, rest)


def _solve(disease: Disease, age: Ints, adult: Bools, risk: Callable[[Floats], Floats]) -> Floats:
    """Knots by repeated correction of each by the gap of its band on the logit; a dozen rounds leave below 0.1 %."""
    band = np.searchsorted(disease.age_from, age, side="right") - 1
    size = np.bincount(band[adult], minlength=len(disease.prevalence))
    knots = logit(disease.prevalence)
    for _ in range(_ROUNDS):
        mean = np.bincount(band[adult], risk(knots)[adult], minlength=len(size)) / size
        knots = knots + logit(disease.prevalence) - logit(mean)
    # The onset inverts the score, so it must rise; bands that nearly agree are held a little apart.
    return np.asarray(np.maximum.accumulate(knots + 1e-4 * np.arange(len(knots))), dtype=np.float64)


def _age_at_end(settings: Calibration, people: People) -> Floats:
    return np.asarray((day_number(settings.period.end) - people.birth_day) / YEAR, dtype=np.float64)


def _course(
    settings: Calibration,
    disease: Disease,
    people: People,
    rest: Floats,
    knots: Floats,
    lags: tuple[Floats, Floats],
    rng: np.random.Generator,
) -> Course:
    """When it began, was named, was treated. Named within seven years of the onset, or not at all."""
    end, count = day_number(settings.period.end), len(people)
    liability = rest + age_score(knots, _age_at_end(settings, people))
    is_case = (liability >= 0) & (people.age >= ADULT)
    onset_age = np.maximum(age_at(knots, -rest), ADULT)
    onset_day = people.birth_day + np.ceil(np.minimum(onset_age, 120) * YEAR).astype(np.int64)
    onset = np.where(is_case, np.minimum(onset_day, end), NEVER)
    aware = is_case & (rng.random(count) < disease.aware)
    wait = rng.random(count) * np.clip(end - onset, 0, 2500)
    diagnosed = np.where(aware, onset + wait.astype(np.int64), NEVER)
    treated = aware & (rng.random(count) < disease.treated)
    controlled = treated & (rng.random(count) < disease.controlled)
    return Course(
        is_case=is_case,
        onset_day=onset,
        diagnosed_day=diagnosed,
        treated_day=np.where(treated, np.minimum(diagnosed + rng.integers(0, 90, count), end), NEVER),
        is_controlled=controlled,
        rest=rest,
        knots=knots,
        lags=lags,
        treated_liability=np.where(controlled, -rng.gamma(2.0, 0.5, count) - 0.2, 0.7 * liability),
    )
