"""Places of Ho Chi Minh City: the 22 district-level units and their wards, and the reference population.

Sources and confidence of every file are in ``SOURCES.md`` beside this module.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

#: Units merged into Thủ Đức City on 1 January 2021: Thủ Đức, District 9, District 2.
MERGED_DISTRICTS = {"762": "769", "763": "769"}


@dataclass(frozen=True)
class District:
    """A district-level unit. ``population_2019`` is the census of 1 April 2019; area in square kilometres."""

    code: str
    name_vi: str
    name_en: str
    short_vi: str
    short_en: str
    kind: str
    population_2019: int
    area_km2: float
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Ward:
    """A ward (phường, xã, thị trấn) as of 1 January 2025."""

    code: str
    name: str
    district_code: str


def read_csv(name: str) -> list[dict[str, str]]:
    """Rows of one of this folder's CSV files."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def districts() -> tuple[District, ...]:
    """The 22 units in the order of their codes."""
    return tuple(
        District(
            code=row["district_code"],
            name_vi=row["name_vi"],
            name_en=row["name_en"],
            short_vi=row["short_vi"],
            short_en=row["short_en"],
            kind=row["kind"],
            population_2019=int(row["population_2019"]),
            area_km2=float(row["area_km2"]),
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
        )
        for row in read_csv("districts.csv")
    )


@cache
def neighbours() -> tuple[tuple[str, str], ...]:
    """Pairs of districts that share a border, each once, the lower code first."""
    return tuple((row["district_code"], row["neighbour_code"]) for row in read_csv("district_neighbours.csv"))


@cache
def wards() -> tuple[Ward, ...]:
    """The 273 wards in the order of their codes."""
    return tuple(Ward(row["ward_code"], row["name"], row["district_code"]) for row in read_csv("wards.csv"))
