"""The sheets behind the cards of both pages: the same rows on the screen, in CSV and in XLSX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.components import opening
from dashboard.figures import phrases
from dashboard.selection.base import Build
from dashboard.sheet import Column, Kind, Sheet
from dashboard.words import Words

Filters = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class About:
    """What every sheet of a page is about."""

    build: Build
    filters: Filters
    words: Words


def estimate_columns(words: Words, *, numerator: str, denominator: str, value: str) -> tuple[Column, ...]:
    """Value, interval, counts and state: the columns every estimate has. The texts are the words of this measure."""
    return (
        Column(name="value", label=value, kind=Kind.SHARE),
        Column(name="lower", label=words("table.lower"), kind=Kind.SHARE),
        Column(name="upper", label=words("table.upper"), kind=Kind.SHARE),
        Column(name="numerator", label=numerator, kind=Kind.COUNT),
        Column(name="denominator", label=denominator, kind=Kind.COUNT),
        Column(name="note", label=words("table.note"), kind=Kind.TEXT),
        Column(name="state", label="state", kind=Kind.TEXT, is_code=True),
    )


def estimate_row(row: phrases.Row, words: Words, **more: Any) -> dict[str, Any]:
    """The columns of an estimate; where it is not shown the note says so and why."""
    note = phrases.reason(row, words)
    if phrases.is_shown(row):
        note = " ".join(part for part in (note, phrases.apportioned(row, words)) if part)
    else:
        note = ". ".join(part for part in (words(f"state.{row['state']}"), note) if part)
    names = ("value", "lower", "upper", "numerator", "denominator", "state")
    return {**more, **{name: row[name] for name in names}, "note": note}


def sheet(
    name: str,
    title: str,
    subtitle: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    *,
    filters: Filters,
    build: Build,
    words: Words,
    caution: str = "",
    more_source: Sequence[str] = (),
    screen_rows: int | None = None,
) -> Sheet:
    """A sheet with what every export carries: filters, source, caution, and the notice of synthetic data."""
    return Sheet(
        name=name,
        title=title,
        subtitle=subtitle,
        columns=tuple(columns),
        rows=tuple(rows),
        filters=filters,
        source=opening.source_line(build, words, *more_source),
        caution=caution,
        notice=words("shell.synthetic") if build.is_synthetic else "",
        build_id=build.build_id,
        extract_date=build.extract_date,
        screen_rows=screen_rows,
    )


def text_column(name: str, label: str) -> Column:
    """A column of words."""
    return Column(name=name, label=label, kind=Kind.TEXT)


def code_column(name: str) -> Column:
    """A column of codes, in files only."""
    return Column(name=name, label=name, kind=Kind.TEXT, is_code=True)
