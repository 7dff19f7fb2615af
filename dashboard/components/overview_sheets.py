"""The sheets of the overview's cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import polars as pl

from dashboard.components import sheets
from dashboard.components.overview_parts import curve_title, map_title
from dashboard.components.sheets import About
from dashboard.selection.overview import Step
from dashboard.sheet import Column, Kind, Sheet


def places(frame: pl.DataFrame, about: About, *, is_plan: bool) -> Sheet:
    """Records of each place against the people due, or against the population where no target is known."""
    words, code = about.words, frame.columns[0]
    columns = [
        sheets.text_column("place", words("table.district")),
        sheets.code_column(code),
        Column(name="value", label=words("table.of_plan" if is_plan else "table.value"), kind=Kind.SHARE),
        Column(name="numerator", label=words("table.records"), kind=Kind.COUNT),
        Column(name="denominator", label=words("table.due" if is_plan else "table.people"), kind=Kind.COUNT),
        sheets.text_column("note", words("table.note")),
        sheets.code_column("state"),
    ]
    rows = [
        sheets.estimate_row(row, words, place=row["name"], **{code: row[code]})
        for row in frame.sort(code).to_dicts()
    ]
    title = map_title(frame, words, is_plan=is_plan)
    return _sheet(f"{code}s", title, columns, rows, about)


def steps(found: Sequence[Step], about: About) -> Sheet:
    """The headline numbers: one row a step."""
    words = about.words
    columns = [
        sheets.text_column("step", words("table.step")),
        sheets.code_column("step_code"),
        Column(name="records", label=words("table.records"), kind=Kind.COUNT),
        Column(name="share", label=words("table.of_records"), kind=Kind.SHARE),
        Column(name="added", label=words("table.added"), kind=Kind.COUNT),
        sheets.text_column("note", words("table.note")),
    ]
    rows = [
        {
            "step": words(f"step.{step.step}"),
            "step_code": step.step,
            "records": step.records,
            "share": step.share,
            "added": step.added,
            "note": "" if step.weekly else words("overview.step_today"),
        }
        for step in found
    ]
    return _sheet("steps", words("overview.steps_title"), columns, rows, about)


def curve(weeks: pl.DataFrame, place: str, about: About) -> Sheet:
    """Week by week: records and people due."""
    words = about.words
    columns = [
        Column(name="week_ends", label=words("table.week"), kind=Kind.DATE),
        Column(name="records", label=words("table.records"), kind=Kind.COUNT),
        Column(name="due", label=words("table.due"), kind=Kind.COUNT),
    ]
    rows = [
        {"week_ends": row["week"] + timedelta(days=6), "records": row["records"], "due": row["due"]}
        for row in weeks.to_dicts()
    ]
    return _sheet("weeks", curve_title(weeks, place, words), columns, rows, about)


def _sheet(
    name: str, title: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], about: About
) -> Sheet:
    words = about.words
    return sheets.sheet(
        name, title, words("overview.about_records"), columns, rows, filters=about.filters, build=about.build,
        words=words, caution=words("overview.caution"),
    )  # fmt: skip
