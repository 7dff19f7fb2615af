"""The official population of the synthetic city: how many of each kind it holds in the middle of a year, on average.

Nothing is drawn: the residents are drawn from these expectations, so register and official count differ by chance and
by the error that the scenario gives every district's official figure.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from warehouse.geography import districts, read_csv
from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import day_number
from warehouse.synthetic.households import district_shares
from warehouse.synthetic.parameters import Floats
from warehouse.synthetic.people import MOVED_IN, YEAR, age_sex_weights, dies_share, leaves_share

YEARS = (2022, 2023, 2024, 2025)
SOURCE = "synthetic city"
_LAST_BAND = 85
_OLDEST = 110


def population_table(settings: Calibration, population: int) -> pl.DataFrame:
    """The ``population`` extract: people by district, sex, five-year band and year."""
    error = 1 + settings.switches.official_errors()
    rows = []
    for year in YEARS:
        by_age = living_on(settings, population, date(year, 7, 1)) * error[:, None, None]
        for place, unit in enumerate(districts()):
            for side, sex in enumerate(("male", "female")):
                bands = _in_bands(by_age[place, :, side])
                rows += [
                    (unit.code, sex, band, year, round(people), SOURCE) for band, people in bands.items()
                ]
    names = ["unit_code", "sex", "age_band", "year", "people", "source"]
    return pl.DataFrame(rows, schema=names, orient="row")


def living_on(settings: Calibration, population: int, day: date) -> Floats:
    """``[district, year of age, sex]``: expected residents on a day of the rollout.

    Whoever is of age a at the end was younger by the time between, had perhaps not moved in, was not yet dead or gone.
    """
    end, start = day_number(settings.period.end), day_number(settings.period.first_record)
    before, cells = end - day_number(day), age_sex_weights(settings)
    ages = np.arange(cells.shape[1] * 5)
    single = np.repeat(cells / 5, 5, axis=1) * population * district_shares()[:, None, None]
    gone = 1 - (1 - dies_share(settings, ages + 0.0)) * (1 - leaves_share(settings, ages + 0.0))
    passed = np.clip((day_number(day) - start) / (end - start), 0, 1)
    here = (1 - gone * passed) * (1 - _not_yet_here(settings, ages, before))
    people = single * here[None, :, None]
    years, part = divmod(before / YEAR, 1.0)
    return _younger(people, int(years)) * (1 - part) + _younger(people, int(years) + 1) * part


def _not_yet_here(settings: Calibration, ages: np.ndarray, before: int) -> Floats:
    """Share that had not moved in ``before`` days ahead of the end; whoever was born later moved in at birth."""
    first, last = MOVED_IN
    recent = np.clip((before - first) / (last - first), 0, 1)
    born = ages * YEAR > before
    return np.where(born, (1 - settings.people.born_here_share) * recent, 0.0)


def _younger(people: Floats, years: int) -> Floats:
    """The same people ``years`` earlier; those not born then drop out."""
    room = np.zeros((people.shape[0], _OLDEST, people.shape[2]))
    shifted = people[:, years:, :]
    room[:, : shifted.shape[1], :] = shifted
    return room


def _in_bands(people: Floats) -> dict[str, float]:
    """``0-4`` and so on; everything from 85 is one band."""
    starts = [int(row["age_from"]) for row in read_csv("age_sex_2024.csv")]
    bands = {
        f"{start}-{start + 4}": float(people[start : start + 5].sum())
        for start in starts
        if start < _LAST_BAND
    }
    return bands | {f"{_LAST_BAND}+": float(people[_LAST_BAND:].sum())}
