"""Generations, kept answers and the names of places: what the data of every page stands on.

Answers are kept per process, keyed by build and question, and the viewer's scope is part of the question: a published
generation never changes, so what is kept never grows old, and nothing kept for one viewer can reach another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from flask import current_app

from analytics.catalogue import catalogue
from analytics.changes import definitions_changed
from analytics.generation import Generation, builds, current_build
from analytics.query import answer
from analytics.question import Question
from dashboard.access import Viewer
from dashboard.selection.base import SHOWN_LENGTH, Build, Fallback, Moved, MovedDefinition, language_of
from dashboard.words import LANGUAGES, words
from warehouse.errors import UserError
from warehouse.geography import districts

HOME = "HSSK_HOME"
KEPT_ANSWERS = 2048
Option = dict[str, str]
Row = dict[str, Any]
#: The columns of an estimate, on every page.
ESTIMATE: dict[str, Any] = {
    "numerator": pl.Int64,
    "denominator": pl.Int64,
    "value": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "method": pl.String,
    "state": pl.String,
    "reason": pl.String,
}


def has_build() -> bool:
    """Whether there is a generation that can be served."""
    try:
        Generation.open(home())
    except UserError:
        return False
    return True


def home() -> Path:
    """The data folder this server was started with."""
    return Path(current_app.config[HOME])


def generation(build_id: str) -> Generation:
    """The generation of a resolved Selection."""
    return Generation.open(home(), build_id)


def asked_generation(query: Mapping[str, str]) -> tuple[Generation, tuple[Fallback, ...]]:
    """The build a query pins, else the current one; an unknown one falls back to the current, and says so."""
    asked = str(query.get("build") or "")
    if asked and asked in builds(home()):
        return Generation.open(home(), asked), ()
    current = Generation.open(home())
    return current, ((Fallback("build", asked[:SHOWN_LENGTH], current.build_id),) if asked else ())


def moved(query: Mapping[str, str], shown: Generation, language: str) -> Moved | None:
    """The build a link was made from, where another one is shown now and nothing was pinned."""
    seen = str(query.get("seen") or "")
    if not seen or seen == shown.build_id or query.get("build") or seen not in builds(home()):
        return None
    old = Generation.open(home(), seen)
    changed = definitions_changed(shown, old)
    return Moved(
        build_id=seen,
        extract_date=date.fromisoformat(old.extract_date),
        definitions=tuple(
            MovedDefinition((item.name_vi, item.name_en)[side(language)], item.old, item.new)
            for item in changed
            if item.old and item.new
        ),
    )


def shared(
    query: Mapping[str, str],
    shown: Generation,
    viewer: Viewer,
    language: str,
    *,
    of_build: Sequence[Fallback],
    of_choices: Sequence[Fallback],
) -> dict[str, Any]:
    """The fields of ``Opened``, which every page has: what fell back is told from the build to the choices."""
    asked = str(query.get("asked_lang") or language)
    languages = (Fallback("lang", asked[:8], language),) if asked != language else ()
    return {
        "build": describe(shown),
        "fallbacks": (*of_build, *languages, *of_choices),
        "moved": moved(query, shown, language),
        "districts": district_options(viewer, language),
    }


def stored_language(store: Mapping[str, str]) -> str:
    """The language of a store, which a browser may have forged."""
    return language_of(store, LANGUAGES[0])


def where(**only: Sequence[str] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The restrictions of a question: each name with its values; None restricts nothing."""
    return tuple((name, tuple(values)) for name, values in only.items() if values is not None)


@lru_cache(maxsize=KEPT_ANSWERS)
def answered(of: Generation, question: Question) -> pl.DataFrame:
    """The rows of one answer."""
    return answer(question, of).rows


def estimate(row: Mapping[str, Any] | None) -> Row:
    """The columns of an estimate; a row that the answer does not have is ``no_data``."""
    if row is None:
        return {**dict.fromkeys(ESTIMATE), "state": "no_data", "reason": "nobody_counted"}
    return {name: row[name] for name in ESTIMATE}


def by_place(rows: pl.DataFrame, viewer: Viewer, language: str) -> pl.DataFrame:
    """``rows`` by district with their names: one per district the viewer may see, ``no_data`` where there is none."""
    found = {row["district"]: row for row in rows.to_dicts()}
    named = [
        {"district": code, "name": name, "short": short, **estimate(found.get(code))}
        for code, name, short in names(language)
        if viewer.sees(code)
    ]
    schema = {"district": pl.String, "name": pl.String, "short": pl.String, **ESTIMATE}
    return pl.DataFrame(named, schema=schema)


def describe(of: Generation) -> Build:
    """The build as a page names it."""
    manifest = of.manifest
    extract_date = date.fromisoformat(manifest["extract_date"])
    return Build(
        build_id=of.build_id,
        extract_date=extract_date,
        created=datetime.fromisoformat(manifest["created_at"]).date(),
        is_synthetic=bool(manifest["synthetic"]),
        is_latest=current_build(home()) == of.build_id,
        days_old=(datetime.now(UTC).date() - extract_date).days,
    )


def names(language: str) -> tuple[tuple[str, str, str], ...]:
    """Code, name, short name of every district, in one language."""
    place = side(language)
    return tuple(
        (item.code, (item.name_vi, item.name_en)[place], (item.short_vi, item.short_en)[place])
        for item in districts()
    )


def short_names(viewer: Viewer, language: str) -> dict[str, str]:
    """Code and short name of every district a viewer may see."""
    return {code: short for code, _, short in names(language) if viewer.sees(code)}


def place_name(code: str | None, language: str) -> str:
    """A district by name; None is the whole city."""
    found = {district: name for district, name, _ in names(language)}
    return found.get(code or "", words(language)("place.city"))


def visible(viewer: Viewer) -> tuple[str, ...]:
    """Codes of the districts a viewer may see."""
    return tuple(item.code for item in districts() if viewer.sees(item.code))


def district_options(viewer: Viewer, language: str) -> list[Option]:
    """The districts a viewer may choose."""
    return [option(code, name) for code, name, _ in names(language) if viewer.sees(code)]


def option(value: str, label: str) -> Option:
    """An entry of a select."""
    return {"value": value, "label": label}


def side(language: str) -> int:
    """Place of a language in pairs of words: Vietnamese 0, English 1."""
    return 1 if language == "en" else 0


def newest_quarter(of: Generation) -> str:
    """The newest quarter of a build, whether or not it is over."""
    return catalogue(of).quarters[-1].name
