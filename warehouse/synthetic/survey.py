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

from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import Bools, Ints, constant, dates, day_number, person_refs, refs
from warehouse.synthetic.one_visit import raised_glucose, raised_pressure
from warehouse.synthetic.people import ADULT, YEAR, People
from warehouse.synthetic.processes import Courses

STUDY = "Synthetic survey 2024"
#: What no study can do.
EVERYBODY = "Everybody of the synthetic city"
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
    settings: Calibration, people: People, courses: Courses, population: int, rng: np.random.Generator
) -> Surveyed:
    """Adults of the register on their day of the fieldwork, each with the same chance."""
    fieldwork = settings.survey
    first, last = day_number(fieldwork.first_day), day_number(fieldwork.last_day)
    chance = min(fieldwork.people / population, fieldwork.largest_share)
    day = rng.integers(first, last + 1, len(people))
    age = ((day - people.birth_day) // YEAR).astype(np.int64)
    is_there = (
        people.is_registered & (people.registered_day <= day) & (day < people.gone_day) & (age >= ADULT)
    )
    who = np.flatnonzero(is_there & (rng.random(len(people)) < chance))
    at = day[who]
    is_heavy = courses.traits.body(who, at)[1] >= 25
    return Surveyed(
        number=people.number[who],
        day=at,
        is_female=people.is_female[who],
        age=age[who],
        one_visit=(raised_pressure(courses, who, at, rng), raised_glucose(courses, who, at, rng), is_heavy),
        reference=(courses.has_hypertension(who, at), courses.has_diabetes(who, at), is_heavy),
    )


def examine_everybody(courses: Courses, people: People, day: int, rng: np.random.Generator) -> pl.DataFrame:
    """``reference_examination`` of every adult of the register on a day, for every definition that can be judged.

    No study could do it: it shows what a definition gets wrong of everybody, and belongs into a store of its own.
    """
    everyone = np.arange(len(people), dtype=np.int64)
    at = np.full(len(people), day, dtype=np.int64)
    is_there = people.is_registered & (people.registered_day <= day) & (day < people.gone_day)
    who = everyone[is_there & (courses.traits.age(everyone, at) >= ADULT)]
    at = at[: len(who)]
    raised, sweet = courses.has_hypertension(who, at), courses.has_diabetes(who, at)
    found = {
        "hypertension/recommended": raised,
        "hypertension/latest_two": raised,
        "hypertension/one_visit_or_treated": raised_pressure(courses, who, at, rng),
        "diabetes/recommended": sweet,
        "diabetes/one_test_or_treated": raised_glucose(courses, who, at, rng),
        "bmi/who_overweight_25plus": courses.traits.body(who, at)[1] >= 25,
    }
    number = people.number[who]
    return pl.concat(
        _examinations("T", number, definition, at, has, study=EVERYBODY) for definition, has in found.items()
    )


def _examinations(
    letter: str, number: Ints, definition: str, day: Ints, has: Bools, *, study: str
) -> pl.DataFrame:
    """Rows of ``reference_examination`` for one definition."""
    return pl.DataFrame(
        {
            "examination_ref": refs(letter, number),
            "person_ref": person_refs(number),
            "study": constant(study, len(number)),
            "definition": constant(definition, len(number)),
            "examined_on": dates(day),
            "has_condition": pl.Series(has),
        }
    )


def reference_table(surveyed: Surveyed, as_of: int) -> pl.DataFrame:
    """``reference_examination``: one row a person and definition, up to a day."""
    seen = np.flatnonzero(surveyed.day <= as_of)
    number, day = surveyed.number[seen], surveyed.day[seen]
    return pl.concat(
        _examinations("X", number, definition, day, has[seen], study=STUDY)
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
