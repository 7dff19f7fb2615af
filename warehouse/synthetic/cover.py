"""Doses given and insurance held: ``immunisation`` and ``insurance_spell``."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import NEVER, Ints, constant, dates, day_number, person_refs, refs
from warehouse.synthetic.people import ADULT, People

#: The national programme: antigen, number of the dose, days after birth it is due, share that gets it.
_SCHEDULE = (
    ("hepatitis_b", 1, 1, 0.85),
    ("bcg", 1, 25, 0.93),
    ("dpt_hepb_hib", 1, 62, 0.93),
    ("opv", 1, 62, 0.92),
    ("dpt_hepb_hib", 2, 93, 0.91),
    ("opv", 2, 93, 0.90),
    ("dpt_hepb_hib", 3, 124, 0.89),
    ("opv", 3, 124, 0.88),
    ("measles", 1, 275, 0.90),
    ("japanese_encephalitis", 1, 370, 0.84),
    ("measles_rubella", 2, 550, 0.82),
)
#: COVID-19: number of the dose, first day of the campaign, share of those with the dose before.
_COVID = ((1, date(2021, 7, 20), 0.30), (2, date(2021, 9, 15), 0.95), (3, date(2022, 1, 5), 0.75))
_COVID_STEP = len(_SCHEDULE)
_STEPS = len(_SCHEDULE) + len(_COVID)
_PROGRAMME_YEARS = 4
_INSURER_SINCE = date(2021, 1, 1)


def immunisation_table(people: People, as_of: int, rng: np.random.Generator) -> pl.DataFrame:
    """The national programme for children up to three, and the doses of COVID-19 that adults' papers show."""
    frames = []
    is_small = people.age < _PROGRAMME_YEARS
    for step, (antigen, dose, due, share) in enumerate(_SCHEDULE):
        row = np.flatnonzero(is_small & (rng.random(len(people)) < share))
        frames.append(_doses(people, row, antigen, dose, step, people.birth_day[row] + due + row % 12, as_of))
    has_dose = people.age >= ADULT
    for step, (dose, first, share) in enumerate(_COVID):
        has_dose = has_dose & (rng.random(len(people)) < share)
        row = np.flatnonzero(has_dose)
        day = day_number(first) + row % 50
        frames.append(_doses(people, row, "covid19", dose, _COVID_STEP + step, day, as_of))
    return pl.concat(frames)


def _doses(
    people: People, row: Ints, antigen: str, dose: int, step: int, day: Ints, as_of: int
) -> pl.DataFrame:
    here = (day <= as_of) & (day < people.gone_day[row]) & (people.registered_day[row] <= as_of)
    row, day = row[here], day[here]
    return pl.DataFrame(
        {
            "immunisation_id": refs("V", people.number[row], _STEPS, step),
            "person_ref": person_refs(people.number[row]),
            "vaccine": constant(antigen, len(row)),
            "dose_number": pl.repeat(dose, len(row), dtype=pl.Int64, eager=True),
            "given_on": dates(day),
        }
    )


def insurance_table(
    settings: Calibration, people: People, as_of: int, rng: np.random.Generator
) -> pl.DataFrame:
    """One spell up to now of the insured, for one in eight after a gap; a spell that ended of some others."""
    start, end = day_number(_INSURER_SINCE), day_number(settings.period.end)
    since = np.maximum(people.registered_day, start)
    had = people.is_insured | (people.is_registered & (rng.random(len(people)) < 0.6))
    between = since + (rng.random((2, len(people))) * np.maximum(end - since, 1)).astype(np.int64)
    stop, again = between.min(axis=0), between.max(axis=0)
    has_gap = people.is_insured & (rng.random(len(people)) < 0.125) & (again - stop > 45)
    goes = np.where(people.gone_day < NEVER, people.gone_day, NEVER)
    ends = np.where(~people.is_insured | has_gap, stop, goes)
    first = _spells(people, np.flatnonzero(had), since, np.maximum(ends, since), as_of)
    second = _spells(people, np.flatnonzero(has_gap & (again < goes)), again, goes, as_of)
    return pl.concat([first, second])


def _spells(people: People, row: Ints, since: Ints, until: Ints, as_of: int) -> pl.DataFrame:
    """Spells that have begun by a day; the end only once it has come."""
    row = row[since[row] <= as_of]
    return pl.DataFrame(
        {
            "person_ref": person_refs(people.number[row]),
            "from_date": dates(since[row]),
            "to_date": dates(np.where(until[row] <= as_of, until[row], NEVER)),
        }
    )
