"""A survey of adults drawn at random from the register: the extracts ``survey`` and ``reference_examination``.

Everybody is seen once, as WHO STEPS sees people: the mean of the second and third reading of one visit, one fasting
glucose, weight and height, and what they are treated for. That gives the published proportions (comparison, H1).
Beside it stands what a reference examination finds: the usual pressure and sugar (burden, H2). Everybody answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import binomtest

from warehouse.synthetic.calibration import Calibration, Floats
from warehouse.synthetic.columns import Bools, Ints, constant, dates, day_number, person_refs, refs
from warehouse.synthetic.people import ADULT, YEAR, People
from warehouse.synthetic.readings import body_on
from warehouse.synthetic.traits import Traits, usual_pressures, usual_sugars

STUDY = "Synthetic survey 2024"
_SOURCE = "hssk synthesize; no survey of real people"
#: Found at one visit, and what the definitions of the records compared with it are called.
_ONE_VISIT = (
    "hypertension/one_visit_or_treated",
    "diabetes/one_test_or_treated",
    "bmi/who_overweight_25plus",
)
#: Found by the reference examination, and the definitions it judges.
_REFERENCE = ("hypertension/recommended", "diabetes/recommended", "bmi/who_overweight_25plus")
_BANDS = (("18+", 18, 200), ("18-39", 18, 39), ("40-59", 40, 59), ("60+", 60, 200))
_SEXES = ("both", "male", "female")
_READINGS = 2


@dataclass(frozen=True)
class Surveyed:
    """One chunk of the people surveyed: references, day, sex, age, and by column who has what of :data:`_ONE_VISIT`
    and :data:`_REFERENCE`.
    """

    number: Ints
    day: Ints
    is_female: Bools
    age: Ints
    one_visit: tuple[Bools, ...]
    reference: tuple[Bools, ...]


def draw_survey(
    settings: Calibration, people: People, traits: Traits, population: int, rng: np.random.Generator
) -> Surveyed:
    """Adults of the register on their day of the fieldwork, each with the same chance."""
    fieldwork = settings.survey
    first, last = day_number(fieldwork.first_day), day_number(fieldwork.last_day)
    chance = min(fieldwork.people / population, fieldwork.largest_share)
    day = rng.integers(first, last + 1, len(people))
    age = ((day - people.birth_day) // YEAR).astype(np.int64)
    is_there = (people.registered_day <= day) & (day < people.gone_day) & (age >= ADULT)
    who = np.flatnonzero(is_there & (rng.random(len(people)) < chance))
    at = day[who]
    _, mass_index = body_on(traits, people, who, at)
    is_heavy = mass_index >= 25
    return Surveyed(
        number=people.number[who],
        day=at,
        is_female=people.is_female[who],
        age=age[who],
        one_visit=(
            _raised_pressure(settings, people, traits, who, at, rng)
            | (traits.hypertension.treated_day[who] <= at),
            _raised_glucose(people, traits, who, at, rng) | (traits.diabetes.treated_day[who] <= at),
            is_heavy,
        ),
        reference=(traits.hypertension.onset_day[who] <= at, traits.diabetes.onset_day[who] <= at, is_heavy),
    )


def _raised_pressure(
    settings: Calibration, people: People, traits: Traits, who: Ints, day: Ints, rng: np.random.Generator
) -> Bools:
    """The mean of the second and third reading of one visit at 140 or 90 mmHg or above."""
    known, usual = settings.reading, usual_pressures(traits, people, who, day)

    def read(level: Floats, visit: float, within: float) -> Floats:
        spread = np.hypot(visit, within / np.sqrt(_READINGS))
        return level + rng.normal(0, spread, len(who))

    systolic = read(usual[0], known.visit_sd_systolic, known.within_sd_systolic)
    diastolic = read(usual[1], known.visit_sd_diastolic, known.within_sd_diastolic)
    return np.asarray((systolic >= 140) | (diastolic >= 90), dtype=np.bool_)


def _raised_glucose(people: People, traits: Traits, who: Ints, day: Ints, rng: np.random.Generator) -> Bools:
    glucose, _ = usual_sugars(traits, people, who, day)
    return np.asarray(glucose * rng.normal(1, 0.05, len(who)) >= 7.0, dtype=np.bool_)


def reference_table(surveyed: Surveyed, as_of: int) -> pl.DataFrame:
    """``reference_examination``: one row a person and definition, up to a day."""
    seen = np.flatnonzero(surveyed.day <= as_of)
    number = surveyed.number[seen]
    return pl.concat(
        pl.DataFrame(
            {
                "examination_ref": refs("X", number),
                "person_ref": person_refs(number),
                "study": constant(STUDY, len(seen)),
                "definition": constant(definition, len(seen)),
                "examined_on": dates(surveyed.day[seen]),
                "has_condition": pl.Series(has[seen]),
            }
        )
        for definition, has in zip(_REFERENCE, surveyed.reference, strict=True)
    )


def survey_table(settings: Calibration, chunks: list[Surveyed], as_of: int) -> pl.DataFrame:
    """``survey``: the published proportions; no rows before the fieldwork is over."""
    is_over = day_number(settings.survey.last_day) <= as_of
    last = settings.survey.last_day
    quarter = f"{last.year}Q{(last.month + 2) // 3}"
    rows = [(STUDY, *row, quarter, _SOURCE) for row in _published(chunks)] if is_over else []
    names = (
        "study",
        "definition",
        "sex",
        "age_band",
        "value",
        "lower",
        "upper",
        "people",
        "quarter",
        "source",
    )
    kinds = dict.fromkeys(names, pl.String) | dict.fromkeys(("value", "lower", "upper"), pl.Float64)
    return pl.DataFrame(rows, schema=kinds | {"people": pl.Int64}, orient="row")


def _published(chunks: list[Surveyed]) -> Iterator[tuple[str, str, str, float, float, float, int]]:
    """Definition, sex, ages, proportion with its 95 % interval, people: wherever anybody was examined."""
    age = np.concatenate([part.age for part in chunks])
    is_female = np.concatenate([part.is_female for part in chunks])
    for place, definition in enumerate(_ONE_VISIT):
        found = np.concatenate([part.one_visit[place] for part in chunks])
        for sex in _SEXES:
            is_sex = np.full(len(age), fill_value=True) if sex == "both" else is_female == (sex == "female")
            for band, youngest, oldest in _BANDS:
                here = found[is_sex & (age >= youngest) & (age <= oldest)]
                if len(here):
                    result = binomtest(int(here.sum()), len(here))
                    limits = result.proportion_ci(method="wilson")
                    value, lower, upper = (round(x, 4) for x in (result.statistic, limits.low, limits.high))
                    yield definition, sex, band, value, lower, upper, len(here)
