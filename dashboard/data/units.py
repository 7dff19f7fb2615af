"""The units of July 2025 as places of a page: names, which of them a viewer may see, frames of them.

A unit that holds part of a split ward has people who were shared out by weights; how many is told with its numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

import polars as pl

from analytics.catalogue import catalogue
from analytics.generation import Generation
from analytics.query import answer
from analytics.question import Question
from dashboard.access import Viewer
from dashboard.data import source
from dashboard.words import Words, words
from warehouse.geography import crosswalk, units, wards

#: Kinds of unit as their names begin, and the words they stand for.
_KINDS = {"Phường ": "unit.ward", "Xã ": "unit.commune"}
#: After the name of a unit part of whose people were shared out by weights, where there is no room to say how many.
MARK = " *"
_FRAME = {
    **dict.fromkeys(("unit", "district", "name", "short"), pl.String),
    **source.ESTIMATE,
    **dict.fromkeys(("apportioned", "longitude", "latitude"), pl.Float64),
}


def has_units(of: Generation) -> bool:
    """Whether a build counts by unit; those of before the units do not."""
    return bool(catalogue(of).units)


@cache
def homes() -> dict[str, tuple[str, ...]]:
    """The districts a unit was made from, that of most wards first."""
    district_of = {ward.code: ward.district_code for ward in wards()}
    found: dict[str, Counter[str]] = {unit.code: Counter() for unit in units()}
    for part in crosswalk():
        found[part.unit_code][district_of[part.ward_code]] += 1
    return {code: tuple(name for name, _ in counts.most_common()) for code, counts in found.items()}


def short_names(viewer: Viewer, *, district: str | None = None) -> dict[str, str]:
    """Code and short name of every unit all of which a viewer may see, of one district or all."""
    return {
        unit.code: _short(unit.name)
        for unit in units()
        if all(viewer.sees(home) for home in homes()[unit.code]) and district in (None, *homes()[unit.code])
    }


def marked(of: Generation, viewer: Viewer, *, district: str | None = None) -> dict[str, str]:
    """The same with a star after the names of units part of whose people were shared out by weights."""
    drawn = apportioned(of)
    return {
        code: short + (MARK if code in drawn else "")
        for code, short in short_names(viewer, district=district).items()
    }


def by_home(codes: Iterable[str]) -> list[str]:
    """Units in the order of the districts most of them came from, so that a district's lie side by side."""
    return sorted(codes, key=lambda code: (homes()[code][0], code))


def _short(name: str) -> str:
    """The name without its kind."""
    return name.partition(" ")[2]


def _full(name: str, text: Words) -> str:
    """The name with its kind, in the language of ``text``."""
    return next((text(key, name=_short(name)) for kind, key in _KINDS.items() if name.startswith(kind)), name)


@lru_cache(maxsize=16)
def apportioned(of: Generation) -> dict[str, float]:
    """Share of the people of a unit who were drawn into it by the weights of split wards; only where there are any."""
    inputs = answer(Question(measure="coverage", by=("unit",)), of).lineage["inputs"]
    return dict(inputs["apportioned"])


def by_place(rows: pl.DataFrame, of: Generation, viewer: Viewer, language: str) -> pl.DataFrame:
    """``rows`` by unit as a frame of places: one per unit the viewer may see, ``no_data`` where there is none.

    ``district`` is the one most of it came from, ``apportioned`` the share of people drawn (null: nobody; else
    ``short`` has a star), and longitude and latitude are those of its middle.
    """
    found = {row["unit"]: row for row in rows.to_dicts()}
    drawn, shorts, text = apportioned(of), marked(of, viewer), words(language)
    named = [
        {
            "unit": unit.code,
            "district": homes()[unit.code][0],
            "name": _full(unit.name, text),
            "short": shorts[unit.code],
            **source.estimate(found.get(unit.code)),
            "apportioned": drawn.get(unit.code),
            "longitude": unit.longitude,
            "latitude": unit.latitude,
        }
        for unit in units()
        if unit.code in shorts
    ]
    return pl.DataFrame(named, schema=_FRAME)
