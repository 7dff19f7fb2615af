"""The only door from the dashboard to numbers: a Selection and a Viewer in, frames out.

Every question goes through ``analytics.query``; nothing here counts. Answers are kept per process, keyed by build,
question and scope: a published generation never changes, so what is kept never grows old.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from flask import current_app

from analytics.generation import Generation, builds, current_build
from analytics.query import answer
from analytics.question import Question
from dashboard import catalogue
from dashboard.access import Viewer
from dashboard.selection import Build, Choices, Fallback, Opened, Selection, Subject, resolve
from warehouse.errors import Defect, UserError
from warehouse.geography import districts

HOME = "HSSK_HOME"
KEPT_ANSWERS = 512
AGE_GROUPS = "18-39,40-59,60-69,70+"
Option = dict[str, str]
Row = dict[str, Any]


def has_build() -> bool:
    """Whether there is a generation that can be served."""
    try:
        Generation.open(_home())
    except UserError:
        return False
    return True


def open_page(query: Mapping[str, str], viewer: Viewer, language: str) -> Opened | None:
    """The build a query names (else the current one), what can be chosen in it, and the query resolved.

    None where nothing has been published.
    """
    if not has_build():
        return None
    generation, fallbacks = _generation(query)
    selection, more = resolve(query, _choices(generation, viewer), language)
    known = catalogue.read(generation)
    asked_language = str(query.get("asked_lang") or language)
    if asked_language != language:
        fallbacks += (Fallback("lang", asked_language[:8], language),)
    side = _side(language)
    return Opened(
        build=_build(generation),
        selection=selection,
        fallbacks=fallbacks + more,
        conditions=[_option(name, items[0].condition_names[side]) for name, items in known.variants.items()],
        variants={
            name: [_option(item.variant, item.names[side]) for item in items]
            for name, items in known.variants.items()
        },
        periods=known.quarters,
        open_periods=known.open_quarters,
        districts=[_option(code, name) for code, name, _ in _names(side) if viewer.sees(code)],
    )


def read_selection(store: Mapping[str, str], viewer: Viewer) -> Selection:
    """The selection a browser sent, checked anew: what is not allowed becomes the default, never an answer."""
    generation, _ = _generation(store)
    language = "en" if store.get("lang") == "en" else "vi"
    return resolve(store, _choices(generation, viewer), language)[0]


def by_district(selection: Selection, viewer: Viewer) -> pl.DataFrame:
    """One row per district the viewer may see, with its names; a district without an answer is ``no_data``."""
    codes = [code for code, _, _ in _names(0) if viewer.sees(code)]
    rows = {
        row["district"]: row
        for row in _ask(selection, viewer, by="district", districts=viewer.scope).to_dicts()
    }
    named = [
        {"district": code, "name": name, "short": short, **_estimate(rows.get(code))}
        for code, name, short in _names(_side(selection.language))
        if code in codes
    ]
    return pl.DataFrame(
        named, schema={"district": pl.String, "name": pl.String, "short": pl.String, **ESTIMATE}
    )


def city(selection: Selection, viewer: Viewer) -> Row:
    """The estimate of the whole city, which every scope sees."""
    rows = _ask(selection, viewer).to_dicts()
    return _estimate(rows[0] if rows else None)


def place(selection: Selection, viewer: Viewer) -> Row | None:
    """The chosen district's row of :func:`by_district`; None for the whole city."""
    if selection.district is None:
        return None
    return by_district(selection, viewer).filter(pl.col("district") == selection.district).row(0, named=True)


def by_group(selection: Selection, viewer: Viewer) -> pl.DataFrame:
    """The chosen district by sex, then by age: ``group`` and an estimate. Crude, whatever the selection."""
    if selection.district is None or not viewer.sees(selection.district):
        raise Defect("groups of a district that is not chosen or not in the viewer's scope")
    return _groups(selection, viewer, (selection.district,))


def by_group_of_city(selection: Selection, viewer: Viewer) -> pl.DataFrame:
    """The same of the whole city."""
    return _groups(selection, viewer, None)


def subject(selection: Selection) -> Subject:
    """What the number is about, in the selection's language."""
    side = _side(selection.language)
    known = catalogue.read(Generation.open(_home(), selection.build)).variant(
        selection.condition, selection.variant
    )
    return Subject(
        condition=known.condition_names[side],
        definition=known.names[side],
        description=known.descriptions[side],
        source=known.source,
        version=known.version,
        denominator=known.denominator,
        age_from=known.age_from,
    )


def build(selection: Selection) -> Build:
    """The build of a selection as a page names it."""
    return _build(Generation.open(_home(), selection.build))


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


def _estimate(row: Mapping[str, Any] | None) -> Row:
    """The columns of an estimate; a row that the answer does not have is ``no_data``."""
    if row is None:
        return {**dict.fromkeys(ESTIMATE), "state": "no_data", "reason": "nobody_counted"}
    return {name: row[name] for name in ESTIMATE}


def _groups(selection: Selection, viewer: Viewer, scope: tuple[str, ...] | None) -> pl.DataFrame:
    sexes = _ask(selection, viewer, by="sex", districts=scope, crude=True).rename({"sex": "group"})
    ages = _ask(selection, viewer, by="age_band", districts=scope, crude=True, age_bands=AGE_GROUPS)
    both = [*sexes.to_dicts(), *ages.rename({"age_band": "group"}).to_dicts()]
    rows = [{"group": row["group"], **_estimate(row)} for row in both if row["group"] != "unknown"]
    return pl.DataFrame(rows, schema={"group": pl.String, **ESTIMATE})


def _ask(
    selection: Selection,
    viewer: Viewer,
    *,
    by: str | None = None,
    districts: tuple[str, ...] | None = None,
    crude: bool = False,
    age_bands: str | None = None,
) -> pl.DataFrame:
    """One question to analytics: the selection's, split ``by`` one dimension, restricted to ``districts``."""
    viewer.require_health_numbers()
    where = []
    if districts is not None:
        where.append(("district", districts))
    if selection.sex != "both" and by != "sex":
        where.append(("sex", (selection.sex,)))
    question = Question(
        condition=selection.condition,
        definition=selection.variant,
        by=(by,) if by else (),
        period=selection.period,
        estimator="crude" if crude else selection.estimator,
        age_bands=age_bands,
        where=tuple(where),
    )
    return _answer(Generation.open(_home(), selection.build), question)


@lru_cache(maxsize=KEPT_ANSWERS)
def _answer(generation: Generation, question: Question) -> pl.DataFrame:
    """The scope is part of the question, so nothing kept for one viewer can reach another."""
    return answer(question, generation).rows


def _choices(generation: Generation, viewer: Viewer) -> Choices:
    known = catalogue.read(generation)
    return Choices(
        build=generation.build_id,
        variants={name: tuple(item.variant for item in items) for name, items in known.variants.items()},
        periods=known.quarters,
        districts=tuple(code for code, _, _ in _names(0) if viewer.sees(code)),
    )


def _generation(query: Mapping[str, str]) -> tuple[Generation, tuple[Fallback, ...]]:
    """The build asked for; an unknown one falls back to the current, and says so."""
    asked = str(query.get("build") or "")
    if asked and asked in builds(_home()):
        return Generation.open(_home(), asked), ()
    generation = Generation.open(_home())
    return generation, ((Fallback("build", asked[:40], generation.build_id),) if asked else ())


def _build(generation: Generation) -> Build:
    manifest = generation.manifest
    return Build(
        build_id=generation.build_id,
        extract_date=date.fromisoformat(manifest["extract_date"]),
        created=datetime.fromisoformat(manifest["created_at"]).date(),
        is_synthetic=bool(manifest["synthetic"]),
        is_latest=current_build(_home()) == generation.build_id,
    )


def _names(side: int) -> tuple[tuple[str, str, str], ...]:
    """Code, name, short name of every district, in Vietnamese (0) or English (1)."""
    return tuple(
        (item.code, (item.name_vi, item.name_en)[side], (item.short_vi, item.short_en)[side])
        for item in districts()
    )


def _side(language: str) -> int:
    return 1 if language == "en" else 0


def _option(value: str, label: str) -> Option:
    return {"value": value, "label": label}


def _home() -> Path:
    return Path(current_app.config[HOME])
