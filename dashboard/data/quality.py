"""What the quality page asks: arrivals, refusals, checks with effects, digits, completeness, coverage, linkage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import polars as pl

from analytics import arrivals as arrived
from analytics import linkage as links
from analytics import numbers as person_numbers
from analytics import quality
from analytics.catalogue import catalogue
from analytics.generation import Generation
from analytics.quality import CITY
from analytics.report import Report
from dashboard.access import Viewer
from dashboard.data import source
from dashboard.selection.base import Build
from dashboard.selection.quality import QualityOpened, QualitySelection, Register, resolve
from warehouse.errors import UserError

Line = tuple[str, str, Mapping[str, source.Row]]


def open_page(query: Mapping[str, str], viewer: Viewer, language: str) -> QualityOpened | None:
    """The build a query names (else the current one) and the query resolved; None where there is nothing to show."""
    if not source.has_build():
        return None
    generation, fallbacks = source.asked_generation(query)
    selection, more = resolve(query, build=generation.build_id, language=language)
    return QualityOpened(
        **source.shared(query, generation, viewer, language, of_build=fallbacks, of_choices=more),
        selection=selection,
    )


def read_selection(store: Mapping[str, str], viewer: Viewer) -> QualitySelection:
    """The selection a browser sent, checked anew."""
    generation, _ = source.asked_generation(store)
    return resolve(store, build=generation.build_id, language=source.stored_language(store))[0]


def build(selection: QualitySelection) -> Build:
    """The build of a selection as a page names it."""
    return source.describe(source.generation(selection.build))


def arrivals(selection: QualitySelection) -> pl.DataFrame:
    """Columns of :func:`analytics.arrivals.arrivals`."""
    return _rows(arrived.arrivals, selection)


def refusals(selection: QualitySelection) -> pl.DataFrame:
    """Columns of :func:`analytics.arrivals.refusals`; no rows where none was refused."""
    return _rows(arrived.refusals, selection)


def checks(selection: QualitySelection, viewer: Viewer) -> pl.DataFrame:
    """Columns of :func:`analytics.quality.checks` and, in words, ``name``, ``todo`` and ``moved`` (the definition).

    A role that sees no health numbers gets no effects.
    """
    rows = _rows(quality.checks, selection)
    rows = rows if _sees_effects(viewer) else _without_effects(rows)
    if rows.is_empty():
        return rows
    names = _definitions(source.generation(selection.build), selection.language)
    moved = [names.get((row["condition"], row["definition"]), "") for row in rows.to_dicts()]
    return rows.with_columns(
        pl.col(f"name_{selection.language}").alias("name"),
        pl.col(f"todo_{selection.language}").alias("todo"),
        pl.Series("moved", moved, dtype=pl.String),
    )


def digits(selection: QualitySelection, viewer: Viewer) -> pl.DataFrame:
    """Columns of :func:`analytics.quality.digits` with ``name`` and ``short``: the city, the districts to be seen."""
    return _named(_rows(quality.digits, selection), selection, viewer)


def completeness(selection: QualitySelection, viewer: Viewer) -> list[Line]:
    """Code, short name and sections of the city and of every district the viewer may see."""
    rows = _named(_rows(quality.completeness, selection), selection, viewer)
    found: dict[tuple[str, str], dict[str, source.Row]] = {}
    for row in rows.to_dicts():
        # A complete count: without limits.
        estimate = {**dict.fromkeys(source.ESTIMATE), **row}
        found.setdefault((row["district"], row["short"]), {})[row["section"]] = estimate
    return [(code, name, sections) for (code, name), sections in found.items()]


def coverage(selection: QualitySelection, viewer: Viewer) -> pl.DataFrame:
    """Columns of :func:`analytics.quality.coverage` with ``name`` and ``short``."""
    return _named(_report(quality.coverage, source.generation(selection.build)).rows, selection, viewer)


def register(selection: QualitySelection) -> Register:
    """What is known of the register as a whole."""
    about = _report(quality.coverage, source.generation(selection.build)).about
    return Register(
        quarter=about["quarter"],
        official_year=about["official_year"],
        source=about["official_source"] or "",
        other_senders=about["other_senders"],
        no_district=about["no_district"],
    )


def linkage(selection: QualitySelection, viewer: Viewer) -> pl.DataFrame:
    """Columns of :func:`analytics.linkage.linkage` and ``name``: of districts the viewer may see, of conditions.

    No columns where the build is older, no rows where persons are not linked. A role that sees no health numbers gets
    no conditions.
    """
    rows = _rows(links.linkage, selection)
    if not rows.columns:
        return rows
    names = {"district": {code: name for code, name, _ in source.names(selection.language)}}
    names["condition"] = _conditions(source.generation(selection.build), selection.language)
    shown = [row for row in rows.to_dicts() if _may_see(row, viewer)]
    told = [names.get(row["dimension"], {}).get(row["group_name"] or "") for row in shown]
    frame = pl.DataFrame(shown, schema=rows.schema, orient="row")
    return frame.with_columns(pl.Series("name", told, dtype=pl.String))


def linkage_run(selection: QualitySelection) -> Mapping[str, int] | None:
    """References, people, people held twice (``people_twice``); None where persons are not linked."""
    found: Mapping[str, int] | None = _about(links.linkage, selection, "run")
    return found


def numbers(selection: QualitySelection) -> pl.DataFrame:
    """Columns of :func:`analytics.numbers.numbers` and ``name``, the fault in words; none where the build is older."""
    rows = _rows(person_numbers.numbers, selection)
    return rows.with_columns(pl.col(f"name_{selection.language}").alias("name")) if rows.columns else rows


def numbers_lent(selection: QualitySelection) -> int | None:
    """Numbers under which more than ten people stand; None where persons are not linked."""
    found: int | None = _about(person_numbers.numbers, selection, "lent")
    return found


def _may_see(row: Mapping[str, Any], viewer: Viewer) -> bool:
    if row["dimension"] == "condition":
        return _sees_effects(viewer)
    return row["dimension"] != "district" or viewer.sees(row["group_name"] or "")


def _about(ask: Callable[[Generation], Report], selection: QualitySelection, name: str) -> Any:
    """What a report says of itself; None where the build was made before what it asks for."""
    try:
        return _report(ask, source.generation(selection.build)).about[name]
    except UserError:
        return None


def _rows(ask: Callable[[Generation], Report], selection: QualitySelection) -> pl.DataFrame:
    """The rows of a report; none where the build was made before what it asks for."""
    try:
        return _report(ask, source.generation(selection.build)).rows
    except UserError:
        return pl.DataFrame()


@lru_cache(maxsize=64)
def _report(ask: Callable[[Generation], Report], of: Generation) -> Report:
    return ask(of)


def _named(rows: pl.DataFrame, selection: QualitySelection, viewer: Viewer) -> pl.DataFrame:
    """Rows of the city and of the districts a viewer may see, with their names."""
    if rows.is_empty():
        return rows
    city = source.place_name(None, selection.language)
    places = [
        (CITY, city, city),
        *(item for item in source.names(selection.language) if viewer.sees(item[0])),
    ]
    frame = pl.DataFrame(places, schema=["district", "name", "short"], orient="row")
    return rows.join(frame, on="district", how="inner", maintain_order="left")


def _sees_effects(viewer: Viewer) -> bool:
    try:
        viewer.require_health_numbers()
    except UserError:
        return False
    return True


def _without_effects(rows: pl.DataFrame) -> pl.DataFrame:
    names = ("effect_points", "rounded_to", "condition", "definition")
    blank = [pl.lit(None, rows.schema[name]).alias(name) for name in names if name in rows.columns]
    told = [pl.lit("suppressed").alias("state"), pl.lit("role").alias("reason")] if blank else []
    return rows.with_columns(*blank, *told)


def _conditions(of: Generation, language: str) -> dict[str, str]:
    """Conditions by name."""
    side = source.side(language)
    return {
        item.condition: (item.condition_vi, item.condition_en)[side] or ""
        for item in catalogue(of.live).variants
    }


def _definitions(of: Generation, language: str) -> dict[tuple[str, str], str]:
    """Condition and variant to their names, like ``Hypertension (Recommended)``."""
    side = source.side(language)
    return {
        (item.condition, item.variant): " · ".join(
            name[side] or ""
            for name in ((item.condition_vi, item.condition_en), (item.name_vi, item.name_en))
        )
        for item in catalogue(of).variants
    }
