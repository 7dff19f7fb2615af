"""A table of numbers that is not an answer to one measure: rows, what they are about, and its four forms."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console, Group
from rich.table import Table

from analytics.catalogue import Quarter, catalogue
from analytics.delivery import deliver
from analytics.disclosure import check_released
from analytics.generation import Generation
from analytics.question import choose
from warehouse.errors import EXIT_UNAVAILABLE, UserError

#: A table of so many columns needs all the room of 100 characters.
_MANY_COLUMNS = 9


@dataclass(frozen=True)
class Report:
    """``rows`` have passed the gate and carry ``state`` and ``reason``; shares are between 0 and 1 (a table: per cent).

    ``about``: definition, build and whatever else a reader needs to say the numbers again; ``notes``: one line each.
    """

    title: str
    rows: pl.DataFrame
    about: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    #: Columns shown per cent in the table.
    shares: tuple[str, ...] = ("value", "lower", "upper")
    #: Columns left out of the table, which would be too wide: files have them.
    only_in_files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_released(self.rows)


def need(generation: Generation, mart: str) -> None:
    """Raise UserError where a build was made before it had a mart."""
    if mart not in generation.manifest.get("fingerprints", {}):
        raise UserError(
            f"this build does not have {mart}",
            field="as_of",
            value=generation.build_id,
            expected="a build made by this version",
            action="Run: hssk build DIR",
            exit_code=EXIT_UNAVAILABLE,
        )


def dimensions(by: str, allowed: Sequence[str]) -> list[str]:
    """Names of a comma list, each once and each allowed."""
    found = list(dict.fromkeys(name.strip() for name in by.split(",") if name.strip()))
    return [choose(name, allowed, field="by") for name in found]


def quarter_of(generation: Generation, period: str | None) -> Quarter:
    """The quarter named, else the newest complete one."""
    known = catalogue(generation)
    quarters = {item.name: item for item in known.quarters}
    return quarters[choose(period or known.newest.name, list(quarters), field="period")]


def build_of(generation: Generation) -> dict[str, str]:
    """What every report says of its build."""
    return {"id": generation.build_id, "extract_date": generation.extract_date}


def write(report: Report, form: str, *, output: Path | None, console: Console) -> None:
    """Print a report, or write it to ``output``."""
    deliver(
        form,
        content=lambda asked: _bytes(report, asked),
        table=lambda: as_table(report),
        output=output,
        console=console,
    )


def write_all(
    reports: Mapping[str, Report], form: str, *, output: Path | None, console: Console, action: str
) -> None:
    """Print or write several reports together, as tables or as one JSON object by their names.

    ``action``: how one of them alone is asked for, told where a form holds one table only (csv, parquet).
    """

    def content(asked: str) -> bytes:
        if asked == "json":
            told = {name: _told(report) for name, report in reports.items()}
            return (json.dumps(told, ensure_ascii=False, indent=1, default=str) + "\n").encode()
        if asked != "table":
            raise UserError("this form holds one table", field="format", value=asked, action=action)
        return b"\n".join(_bytes(report, asked) for report in reports.values())

    deliver(
        form,
        content=content,
        table=lambda: Group(*(as_table(report) for report in reports.values())),
        output=output,
        console=console,
    )


def _told(report: Report) -> dict[str, Any]:
    """A report as JSON has it."""
    return {"rows": report.rows.to_dicts(), **report.about, "notes": list(report.notes)}


def _bytes(report: Report, form: str) -> bytes:
    if form == "csv":
        return report.rows.write_csv().encode()
    if form == "parquet":
        buffer = io.BytesIO()
        told = json.dumps({**report.about, "notes": report.notes}, ensure_ascii=False)
        report.rows.write_parquet(buffer, metadata={"hssk": told})
        return buffer.getvalue()
    if form == "json":
        return (json.dumps(_told(report), ensure_ascii=False, indent=1, default=str) + "\n").encode()
    console = Console(file=io.StringIO(), width=160)
    console.print(as_table(report))
    return console.file.getvalue().encode() if isinstance(console.file, io.StringIO) else b""


def as_table(report: Report) -> Table:
    """One line per row for people; the reason stands beside the state where a row is not simply shown."""
    build = report.about.get("build", {})
    caption = [f"build {build['id']}, extract of {build['extract_date']}"] if build else []
    table = Table(title=report.title, caption="\n".join([*caption, *report.notes]))
    names = [name for name in report.rows.columns if name not in ("reason", *report.only_in_files)]
    # Heads of many columns stand word below word, which leaves room for the rows.
    space = "\n" if len(names) >= _MANY_COLUMNS else " "
    for place, name in enumerate(names):
        numeric = report.rows.schema[name].is_numeric()
        table.add_column(
            name.replace("_", space) + (" %" if name in report.shares else ""),
            justify="right" if numeric else "left",
            # A name is broken over lines, a number never.
            overflow="ellipsis" if numeric else "fold",
            # What a row is about is never cut off.
            no_wrap=place == 0,
        )
    for row in report.rows.iter_rows(named=True):
        table.add_row(*(_cell(report, name, row) for name in names))
    return table


def _cell(report: Report, name: str, row: Mapping[str, Any]) -> str:
    value = row[name]
    if name == "state":
        told = "" if value == "shown" else str(value).replace("_", " ")
        return ": ".join(part for part in (told, (row.get("reason") or "").replace("_", " ")) if part)
    if value is None:
        return ""
    if name in report.shares:
        return f"{100 * value:.1f}"
    return (
        f"{value:.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
    )
