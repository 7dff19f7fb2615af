"""The bundled reference population: district x sex x age band, for builds without a ``population`` extract.

Census shares of the districts (2019) are applied to the age and sex structure of the city (2024). Two years are
given: 2019 (total of the census) and 2024 (total of the projection). Counts are whole people; largest remainders
keep every total exact. It is an estimate and every output that uses it says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from warehouse.geography import districts, read_csv

SOURCE = "reference: census 2019 by district x city age-sex structure 2024 (estimate)"
#: Lower edges of the mart age bands; the last band is open.
BAND_EDGES = (0, 5, 10, 15, 18, *range(20, 51, 5), 51, *range(55, 86, 5))
OLDEST_AGE = 130
YEARS = (2019, 2024)


def age_bands() -> pl.DataFrame:
    """``rule_age_band``: one row per single year of age 0..130 with the lower edge and the label of its band."""
    rows = []
    for lower, upper in zip(BAND_EDGES, (*BAND_EDGES[1:], None), strict=True):
        last = OLDEST_AGE if upper is None else upper - 1
        label = f"{lower}+" if upper is None else (str(lower) if last == lower else f"{lower}-{last}")
        rows += [(age, lower, label) for age in range(lower, last + 1)]
    schema = {"age": pl.Int16, "age_from": pl.Int16, "label": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def reference_population() -> pl.DataFrame:
    """``unit_code, sex (1 male, 2 female), age_from, year, people, source`` for 22 districts and both years."""
    cells = _city_cells()
    rows: list[tuple[str, int, int, int, int, str]] = []
    for year in YEARS:
        for district, total in zip(districts(), _district_totals(year, cells), strict=True):
            people = apportion(total, [weight for _, _, weight in cells])
            rows += [
                (district.code, sex, age_from, year, count, SOURCE)
                for (sex, age_from, _), count in zip(cells, people, strict=True)
            ]
    schema = {
        "unit_code": pl.String,
        "sex": pl.Int8,
        "age_from": pl.Int16,
        "year": pl.Int16,
        "people": pl.Int32,
        "source": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Split ``total`` whole people in proportion to ``weights`` by largest remainders (Hamilton's method)."""
    scale = total / sum(weights)
    floors = [int(weight * scale) for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (floors[i] - weights[i] * scale, i))
    for i in order[: total - sum(floors)]:
        floors[i] += 1
    return floors


def _city_cells() -> list[tuple[int, int, float]]:
    """City people of 2024 as (sex, age_from, people); a source band is split evenly over its single years."""
    totals: dict[tuple[int, int], float] = {}
    edges = {row["age"]: row["age_from"] for row in age_bands().iter_rows(named=True)}
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
