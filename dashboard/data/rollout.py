"""The numbers of the rollout page: the ladder of records, its splits, districts against their plan, weeks."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from analytics.catalogue import catalogue
from analytics.disclosure import Reason, State
from analytics.question import Question
from dashboard.access import Viewer
from dashboard.data import records, source, units
from dashboard.selection.base import Build
from dashboard.selection.overview import PHASES
from dashboard.selection.rollout import (
    ANY_SOURCE,
    GROUPS,
    LADDER,
    STEPS_BY_WEEK,
    RolloutOpened,
    RolloutSelection,
    resolve,
)
from dashboard.words import words
from warehouse.geography import wards

#: Of a split, the dimension analytics counts by.
_DIMENSION = {"group": "plan_group"}


def open_page(query: Mapping[str, str], viewer: Viewer, language: str) -> RolloutOpened | None:
    """The build a query names (else the current one) and the query resolved; None where nothing has been published."""
    if not source.has_build():
        return None
    generation, fallbacks = source.asked_generation(query)
    sources = catalogue(generation).sources
    selection, more = resolve(
        query,
        build=generation.build_id,
        districts=source.visible(viewer),
        sources=sources,
        has_units=units.has_units(generation),
        language=language,
    )
    return RolloutOpened(
        **source.shared(query, generation, viewer, language, of_build=fallbacks, of_choices=more),
        selection=selection,
        sources=sources,
    )


def read_selection(store: Mapping[str, str], viewer: Viewer) -> RolloutSelection:
    """The selection a browser sent, checked anew."""
    generation, _ = source.asked_generation(store)
    return resolve(
        store,
        build=generation.build_id,
        districts=source.visible(viewer),
        sources=catalogue(generation).sources,
        has_units=units.has_units(generation),
        language=source.stored_language(store),
    )[0]


def build(selection: RolloutSelection) -> Build:
    """The build of a selection as a page names it."""
    return source.describe(source.generation(selection.build))


def ladder(selection: RolloutSelection) -> list[source.Row]:
    """One row a step of LADDER, as of the day of the data: ``step`` and the columns of an estimate.

    Of a group of the plan without the first: all of all is no share that may be shown, and says nothing.
    """
    steps = _steps(selection, ()).get((), {})
    return [
        {"step": step, **row}
        for step, row in steps.items()
        if not (step == LADDER[0] and selection.is_of_group)
    ]


def split(selection: RolloutSelection, viewer: Viewer) -> list[tuple[str, str, dict[str, source.Row]]]:
    """Code, name and steps of every district, unit, ward, phase, group or source with records.

    Wards are those of the chosen district; units those with a part in it, each as a whole: a district is no part of the
    other geography. A star marks units part of whose records were shared out by weights.
    """
    if selection.split == "ward" and selection.district is None:
        return []
    dimension = _DIMENSION.get(selection.split, selection.split)
    found = _steps(selection, (dimension,), with_district=selection.split != "unit")
    names = _names(selection, viewer)
    return [(code, name, found[code,]) for code, name in names.items() if (code,) in found]


def against_plan(selection: RolloutSelection, viewer: Viewer) -> pl.DataFrame:
    """A frame of places: records created over the people due, up to the last complete week, of the chosen phase."""
    rows = records.progress(source.generation(selection.build), selection.phase)
    return source.by_place(rows, viewer, selection.language)


def curves(selection: RolloutSelection, viewer: Viewer) -> pl.DataFrame:
    """``district``, ``short``, ``week``, ``records``, ``due`` (null without a target), of the chosen phase."""
    generation = source.generation(selection.build)
    where = records.of_plan(generation, None, selection.phase)
    rows = records.against_plan(generation, ("district", "week"), where)
    return _named(rows.with_columns(pl.col("records").fill_null(0)), selection, viewer)


def flow(selection: RolloutSelection) -> pl.DataFrame:
    """``week`` (a Monday), ``added``: records that took the chosen step in each complete week; ``state``, ``reason``.

    Weeks of a group of the plan are told of the whole city only, and where five or more came; elsewhere it is null.
    """
    return _added(_stock(selection, ()), ())


def by_week(selection: RolloutSelection, viewer: Viewer) -> pl.DataFrame:
    """By ``district``, or by ``unit`` with the ``district`` it came from: ``short``, ``week``, ``added`` and ``rate``.

    ``added`` are records that took the chosen step, ``rate`` is per 1,000 residents (``people``); ``state`` and
    ``reason`` are those of the rate: of a group of the plan all are suppressed, and none is known without people.
    """
    generation, code = source.generation(selection.build), selection.geography
    added = _added(_stock(selection, (code,), with_district=False), (code,))
    people = source.answered(generation, Question(measure="coverage", by=(code,)))
    found = added.join(
        people.select(code, pl.col("denominator").alias("people")), on=code, how="left"
    ).with_columns((pl.col("added") / pl.col("people") * 1000).alias("rate"))
    unknown = (pl.col("state") == State.SHOWN.value) & pl.col("rate").is_null()
    said = (("state", State.NO_DATA.value), ("reason", Reason.NOT_MEASURABLE.value))
    marked = found.with_columns(
        pl.when(unknown).then(pl.lit(word)).otherwise(pl.col(name)).alias(name) for name, word in said
    )
    return _named(marked, selection, viewer)


def _named(rows: pl.DataFrame, selection: RolloutSelection, viewer: Viewer) -> pl.DataFrame:
    """Rows of the places the viewer may see, with their short names; units district by district."""
    if rows.columns[0] == "district":
        named = source.short_names(viewer, selection.language)
        found = rows.filter(pl.col("district").is_in(list(named)))
    else:
        named = units.marked(source.generation(selection.build), viewer)
        home = {code: units.homes()[code][0] for code in named}
        found = (
            rows.filter(pl.col("unit").is_in(list(named)))
            .with_columns(pl.col("unit").replace_strict(home, return_dtype=pl.String).alias("district"))
            .sort("district", maintain_order=True)
        )
    return found.with_columns(pl.col(rows.columns[0]).replace_strict(named, default="").alias("short"))


def _stock(selection: RolloutSelection, by: tuple[str, ...], *, with_district: bool = True) -> pl.DataFrame:
    """``records`` that took the chosen step by the end of each week; null, with its ``reason``, where that is hidden.

    Those created are asked for as the denominator of a later step: created of created would be hidden for every group
    of the plan.
    """
    is_first = selection.step == STEPS_BY_WEEK[0]
    step = STEPS_BY_WEEK[1] if is_first else selection.step
    where = (*_where(selection, with_district=with_district), ("step", (step,)))
    question = Question(measure="ladder", by=(*by, "week"), where=where)
    rows = records.weekly(source.generation(selection.build), question)
    count = pl.col("denominator" if is_first else "numerator")
    return rows.select(*by, "week", count.alias("records"), "reason")


def _added(stock: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """From what had been created by each week to what was created in it; suppressed at and after a hidden week."""
    before = pl.col("records").shift(1, fill_value=0)
    change = pl.col("records") - (before.over(keys) if keys else before)
    hidden = pl.col("added").is_null()
    state = pl.when(hidden).then(pl.lit(State.SUPPRESSED.value)).otherwise(pl.lit(State.SHOWN.value))
    # A week told after one that is not has no reason of its own to be hidden: its number is that of both together.
    reason = pl.when(hidden).then(pl.col("reason").fill_null(Reason.SMALL_WEEK.value))
    return (
        stock.with_columns(change.alias("added"))
        .with_columns(state.alias("state"), reason.alias("reason"))
        .drop("records")
    )


def _steps(
    selection: RolloutSelection, by: tuple[str, ...], *, with_district: bool = True
) -> dict[tuple[str, ...], dict[str, source.Row]]:
    """The rows of LADDER by the values of ``by``."""
    generation, where = source.generation(selection.build), _where(selection, with_district=with_district)
    found: dict[tuple[str, ...], dict[str, source.Row]] = {}
    for measure, part in (("ladder", "step"), ("completeness", "section")):
        rows = records.newest(generation, measure, (*by, part), where)
        for row in rows.to_dicts():
            key = tuple(row[name] or "" for name in by)
            found.setdefault(key, {})[row[part]] = source.estimate(row)
    return {key: {step: rows[step] for step in LADDER if step in rows} for key, rows in found.items()}


def _where(selection: RolloutSelection, *, with_district: bool = True) -> records.Where:
    chosen = {
        "district": selection.district if with_district else None,
        "phase": None if selection.phase == PHASES[0] else selection.phase,
        "plan_group": None if selection.group == GROUPS[0] else selection.group,
        "source": None if selection.source == ANY_SOURCE else selection.source,
    }
    return source.where(**{name: None if value is None else (value,) for name, value in chosen.items()})


def _names(selection: RolloutSelection, viewer: Viewer) -> dict[str, str]:
    """Codes and names of what a split has rows for, in their order."""
    text = words(selection.language)
    match selection.split:
        case "district":
            shorts = source.short_names(viewer, selection.language)
            return {code: short for code, short in shorts.items() if selection.district in (None, code)}
        case "unit":
            return units.marked(source.generation(selection.build), viewer, district=selection.district)
        case "ward":
            return {w.code: w.name for w in wards() if w.district_code == selection.district}
        case "phase":
            return {name: text(f"phase.{name}") for name in PHASES[1:]}
        case "group":
            return {name: text(f"group.{name}") for name in GROUPS[1:]}
        case _:
            return {
                name: source_name(name, selection.language)
                for name in catalogue(source.generation(selection.build)).sources
            }


def source_name(code: str, language: str) -> str:
    """A source of records by its name; one this program does not know keeps its code."""
    text = words(language)
    return text(f"record_source.{code}") if f"record_source.{code}" in text.catalogue else code


def place_name(selection: RolloutSelection) -> str:
    """The chosen district, or the whole city, by name."""
    return source.place_name(selection.district, selection.language)


def filters(selection: RolloutSelection) -> dict[str, str]:
    """Everything that was chosen: label and value, in the selection's language."""
    text = words(selection.language)
    chosen = selection.source
    return {
        text("control.phase"): text(f"phase_name.{selection.phase}"),
        text("control.group"): text(f"group.{selection.group}"),
        text("control.source"): text("record_source.all")
        if chosen == ANY_SOURCE
        else source_name(chosen, selection.language),
        text("control.district"): place_name(selection),
    }
