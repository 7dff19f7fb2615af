"""What one visit of a survey finds, as WHO STEPS sees people (comparison, H1)."""

from __future__ import annotations

import numpy as np

from warehouse.synthetic.columns import Bools, Ints
from warehouse.synthetic.parameters import Floats
from warehouse.synthetic.processes import LINE_DIASTOLIC, LINE_GLUCOSE, LINE_SYSTOLIC, Courses


def raised_pressure(courses: Courses, who: Ints, day: Ints, rng: np.random.Generator) -> Bools:
    """The mean of the second and third reading at 140 or 90 mmHg or above, or under treatment."""
    usual, scatter = courses.pressures(who, day), courses.traits.settings.reading.of_one_visit()
    systolic, diastolic = (
        level + rng.normal(0, spread, len(who)) for level, spread in zip(usual, scatter, strict=True)
    )
    raised = (systolic >= LINE_SYSTOLIC) | (diastolic >= LINE_DIASTOLIC)
    return np.asarray(raised | courses.hypertension.is_treated(who, day), dtype=np.bool_)


def fasting_glucose(courses: Courses, who: Ints, day: Ints, rng: np.random.Generator) -> Floats:
    """One test (mmol/L)."""
    usual = courses.sugars(who, day)[0]
    return np.asarray(
        usual * rng.normal(1, courses.traits.settings.reading.glucose_cv, len(who)), dtype=np.float64
    )


def raised_glucose(courses: Courses, who: Ints, day: Ints, rng: np.random.Generator) -> Bools:
    """One fasting glucose at 7.0 mmol/L or above, or under treatment."""
    raised = fasting_glucose(courses, who, day, rng) >= LINE_GLUCOSE
    return np.asarray(raised | courses.diabetes.is_treated(who, day), dtype=np.bool_)
