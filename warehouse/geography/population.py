"""The bundled reference population: district x sex x age band, for builds without a ``population`` extract.

Census shares of the districts (2019) are applied to the age and sex structure of the city (2024). Two years are
given: 2019 (total of the census) and 2024 (total of the projection). Counts are whole people; largest remainders
keep every total exact. It is an estimate and every output that uses it says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from warehouse.errors import UserError
from warehouse.geography import districts, read_csv

SOURCE = "reference: census 2019 by district x city age-sex structure 2024 (estimate)"
YEARS = (2019, 2024)
OLDEST_AGE = 130
_SCHEMA = {
    "unit_code": pl.String,
    "sex": pl.Int8,
    "age_from": pl.Int16,
    "year": pl.Int16,
    "people": pl.Int32,
    "source": pl.String,
}


def reference_population(bands: pl.DataFrame) -> pl.DataFrame:
    """``unit_code, sex (1 male, 2 female), age_from, year, people, source`` for 22 districts and both years.

    ``bands`` is ``rule_age_band``: single year of age -> lower edge of its band.
    """
    cells = _city_cells(bands)
    rows: list[tuple[str, int, int, int, int, str]] = []
    for year in YEARS:
        for district, total in zip(districts(), _district_totals(year, cells), strict=True):
            people = apportion(total, [weight for _, _, weight in cells])
            rows += [
                (district.code, sex, age_from, year, count, SOURCE)
                for (sex, age_from, _), count in zip(cells, people, strict=True)
            ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def delivered_population(delivered: pl.DataFrame, bands: pl.DataFrame) -> pl.DataFrame:
    """The same table from a ``population`` extract (unit_code, sex, age_band, year, people, source).

    A delivered band is split over its single years in equal parts, whole people, total kept; the open last band
    (``85+``) lies in the band of its lower edge.
    """
    edges = _edges(bands)
    totals: dict[tuple[str, int, int, int, str], int] = {}
    for row in delivered.iter_rows(named=True):
        first, last = _band_limits(row["age_band"])
        ages = range(first, last + 1)
        for age, people in zip(ages, apportion(row["people"], [1.0] * len(ages)), strict=True):
            sex = 1 if row["sex"] == "male" else 2
            key = (
                row["unit_code"],
                sex,
                edges[min(age, OLDEST_AGE)],
                row["year"],
                row["source"] or "extract",
            )
            totals[key] = totals.get(key, 0) + people
    rows = [
        (unit, sex, age_from, year, people, source)
        for (unit, sex, age_from, year, source), people in totals.items()
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _band_limits(band: str) -> tuple[int, int]:
    """``50-54`` -> (50, 54); ``85+`` -> (85, 85); ``7`` -> (7, 7)."""
    if band.endswith("+"):
        return int(band[:-1]), int(band[:-1])
    first, _, last = band.partition("-")
    if int(last or first) < int(first):
        raise UserError("not an age band", field="age_band", value=band, expected="like 50-54, 85+ or 7")
    return int(first), int(last or first)


def _edges(bands: pl.DataFrame) -> dict[int, int]:
    return dict(bands.select("age", "age_from").iter_rows())


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Split ``total`` whole people in proportion to ``weights`` by largest remainders (Hamilton's method)."""
    scale = total / sum(weights)
    floors = [int(weight * scale) for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (floors[i] - weights[i] * scale, i))
    for i in order[: total - sum(floors)]:
        floors[i] += 1
    return floors


def _city_cells(bands: pl.DataFrame) -> list[tuple[int, int, float]]:
    """City people of 2024 as (sex, age_from, people); a source band is split evenly over its single years."""
    totals: dict[tuple[int, int], float] = {}
    edges = _edges(bands)
    for row in read_csv("age_sex_2024.csv"):
        first = int(row["age_from"])
        last = int(row["age_to"]) if row["age_to"] else first
        for sex, name in ((1, "male"), (2, "female")):
            for age in range(first, last + 1):
                key = (sex, edges[age])
                totals[key] = totals.get(key, 0.0) + int(row[name]) / (last - first + 1)
    return [(sex, age_from, people) for (sex, age_from), people in sorted(totals.items())]


def _district_totals(year: int, cells: Sequence[tuple[int, int, float]]) -> list[int]:
    census = [district.population_2019 for district in districts()]
    if year == YEARS[0]:
        return census
    return apportion(round(sum(people for _, _, people in cells)), census)
