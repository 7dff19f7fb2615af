"""Places of Ho Chi Minh City: the 22 districts and their wards, the units of July 2025, the reference population.

Sources and confidence of every file are in ``SOURCES.md`` beside this module.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

#: The two geographies: districts until 30 June 2025, units from 1 July 2025.
Geography = Literal["district", "unit"]
#: Units merged into Thủ Đức City on 1 January 2021: Thủ Đức, District 9, District 2.
MERGED_DISTRICTS = {"762": "769", "763": "769"}
#: The day the districts ended and the units began (Resolution 1685/NQ-UBTVQH15).
UNITS_FROM = date(2025, 7, 1)


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


@dataclass(frozen=True)
class Unit:
    """A unit (phường, xã) of 1 July 2025 inside the city as it was before; its code is also that of an old ward."""

    code: str
    name: str
    kind: str
    area_km2: float
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Part:
    """What a ward gave to a unit: ``weight`` against the other parts of the ward; ``is_default`` marks the largest."""

    ward_code: str
    unit_code: str
    weight: int
    is_default: bool


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
def neighbours(geography: Geography = "district") -> tuple[tuple[str, str], ...]:
    """Pairs of places that share a border line, each once, the lower code first; a river is no end of it."""
    rows = read_csv(f"{geography}_neighbours.csv")
    return tuple((row[f"{geography}_code"], row["neighbour_code"]) for row in rows)


@cache
def outlines(geography: Geography = "district") -> bytes:
    """GeoJSON of the approximate outlines carried here: a feature per place, its id the code, rings clockwise."""
    return resources.files(__package__).joinpath(f"{geography}_outlines.geojson").read_bytes()


@cache
def areas(geography: Geography) -> dict[str, float]:
    """Official area of every place of a geography, square kilometres, in the order of the codes."""
    places = districts() if geography == "district" else units()
    return {place.code: place.area_km2 for place in places}


@cache
def outside() -> dict[str, str]:
    """The 66 units of the merged city that were no part of the old one, where no records come from: code and name."""
    return {row["unit_code"]: row["name"] for row in read_csv("units_outside.csv")}


@cache
def wards() -> tuple[Ward, ...]:
    """The 273 wards in the order of their codes."""
    return tuple(Ward(row["ward_code"], row["name"], row["district_code"]) for row in read_csv("wards.csv"))


@cache
def units() -> tuple[Unit, ...]:
    """The 102 units of July 2025 that lie in the old city, in the order of their codes."""
    return tuple(
        Unit(
            code=row["unit_code"],
            name=row["name"],
            kind=row["kind"],
            area_km2=float(row["area_km2"]),
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
        )
        for row in read_csv("units.csv")
    )


@cache
def crosswalk() -> tuple[Part, ...]:
    """Every part of every ward, in the order of ward and unit; a ward that was not split is one part."""
    return tuple(
        Part(row["ward_code"], row["unit_code"], int(row["weight"]), row["is_default"] == "true")
        for row in read_csv("crosswalk.csv")
    )


@cache
def whole_units() -> frozenset[str]:
    """Units made of whole wards: what is counted for them is counted, not shared out."""
    parts = [part.ward_code for part in crosswalk()]
    split = {part.unit_code for part in crosswalk() if parts.count(part.ward_code) > 1}
    return frozenset(unit.code for unit in units()) - split
