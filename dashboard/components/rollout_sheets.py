"""The sheets of the rollout page's cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl

from dashboard.components import rollout_parts, sheets
from dashboard.components.sheets import About
from dashboard.figures import phrases
from dashboard.figures.targets import state_of
from dashboard.sheet import Column, Kind, Sheet
from dashboard.words import Words

#: Weeks that the screen shows of a table of places x weeks: 150 weeks of 102 units are no table to read.
SCREEN_WEEKS = 4


def ladder(rows: Sequence[phrases.Row], about: About, *, of_group: bool = False) -> Sheet:
    """One row a step."""
    words = about.words
    columns = [
        sheets.text_column("name", words("table.step")),
        sheets.code_column("step"),
        *_shares(words),
    ]
    body = [
        sheets.estimate_row(row, words, name=words(f"step.{row['step']}"), step=row["step"]) for row in rows
    ]
    title = rollout_parts.ladder_title(rows, words)
    return _sheet("ladder", title, columns, body, about, of_group=of_group)


def split(lines: rollout_parts.Lines, about: About, *, subtitle: str = "", of_group: bool = False) -> Sheet:
    """One row a line and step. ``subtitle``: what its lines hold."""
    words = about.words
    columns = [
        sheets.text_column("line", words("control.split")),
        sheets.code_column("code"),
        sheets.text_column("name", words("table.step")),
        sheets.code_column("step"),
        *_shares(words),
    ]
    body = [
        sheets.estimate_row(row, words, line=line, code=code, name=words(f"step.{step}"), step=step)
        for code, line, steps in lines
        for step, row in steps.items()
    ]
    title = rollout_parts.split_title(lines, words)
    return _sheet("split", title, columns, body, about, more=(subtitle,), of_group=of_group)


def plan(frame: pl.DataFrame, about: About) -> Sheet:
    """Districts against the people due, each with its state in words."""
    words = about.words
    columns = [
        sheets.text_column("place", words("table.district")),
        sheets.code_column("district"),
        sheets.text_column("reached", words("table.reached")),
        Column(name="value", label=words("table.of_plan"), kind=Kind.SHARE),
        Column(name="numerator", label=words("table.records"), kind=Kind.COUNT),
        Column(name="denominator", label=words("table.due"), kind=Kind.COUNT),
        sheets.text_column("note", words("table.note")),
        sheets.code_column("state"),
    ]
    body = [
        sheets.estimate_row(
            row, words, place=row["name"], district=row["district"], reached=words(f"plan.{state_of(row)}")
        )
        for row in frame.sort("district").to_dicts()
    ]
    return _sheet("plan", rollout_parts.plan_title(frame, words), columns, body, about)


def curves(frame: pl.DataFrame, about: About, *, of_group: bool = False) -> Sheet:
    """Records and people due of every district and week: of all groups together, also where one was chosen."""
    words = about.words
    columns = [
        *_place_week("district", words),
        Column(name="records", label=words("table.records"), kind=Kind.COUNT),
        Column(name="due", label=words("table.due"), kind=Kind.COUNT),
    ]
    body = [
        {
            **row,
            "week_ends": row["week"] + timedelta(days=6),
            "due": None if row["due"] is None else round(row["due"]),
        }
        for row in _newest_first(frame)
    ]
    return _sheet(
        "curves",
        rollout_parts.curves_title(frame, words),
        columns,
        body,
        about,
        more=rollout_parts.curves_limits(words, of_group=of_group),
        screen_rows=_on_screen(frame),
    )


def heat(
    frame: pl.DataFrame, step: str, about: About, *, subtitle: str = "", of_group: bool = False
) -> Sheet:
    """New records of every district, or unit, and week. ``subtitle``: how to read the grid, its stars too."""
    words, code = about.words, frame.columns[0]
    columns = [
        *_place_week(code, words),
        Column(name="added", label=words("table.new"), kind=Kind.COUNT),
        Column(name="people", label=words("table.people"), kind=Kind.COUNT),
        Column(name="rate", label=words("table.rate"), kind=Kind.NUMBER),
        *_states(words),
    ]
    body = [_week_row(row, words) for row in _newest_first(frame)]
    filters = (*about.filters, (words("control.geography"), words(f"geography.{code}")))
    return _sheet(
        "weeks", rollout_parts.heat_title(frame, step, words), columns, body, replace(about, filters=filters),
        more=(subtitle,), of_group=of_group, screen_rows=_on_screen(frame),
    )  # fmt: skip


def flow(frame: pl.DataFrame, step: str, about: About, *, of_group: bool = False) -> Sheet:
    """New records of every week."""
    words = about.words
    columns = [
        Column(name="week_ends", label=words("table.week"), kind=Kind.DATE),
        Column(name="added", label=words("table.new"), kind=Kind.COUNT),
        *_states(words),
    ]
    body = [_week_row(row, words) for row in frame.to_dicts()]
    title = rollout_parts.flow_title(frame, step, words)
    return _sheet("flow", title, columns, body, about, of_group=of_group)


def _week_row(row: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """A row with the end of its week; where there is no number the note says so and why."""
    is_shown = phrases.is_shown(row)
    note = "" if is_shown else f"{words('state.' + row['state'])}. {phrases.reason(row, words)}"
    return {**row, "week_ends": row["week"] + timedelta(days=6), "note": note}


def _states(words: Words) -> tuple[Column, ...]:
    """What a row without a number is, in words and as a code."""
    return sheets.text_column("note", words("table.note")), sheets.code_column("state")


def _newest_first(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Weeks from the newest back, so that what the screen shows of a long table is what is looked for."""
    return frame.sort("week", frame.columns[0], descending=[True, False]).to_dicts()


def _on_screen(frame: pl.DataFrame) -> int:
    """Rows of the newest weeks."""
    return SCREEN_WEEKS * frame[frame.columns[0]].n_unique()


def _place_week(code: str, words: Words) -> tuple[Column, ...]:
    return (
        sheets.text_column("short", words("table.district")),
        sheets.code_column(code),
        Column(name="week_ends", label=words("table.week"), kind=Kind.DATE),
    )


def _shares(words: Words) -> tuple[Column, ...]:
    return (
        Column(name="value", label=words("table.of_records"), kind=Kind.SHARE),
        Column(name="numerator", label=words("table.records"), kind=Kind.COUNT),
        Column(name="denominator", label=words("table.created"), kind=Kind.COUNT),
        *_states(words),
    )


def _sheet(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    about: About,
    *,
    more: Sequence[str] = (),
    of_group: bool = False,
    screen_rows: int | None = None,
) -> Sheet:
    """``more``: sentences before what records are; ``of_group``: whether its counts are of a group of the plan."""
    words = about.words
    subtitle = phrases.sentences([*filter(None, more), words("rollout.about_records")])
    return sheets.sheet(
        name, title, subtitle, columns, rows, filters=about.filters, build=about.build, words=words,
        caution=rollout_parts.caution(words, of_group=of_group), screen_rows=screen_rows,
    )  # fmt: skip
