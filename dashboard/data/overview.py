"""The numbers of the overview: records against plan by week, the ladder, districts behind, changes since last time.

Everything is counted up to the last complete week, so that a week that has just begun is no slump.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

import polars as pl

from analytics import changes as change
from analytics.attention import Standing, attention
from analytics.generation import Generation
from analytics.question import Question
from analytics.targets import last_day, quarter_of
from dashboard.access import Viewer
from dashboard.data import records, source, units
from dashboard.selection.base import Build
from dashboard.selection.overview import (
    PHASES,
    STEPS,
    Behind,
    Changed,
    OverviewOpened,
    OverviewSelection,
    Phase,
    Step,
    resolve,
)
from dashboard.words import words

#: Weeks of the pace, and the least time a goal must lie ahead.
PACE_WEEKS = 4


def open_page(query: Mapping[str, str], viewer: Viewer, language: str) -> OverviewOpened | None:
    """The build a query names (else the current one) and the query resolved; None where nothing has been published."""
    if not source.has_build():
        return None
    generation, fallbacks = source.asked_generation(query)
    selection, more = resolve(
        query,
        build=generation.build_id,
        districts=source.visible(viewer),
        has_units=units.has_units(generation),
        language=language,
    )
    return OverviewOpened(
        **source.shared(query, generation, viewer, language, of_build=fallbacks, of_choices=more), selection=selection
    )


def read_selection(store: Mapping[str, str], viewer: Viewer) -> OverviewSelection:
    """The selection a browser sent, checked anew."""
    generation, _ = source.asked_generation(store)
    language = source.stored_language(store)
    return resolve(
        store,
        build=generation.build_id,
        districts=source.visible(viewer),
        has_units=units.has_units(generation),
        language=language,
    )[0]


def build(selection: OverviewSelection) -> Build:
    """The build of a selection as a page names it."""
    return source.describe(source.generation(selection.build))


def weeks(selection: OverviewSelection, district: str | None, phase: str) -> pl.DataFrame:
    """``week`` (a Monday), ``records`` and ``due`` (null without a target) up to the last complete week."""
    generation = source.generation(selection.build)
    where = records.of_plan(generation, district, phase)
    return records.against_plan(generation, ("week",), where)


def last_week(selection: OverviewSelection) -> date | None:
    """The Sunday everything is counted up to; None without records."""
    found = weeks(selection, None, "all")
    return found["week"][-1] + timedelta(days=6) if found.height else None


def phases(selection: OverviewSelection, district: str | None) -> list[Phase]:
    """All phases together, then each, of the city or one district."""
    return [_phase(selection, district, phase) for phase in PHASES]


def ladder(selection: OverviewSelection, district: str | None, phase: str) -> list[Step]:
    """The headline numbers of the city or one district, of one phase or all."""
    generation = source.generation(selection.build)
    where = records.where(district, phase)
    rows = records.weekly(generation, Question(measure="ladder", by=("week", "step"), where=where))
    newest = {row["step"]: row for row in records.newest(generation, "ladder", ("step",), where).to_dicts()}
    found = []
    for step in STEPS:
        weekly = rows.filter(pl.col("step") == step)["numerator"].to_list()
        if step == "updated_12m":  # known on the day of the data only
            row = newest.get(step)
            found.append(
                Step(step=step, records=row["numerator"] if row else 0, share=row["value"] if row else None,
                     added=None, weekly=())
            )  # fmt: skip
            continue
        total = rows.filter(pl.col("step") == "created")["numerator"].to_list()
        found.append(
            Step(
                step=step,
                records=weekly[-1] if weekly else 0,
                share=weekly[-1] / total[-1] if weekly and total[-1] else None,
                added=weekly[-1] - weekly[-1 - PACE_WEEKS] if len(weekly) > PACE_WEEKS else None,
                weekly=tuple(weekly),
            )
        )
    return found


def by_district(selection: OverviewSelection, viewer: Viewer) -> tuple[pl.DataFrame, bool]:
    """A frame of places: records as a share of the people due; and whether it is that.

    Where no target was delivered it is the share of the population with a record instead.
    """
    generation = source.generation(selection.build)
    rows = records.progress(generation, selection.phase)
    if rows.filter(pl.col("state") == "shown").is_empty():
        rows = source.answered(generation, Question(measure="coverage", by=("district",)))
        return source.by_place(rows, viewer, selection.language), False
    return source.by_place(rows, viewer, selection.language), True


def by_unit(selection: OverviewSelection, viewer: Viewer) -> pl.DataFrame:
    """A frame of units: people with a record as a share of the estimated population. Targets are set by district."""
    generation = source.generation(selection.build)
    rows = source.answered(generation, Question(measure="coverage", by=("unit",)))
    return units.by_place(rows, generation, viewer, selection.language)


def places(selection: OverviewSelection, viewer: Viewer) -> tuple[pl.DataFrame, bool]:
    """The frame of the map in the chosen geography, and whether it is held against a plan."""
    if selection.geography == "unit":
        return by_unit(selection, viewer), False
    return by_district(selection, viewer)


def has_plan(selection: OverviewSelection) -> bool:
    """Whether any phase of the city has a target."""
    return bool(records.targeted(source.generation(selection.build)))


def behind(selection: OverviewSelection, viewer: Viewer) -> list[Behind]:
    """The districts that need attention first."""
    return [
        Behind(
            district=item.standing.district,
            name=source.place_name(item.standing.district, selection.language),
            reached=item.standing.reached or 0.0,
            missing=item.missing,
            reasons=tuple((reason.code, reason.own, reason.other) for reason in item.reasons),
        )
        for item in attention(_standings(selection, viewer), _standing(selection))
    ]


@lru_cache(maxsize=16)
def _changes(generation: Generation) -> change.Changes | None:
    old = change.previous(generation)
    return change.changes(generation, old) if old else None


def changed(selection: OverviewSelection) -> Changed | None:
    """What changed since the build before; None for the first."""
    found = _changes(source.generation(selection.build))
    if found is None:
        return None
    side = source.side(selection.language)
    return Changed(
        old_build=found.old_build,
        old_extract_date=found.old_extract_date,
        extract_date=found.extract_date,
        files_new=found.files_new,
        files_replaced=found.files_replaced,
        files_gone=found.files_gone,
        records_added=found.records_added,
        records=found.records_new,
        refused_old=found.refused_old,
        refused=found.refused_new,
        quarters_added=found.quarters_added,
        definitions=tuple(
            ((item.name_vi, item.name_en)[side], item.old, item.new) for item in found.definitions
        ),
    )


def _standings(selection: OverviewSelection, viewer: Viewer) -> list[Standing]:
    """Every district the viewer may see, from four questions rather than four a district."""
    generation = source.generation(selection.build)
    where = records.of_plan(generation, None, "all")
    stock = records.weekly(generation, Question(measure="progress", by=("district", "week"), where=where))
    steps = records.newest(generation, "ladder", ("district", "step"), ())
    goal = _goal(stock["week"].max()) if stock.height else None  # type: ignore[arg-type]
    ahead = _ahead(generation, goal, by_district=True) if goal else {}
    shares = {(row["district"], row["step"]): row["value"] for row in steps.to_dicts()}
    found = []
    for code in source.visible(viewer):
        rows = stock.filter(pl.col("district") == code)
        created = [row["numerator"] or 0 for row in rows.to_dicts()]
        if not created:
            continue
        end = rows["week"][-1] + timedelta(days=6)
        found.append(
            Standing(
                district=code,
                records=created[-1],
                due=rows["denominator"][-1],
                pace=_pace(created),
                needed=_needed(created[-1], ahead.get(code), goal, end),
                complete=shares.get((code, "all_sections")),
                activated=shares.get((code, "activated")),
            )
        )
    return found


def _standing(selection: OverviewSelection) -> Standing:
    """The city's own, to compare with."""
    steps = {item.step: item.share for item in ladder(selection, None, "all")}
    whole = _phase(selection, None, "all")
    return Standing(
        district="79",
        records=whole.records,
        due=whole.due,
        pace=whole.pace,
        needed=whole.needed,
        complete=steps.get("all_sections"),
        activated=steps.get("activated"),
    )


def _phase(selection: OverviewSelection, district: str | None, phase: str) -> Phase:
    found = weeks(selection, district, phase)
    created = found["records"].to_list() or [0]
    end = found["week"][-1] + timedelta(days=6) if found.height else source.describe(
        source.generation(selection.build)
    ).extract_date  # fmt: skip
    goal = _goal(end - timedelta(days=6))
    ahead = _ahead(
        source.generation(selection.build), goal, by_district=district is not None, phase=phase
    ).get(district or "79")
    return Phase(
        phase=phase,
        records=created[-1],
        due=found["due"][-1] if found.height else None,
        pace=_pace(created),
        needed=_needed(created[-1], ahead, goal, end),
        goal=goal,
    )


def _goal(week: date) -> date:
    """The end of the quarter that lies at least four weeks after the Sunday of ``week``."""
    return last_day(quarter_of(week + timedelta(days=6, weeks=PACE_WEEKS)))


def _ahead(generation: Generation, goal: date, *, by_district: bool, phase: str = "all") -> dict[str, float]:
    """People due by the goal, per district (or ``79``), of one phase or all."""
    rows = records.planned(generation, goal, by_district=by_district)
    if phase != "all":
        rows = rows.filter(pl.col("phase") == phase)
    found: dict[str, float] = {}
    for row in rows.to_dicts():
        code = row["district"] or "79"
        found[code] = found.get(code, 0.0) + row["due"]
    return found


def _pace(records: list[int]) -> float:
    """Records a week over the last four weeks."""
    return (records[-1] - records[-1 - PACE_WEEKS]) / PACE_WEEKS if len(records) > PACE_WEEKS else 0.0


def _needed(records: int, ahead: float | None, goal: date | None, end: date) -> float | None:
    """Records a week from the end of the last week to the goal; None without a target."""
    if ahead is None or goal is None:
        return None
    return max(ahead - records, 0.0) / max((goal - end).days / 7, 1.0)


def place_name(selection: OverviewSelection) -> str:
    """The chosen district, or the whole city, by name."""
    return source.place_name(selection.district, selection.language)


def filters(selection: OverviewSelection) -> dict[str, str]:
    """Everything that was chosen: label and value, in the selection's language."""
    text = words(selection.language)
    return {
        text("control.phase"): text(f"phase_name.{selection.phase}"),
        text("control.geography"): text(f"geography.{selection.geography}"),
        text("control.district"): place_name(selection),
    }
