"""Disease as continuous traits: usual pressure, body mass index, glucose, and when each person crossed the line.

Hypertension is usual pressure >= 140 or >= 90 mmHg, or treated; diabetes is usual glucose >= 7.0 mmol/L or HbA1c
>= 6.5 %, or treated. Prevalence by age is that of the calibration: per band an offset is solved once, on a reference
sample of fixed seed, so that the band's mean returns the table whatever the other slopes do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr, ndtri

from warehouse.synthetic.calibration import Calibration, Disease, Floats, calibration
from warehouse.synthetic.columns import NEVER, Bools, Ints, day_number
from warehouse.synthetic.people import People, draw_people

REFERENCE_SEED = 31602022
REFERENCE_PEOPLE = 150_000
ADULT = 18


@dataclass(frozen=True)
class Course:
    """One disease of each person: whether by the end, since when, and the care it met. Days, or NEVER."""

    is_case: Bools
    onset_day: Ints
    diagnosed_day: Ints
    treated_day: Ints
    is_controlled: Bools


@dataclass(frozen=True)
class Traits:
    """Usual values at the end of the period, untreated; mmHg, kg/m2, cm, mmol/L, per cent."""

    systolic: Floats
    diastolic: Floats
    body_mass_index: Floats
    height: Floats
    glucose: Floats
    hba1c: Floats
    hypertension: Course
    diabetes: Course


def draw_traits(settings: Calibration, people: People, rng: np.random.Generator) -> Traits:
    """The traits of ``people``."""
    height, mass_index = _body(settings, people, rng)
    hypertensive = rng.random(len(people)) < _hypertension_risk(people, mass_index, _offsets()[0])
    diabetic = rng.random(len(people)) < _diabetes_risk(people, mass_index, hypertensive, _offsets()[1])
    systolic, diastolic = _pressures(people, hypertensive, rng)
    glucose, hba1c = _sugar(people, diabetic, rng)
    return Traits(
        systolic=systolic,
        diastolic=diastolic,
        body_mass_index=mass_index,
        height=height,
        glucose=glucose,
        hba1c=hba1c,
        hypertension=_course(settings, settings.hypertension, people, hypertensive, rng),
        diabetes=_course(settings, settings.diabetes, people, diabetic, rng),
    )


def _body(settings: Calibration, people: People, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Height in centimetres and body mass index; both grow to 18."""
    known, count = settings.body_mass_index, len(people)
    grown = np.minimum(1.0, 0.42 + 0.0323 * people.age)
    height = (np.where(people.is_female, 155.5, 167.0) + rng.normal(0, 5.6, count)) * grown
    middle = known["mean"] + 0.25 - ((people.age - 48) / 24) ** 2 * 0.9
    middle = middle + known["male_under_45"] * (~people.is_female & (people.age < 45))
    middle = middle + settings.districts.tilt_bmi[people.district]
    middle = np.where(people.age < ADULT, 15.2 + 0.36 * people.age, middle)
    # Skewed to the right, as every survey finds it: a gamma deviate of shape 16, standardised.
    deviate = (rng.gamma(16.0, 1.0, count) - 16.0) / 4.0
    spread = np.where(people.age < ADULT, 2.4, known["sd"])
    return height, np.asarray(np.clip(middle + spread * deviate, 12.5, 55.0), dtype=np.float64)


def _base(disease: Disease, age: Ints) -> Floats:
    """Logit of the calibrated prevalence at an age, straight between the middles of the bands."""
    middles = np.append((disease.age_from[:-1] + disease.age_from[1:]) / 2, 77.0)
    return np.asarray(np.interp(age, middles, logit(disease.prevalence)), dtype=np.float64)


def _band(disease: Disease, age: Ints) -> Ints:
    return np.maximum(np.searchsorted(disease.age_from, age, side="right") - 1, 0)


def _hypertension_risk(people: People, mass_index: Floats, offsets: Floats) -> Floats:
    settings = calibration()
    disease = settings.hypertension
    score = _base(disease, people.age) + offsets[_band(disease, people.age)]
    score = score + disease.male * (~people.is_female - 0.5) + disease.body_mass_index * (mass_index - 22.7)
    score = score + settings.districts.tilt_hypertension[people.district]
    return np.where(people.age >= ADULT, expit(score), 0.0)


def _diabetes_risk(people: People, mass_index: Floats, hypertensive: Bools, offsets: Floats) -> Floats:
    settings = calibration()
    disease = settings.diabetes
    score = _base(disease, people.age) + offsets[_band(disease, people.age)]
    score = score + disease.male * (~people.is_female - 0.5) + disease.body_mass_index * (mass_index - 22.7)
    score = score + disease.hypertension * hypertensive + settings.districts.tilt_diabetes[people.district]
    return np.where(people.age >= ADULT, expit(score), 0.0)


@cache
def _offsets() -> tuple[Floats, Floats]:
    """Offset per age band of hypertension and of diabetes that makes the band's mean risk the table's prevalence."""
    settings = calibration()
    rng = np.random.default_rng(REFERENCE_SEED)
    people = draw_people(settings, rng, 0, REFERENCE_PEOPLE)
    _, mass_index = _body(settings, people, rng)
    none = np.zeros(len(settings.hypertension.age_from))

    def solve(disease: Disease, risk: Floats) -> Floats:
        band = _band(disease, people.age)
        found = []
        for place, wanted in enumerate(disease.prevalence):
            score = logit(risk[(band == place) & (people.age >= ADULT)])
            found.append(brentq(lambda x, s=score, w=wanted: float(expit(s + x).mean()) - w, -3.0, 3.0))
        return np.array(found)

    first = solve(settings.hypertension, _hypertension_risk(people, mass_index, none))
    hypertensive = rng.random(len(people)) < _hypertension_risk(people, mass_index, first)
    return first, solve(settings.diabetes, _diabetes_risk(people, mass_index, hypertensive, none))


def _truncated(
    rng: np.random.Generator, mean: Floats, sd: float, low: Floats | float, high: Floats | float
) -> Floats:
    """Normal deviates between ``low`` and ``high``, by the inverse of the distribution function."""
    below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    drawn = ndtri(np.clip(below + rng.random(len(mean)) * (above - below), 1e-12, 1 - 1e-12))
    return np.asarray(np.clip(mean + sd * drawn, low, high), dtype=np.float64)


def _pressures(people: People, hypertensive: Bools, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Usual systolic and diastolic pressure: below both lines for the healthy, at or above one for the ill."""
    age = people.age.astype(float)
    # Some have the diastolic alone raised: half of the young ill, few of the old.
    only_diastolic = hypertensive & (rng.random(len(people)) < np.interp(age, [20, 75], [0.45, 0.03]))
    high = hypertensive & ~only_diastolic
    middle = 109 + 0.22 * age - 2.5 * people.is_female
    systolic = np.where(
        high,
        _truncated(rng, middle + 18, 15.0, 140.0, 215.0),
        _truncated(rng, middle, 10.0, 85.0, 139.9),
    )
    below = _truncated(rng, 43 + 0.27 * systolic, 6.5, 45.0, 89.9)
    free = np.clip(rng.normal(48 + 0.27 * systolic - 0.08 * age, 8.0), 50.0, 130.0)
    raised = _truncated(rng, np.full(len(people), 92.0), 5.0, 90.0, 125.0)
    diastolic = np.where(only_diastolic, np.minimum(raised, 118.0), np.where(high, free, below))
    systolic = np.where(only_diastolic, np.maximum(systolic, diastolic + 20), systolic)
    return systolic, np.minimum(diastolic, systolic - 15)


def _sugar(people: People, diabetic: Bools, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Usual fasting glucose (mmol/L) and HbA1c (%)."""
    age = people.age.astype(float)
    healthy = _truncated(rng, 4.95 + 0.008 * age, 0.55, 3.4, 6.95)
    ill = 7.0 + rng.gamma(1.4, 1.5, len(people))
    glucose = np.where(diabetic, np.minimum(ill, 24.0), healthy)
    hba1c = np.where(
        diabetic,
        np.clip(6.5 + 0.42 * (glucose - 7.0) + np.abs(rng.normal(0, 0.5, len(people))), 6.5, 15.0),
        _truncated(rng, 5.05 + 0.006 * age, 0.28, 4.2, 6.45),
    )
    return glucose, hba1c


def _course(
    settings: Calibration, disease: Disease, people: People, is_case: Bools, rng: np.random.Generator
) -> Course:
    """When it began, was named, was treated.

    With prevalence p rising by age, the share p(a0)/p(a) of the cases of age a already had it at a0: so the age at
    onset of a case is p inverted at u * p(a).
    """
    end, count = day_number(settings.end), len(people)
    ages = np.arange(ADULT - 1, 106, dtype=float)
    curve = expit(_base(disease, ages.astype(np.int64)) + 0.002 * ages)
    curve[0] = 0.0
    share = rng.random(count) * np.interp(people.age, ages, curve)
    onset_age = np.interp(share, curve, ages)
    onset = np.minimum(people.birth_day + (np.maximum(onset_age, ADULT) * 365.25).astype(np.int64), end)
    onset = np.where(is_case, onset, NEVER)
    aware = is_case & (rng.random(count) < disease.aware)
    after = onset + (rng.random(count) * np.minimum(np.maximum(end - onset, 0), 2500)).astype(np.int64)
    diagnosed = np.where(aware, after, NEVER)
    treated = aware & (rng.random(count) < disease.treated)
    return Course(
        is_case=is_case,
        onset_day=onset,
        diagnosed_day=diagnosed,
        treated_day=np.where(treated, np.minimum(diagnosed + rng.integers(0, 90, count), end), NEVER),
        is_controlled=treated & (rng.random(count) < disease.controlled),
    )


def pressures_on(traits: Traits, person: Ints, day: Ints) -> tuple[Floats, Floats]:
    """Usual pressure of ``person`` on ``day``: below the line before the onset, lowered by treatment that works."""
    course = traits.hypertension
    systolic, diastolic = traits.systolic[person], traits.diastolic[person]
    before = course.is_case[person] & (day < course.onset_day[person])
    lowered = course.is_controlled[person] & (day >= course.treated_day[person])
    systolic = np.where(before, np.minimum(systolic, 134.0), np.where(lowered, 122 + systolic % 12, systolic))
    diastolic = np.where(before | lowered, np.minimum(diastolic, 83.0), diastolic)
    return systolic, diastolic


def sugar_on(traits: Traits, person: Ints, day: Ints) -> tuple[Floats, Floats]:
    """Usual fasting glucose and HbA1c of ``person`` on ``day``."""
    course = traits.diabetes
    quiet = course.is_case[person] & (
        (day < course.onset_day[person])
        | (course.is_controlled[person] & (day >= course.treated_day[person]))
    )
    glucose = np.where(quiet, np.minimum(traits.glucose[person], 6.3), traits.glucose[person])
    return glucose, np.where(quiet, np.minimum(traits.hba1c[person], 6.2), traits.hba1c[person])
