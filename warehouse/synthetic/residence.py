"""Where people live on a day, and how a register writes it: wards of the 22 districts, since July 2025 units alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from warehouse.geography import UNITS_FROM, crosswalk, districts, units, wards
from warehouse.synthetic.columns import Bools, Ints, day_number
from warehouse.synthetic.parameters import Floats
from warehouse.synthetic.people import People


def wards_on(people: People, day: int) -> Ints:
    """Everybody's ward on a day, as places in the list of wards."""
    return np.where(people.moved_day <= day, people.moved_to, people.ward)


def districts_of(ward: Ints) -> Ints:
    """The districts of wards, as places in the list of districts."""
    code = {unit.code: place for place, unit in enumerate(districts())}
    return np.array([code[one.district_code] for one in wards()], dtype=np.int64)[ward]


def units_of(ward: Ints, number: Ints) -> Ints:
    """The unit of July 2025 each person's home came to lie in, as places in the list of units.

    A ward that was divided is shared out by the weights of the crosswalk, spread over the running numbers of people.
    """
    edges, unit = _parts()
    within = (number + 1) * 0.6180339887498949 % 1.0
    return unit[np.searchsorted(edges, ward + within, side="right") - 1]


def stated_places(people: People, as_of: int, restated_share: float) -> pl.DataFrame:
    """``ward_code`` and ``district_code`` of the register of a day.

    Whoever is registered or moves since the districts ended, and ``restated_share`` of all others, stands there under
    the code of a unit, without a district.
    """
    ward, changed = wards_on(people, as_of), day_number(UNITS_FROM)
    moved = np.where(people.moved_day <= as_of, people.moved_day, 0)
    since = np.maximum(moved, people.registered_day)
    restated = people.number * 0.7548776662466927 % 1.0 < restated_share
    is_unit: Bools = (since >= changed) | (restated & (as_of >= changed))
    frame = pl.DataFrame(
        {
            "ward": pl.Series([one.code for one in wards()]).gather(ward),
            "unit": pl.Series([one.code for one in units()]).gather(units_of(ward, people.number)),
            "district": pl.Series([one.code for one in districts()]).gather(districts_of(ward)),
            "is_unit": pl.Series(is_unit),
        }
    )
    return frame.select(
        pl.when("is_unit").then("unit").otherwise("ward").alias("ward_code"),
        pl.when(~pl.col("is_unit")).then("district").alias("district_code"),
    )


def former_places(people: People, as_of: int) -> pl.DataFrame:
    """``former_ward`` and ``former_district`` of those who have moved within the city by a day; of others nothing."""
    home = pl.DataFrame(
        {
            "ward": pl.Series([one.code for one in wards()]).gather(people.ward),
            "district": pl.Series([one.code for one in districts()]).gather(people.district),
            "has_moved": pl.Series(people.moved_day <= as_of),
        }
    )
    return home.select(
        pl.when("has_moved").then(pl.col(name)).alias(f"former_{name}") for name in ("ward", "district")
    )


def any_ward(draw: Floats) -> pl.DataFrame:
    """``ward_code`` and ``district_code`` of a ward of the city for each number between 0 and 1."""
    known = wards()
    place = pl.Series((draw * len(known)).astype(np.int64))
    codes = {
        "ward_code": [one.code for one in known],
        "district_code": [one.district_code for one in known],
    }
    return pl.DataFrame({name: pl.Series(values).gather(place) for name, values in codes.items()})


@cache
def _parts() -> tuple[Floats, Ints]:
    """The parts of all wards one after another: where each begins (place of the ward, share before it); its unit."""
    place = {unit.code: number for number, unit in enumerate(units())}
    begins, unit = [], []
    for number, ward in enumerate(wards()):
        parts = [part for part in crosswalk() if part.ward_code == ward.code]
        before, whole = 0, sum(part.weight for part in parts)
        for part in parts:
            begins.append(number + before / whole)
            unit.append(place[part.unit_code])
            before += part.weight
    return np.array(begins), np.array(unit, dtype=np.int64)
