"""The publication lattice of a definition: the only cells of health counts that leave, each with its noise.

Place (city, district, ward, unit of July 2025) x sex (male, female, unknown, both) x ages (bands of the marts and
published groups). Every protected number is a cell of it or a sum of its cells; :mod:`analytics.hiding` decides which
cells are hidden and what is published around them. Computed once per definition, level and quarters, whatever is
asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
import polars as pl

from analytics import hiding
from analytics.ages import AgeBand, MartAges, parse_age_band
from analytics.generation import Generation, noise_of, read_sql
from analytics.hiding import SEXES, Floats, Ints
from analytics.noise import Noise
from analytics.reference import published_ages
from analytics.relations import MOST_CELLS, Ages, age_relations
from warehouse.geography import crosswalk, wards, whole_units

#: Columns that tell the places of a level apart.
LEVELS: dict[str, tuple[str, ...]] = {
    "city": (),
    "district": ("district",),
    "ward": ("district", "ward"),
    "unit": ("unit",),
}
#: Protected counts, how many noises each carries, and the part of them that stands on cells which may be shown.
PROTECTED = (
    "numerator",
    "denominator",
    "numerator_cells",
    "denominator_cells",
    "shown_numerator",
    "shown_denominator",
)
_KEPT = 64


def lattice_ages(ages: MartAges, first: int, last: int | None) -> tuple[tuple[str, Ages], ...]:
    """Label and lower edges of every lattice cell inside ``first`` to ``last`` years: bands, then published groups."""
    found: dict[Ages, str] = {}
    bands = [ages.band(start) for start in ages.starts if start >= 0]
    for band in (*bands, *map(parse_age_band, sorted(published_ages()))):
        is_inside = band.first >= first and (last is None or (band.last is not None and band.last <= last))
        if is_inside and _is_composed(ages, band):
            found.setdefault(frozenset(ages.compose(band)), band.label)
    return tuple((label, edges) for edges, label in found.items())


def _is_composed(ages: MartAges, band: AgeBand) -> bool:
    """Whether the bands of these marts make this group: older builds may cut ages elsewhere."""
    return band.first in ages.starts and (band.last is None or band.last + 1 in ages.starts)


def lattice_parameters(
    measures: tuple[int, int], level: str, quarters: Sequence[int], cells: Sequence[tuple[str, Ages]]
) -> dict[str, Any]:
    """Parameters of ``lattice_cells``."""
    parts = [(edge, label) for label, edges in cells for edge in sorted(edges)]
    return {
        "numerator_id": measures[0],
        "denominator_id": measures[1],
        "quarters": list(quarters),
        **{f"by_{name}": name in LEVELS[level] for name in ("district", "ward", "unit")},
        "age_from": [edge for edge, _ in parts],
        "ages": [label for _, label in parts],
    }


@lru_cache(maxsize=_KEPT)
def lattice(
    generation: Generation,
    measures: tuple[int, int],
    level: str,
    quarters: tuple[int, ...],
    cells: tuple[tuple[str, Ages], ...],
) -> pl.DataFrame:
    """``quarter``, the columns of ``level``, ``sex``, ``ages`` and :data:`PROTECTED`; a cell of nobody has no row.

    ``measures``: numerator and denominator; ``quarters``: their indexes; ``cells``: see :func:`lattice_ages`.
    """
    places, counts, keys = _counted(generation, measures, level, quarters, cells)
    noise = noise_of(generation)
    numerator, denominator = _protected(noise, counts, keys)
    share = _city_share(generation, measures, quarters, cells, places, (numerator, denominator))
    bands = [len(edges) for _, edges in cells]
    published = hiding.publish(
        numerator, denominator, share, age_relations(cells), bands, _families(places, level)
    )
    return _frame(places, [label for label, _ in cells], published, denominator)


def _families(places: pl.DataFrame, level: str) -> list[list[int]]:
    """Rows of ``places`` that make one place of another level in one quarter: wards a unit, units a district.

    Every cell has noise of its own: as of sums over ages, those of up to :data:`MOST_CELLS` cells tell too much.
    """
    wholes = {"ward": _wards_of_units, "unit": _units_of_districts}.get(level)
    if wholes is None:
        return []
    whole = pl.DataFrame(list(wholes().items()), schema={level: pl.String, "whole": pl.String}, orient="row")
    found = (
        places.with_row_index("row")
        .join(whole, on=level, how="inner")
        .group_by("quarter", "whole")
        .agg(pl.col("row").sort())
        .filter(pl.col("row").list.len().is_between(2, MOST_CELLS - 1))
        .sort("quarter", "whole")
    )
    return [list(rows) for rows in found["row"]]


@cache
def _wards_of_units() -> dict[str, str]:
    """Wards of units that are made of whole wards."""
    return {part.ward_code: part.unit_code for part in crosswalk() if part.unit_code in whole_units()}


@cache
def _units_of_districts() -> dict[str, str]:
    """Units of the districts that are made of whole units."""
    home = {ward.code: ward.district_code for ward in wards()}
    parts = {(home[part.ward_code], part.unit_code) for part in crosswalk()}
    shared = Counter(unit for _, unit in parts)
    closed = {district for district, unit in parts if unit not in whole_units() or shared[unit] > 1}
    return {unit: district for district, unit in sorted(parts) if district not in closed}


def _counted(
    generation: Generation,
    measures: tuple[int, int],
    level: str,
    quarters: tuple[int, ...],
    cells: Sequence[tuple[str, Ages]],
) -> tuple[pl.DataFrame, Ints, Ints]:
    """Places (a row each), exact counts and keys: arrays of (numerator, denominator) x place x sex x ages."""
    found = generation.frame(read_sql("lattice_cells"), lattice_parameters(measures, level, quarters, cells))
    columns = ["quarter", *LEVELS[level]]
    places = found.select(columns).unique().sort(columns).with_row_index("place")
    found = found.join(places, on=columns, how="left")
    where = (
        found["place"].to_numpy(),
        _positions(found["sex"], SEXES),
        _positions(found["ages"], [label for label, _ in cells]),
    )
    counts, keys = (np.zeros((2, places.height, len(SEXES), len(cells)), dtype=np.int64) for _ in range(2))
    for side, name in enumerate(("numerator", "denominator")):
        counts[side][where] = found[name].to_numpy()
        keys[side][where] = found[f"{name}_key"].to_numpy()
    return places.drop("place"), counts, keys


def _positions(values: pl.Series, order: Sequence[str]) -> Ints:
    places = {value: place for place, value in enumerate(order)}
    return values.replace_strict(places, return_dtype=pl.Int64).to_numpy().astype(np.int64)


def _protected(noise: Noise, counts: Ints, keys: Ints) -> tuple[Ints, Ints]:
    """Counts with noise; a numerator above its denominator would tell that there is noise on it."""
    numerator, denominator = noise.added(counts, keys)
    return np.minimum(numerator, denominator), denominator


def _city_share(
    generation: Generation,
    measures: tuple[int, int],
    quarters: tuple[int, ...],
    cells: tuple[tuple[str, Ages], ...],
    places: pl.DataFrame,
    own: tuple[Ints, Ints],
) -> Floats:
    """Protected share of the city in the cell of each place's quarter; of all its ages where the cell holds few."""
    if places.columns == ["quarter"]:
        return _shares(*own)
    city, counts, keys = _counted(generation, measures, "city", quarters, cells)
    share = _shares(*_protected(noise_of(generation), counts, keys))
    return share[_positions(places["quarter"], city["quarter"].to_list())]


def _shares(numerator: Ints, denominator: Ints) -> Floats:
    whole = numerator.sum(axis=(1, 2), keepdims=True) / np.maximum(
        denominator.sum(axis=(1, 2), keepdims=True), 1
    )
    is_firm = np.minimum(numerator, denominator - numerator) >= hiding.SMALLEST_COUNT
    return np.where(is_firm, numerator / np.maximum(denominator, 1), whole)


def _frame(
    places: pl.DataFrame, labels: Sequence[str], published: hiding.Published, denominator: Ints
) -> pl.DataFrame:
    columns = {
        "numerator": published.numerator,
        "denominator": denominator,
        "numerator_cells": published.cells,
        "denominator_cells": denominator > 0,
        "shown_numerator": np.where(published.hidden, 0, published.numerator),
        "shown_denominator": np.where(published.hidden, 0, denominator),
    }
    place, sex, age = (index.ravel() for index in np.indices(denominator.shape))
    frame = pl.DataFrame({name: values.astype(np.int64).ravel() for name, values in columns.items()})
    cells = pl.DataFrame({"sex": np.array(SEXES)[sex], "ages": np.array(labels)[age]})
    whole = pl.concat([places[place], cells, frame.select(PROTECTED)], how="horizontal")
    return whole.filter(pl.col("denominator") > 0).rechunk()
