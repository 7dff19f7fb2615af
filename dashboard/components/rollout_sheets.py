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

#: Weeks that the screen shows of a table of places x weeks. A browser needs seconds for all of them.
SCREEN_WEEKS = 4


def ladder(rows: Sequence[phrases.Row], about: About) -> Sheet:
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
    return _sheet("ladder", rollout_parts.ladder_title(rows, words), columns, body, about)


def split(lines: rollout_parts.Lines, about: About) -> Sheet:
    """One row a line and step."""
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
    return _sheet("split", rollout_parts.split_title(lines, words), columns, body, about)


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


def curves(frame: pl.DataFrame, about: About) -> Sheet:
    """Records and people due of every district and week."""
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
        screen_rows=_on_screen(frame),
    )


def heat(frame: pl.DataFrame, step: str, about: About) -> Sheet:
    """New records of every district, or unit, and week."""
    words, code = about.words, frame.columns[0]
    columns = [
        *_place_week(code, words),
        Column(name="added", label=words("table.new"), kind=Kind.COUNT),
        Column(name="people", label=words("table.people"), kind=Kind.COUNT),
        Column(name="rate", label=words("table.rate"), kind=Kind.NUMBER),
    ]
    body = [{**row, "week_ends": row["week"] + timedelta(days=6)} for row in _newest_first(frame)]
    filters = (*about.filters, (words("control.geography"), words(f"geography.{code}")))
    return _sheet(
        "weeks", rollout_parts.heat_title(frame, step, words), columns, body, replace(about, filters=filters),
        screen_rows=_on_screen(frame),
    )  # fmt: skip


def flow(frame: pl.DataFrame, step: str, about: About) -> Sheet:
    """New records of every week."""
    words = about.words
    columns = [
        Column(name="week_ends", label=words("table.week"), kind=Kind.DATE),
        Column(name="added", label=words("table.new"), kind=Kind.COUNT),
    ]
    body = [{**row, "week_ends": row["week"] + timedelta(days=6)} for row in frame.to_dicts()]
    return _sheet("flow", rollout_parts.flow_title(frame, step, words), columns, body, about)


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
        sheets.text_column("note", words("table.note")),
        sheets.code_column("state"),
    )


def _sheet(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    about: About,
    *,
    screen_rows: int | None = None,
) -> Sheet:
    words = about.words
    return sheets.sheet(
        name, title, words("rollout.about_records"), columns, rows, filters=about.filters, build=about.build,
        words=words, caution=words("rollout.caution"), screen_rows=screen_rows,
    )  # fmt: skip
