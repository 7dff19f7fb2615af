"""The clock of the command line, and what it prints: progress, tables of files, fits and releases, faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from warehouse.casting import TIME_ZONE
from warehouse.errors import Fault
from warehouse.landing import Landed

if TYPE_CHECKING:
    from models.fit import FitReport
    from warehouse.linking.explaining import Explanation

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def now() -> datetime:
    """Wall time of the city."""
    return datetime.now(ZoneInfo(TIME_ZONE))


@contextmanager
def progress() -> Iterator[Callable[[str, str], None]]:
    """A spinner with the stage and the table under way; on a pipe it stays silent."""
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=True
    )
    with bar:
        task = bar.add_task("start")
        yield lambda stage, what: bar.update(task, description=f"{stage} {what}")


def files_table(landed: Sequence[Landed], title: str) -> Table:
    """What became of each file: rows received, accepted, refused, repeated."""
    table = Table(title=title)
    table.add_column("file")
    table.add_column("table")
    for name in ("received", "accepted", "quarantined", "duplicate"):
        table.add_column(name, justify="right")
    for item in landed:
        counts = (item.received, item.accepted, item.quarantined, item.duplicate)
        table.add_row(item.file_name, item.table, *(f"{count:,}" for count in counts))
    return table


def fits_table(report: FitReport) -> Table:
    """Each fit of a build, and why it is not shown where it is not."""
    table = Table(title="Fits")
    for name in ("condition", "definition", "quarter"):
        table.add_column(name)
    table.add_column("assessed", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("shown")
    for item in report.fits:
        shown = "no: " + ", ".join(item.faults) if item.faults else "yes"
        table.add_row(
            item.condition, item.variant, item.quarter, f"{item.assessed:,}", f"{item.seconds:.2f}", shown
        )
    return table


def releases_table(entries: Sequence[dict[str, Any]]) -> Table:
    """Every quarter that was published, oldest first."""
    table = Table(title="Released quarters")
    for name in ("quarter", "vintage", "known_at", "build", "reason", "rows"):
        table.add_column(name, justify="right" if name in ("vintage", "rows") else "left")
    for entry in entries:
        table.add_row(
            *(str(entry[name]) for name in ("quarter", "vintage", "known_at", "build", "reason", "rows"))
        )
    return table


def print_faults(faults: Sequence[Fault], word: str) -> None:
    """A line for each fault, which ``word`` says what became of."""
    for fault in faults:
        out.print(f"{word}: {fault}", markup=False)


def waterfall_table(found: Explanation, language: str) -> Table:
    """What makes two references one person, from what is likely beforehand to all together, in bits."""
    table = Table(title="log2 of the odds that both are one person")
    for name in ("comparison", "how they agree", "one", "the other"):
        table.add_column(name)
    table.add_column("bits", justify="right")
    table.add_row("before comparing", "", "", "", f"{found.prior_bits:+.1f}")
    for step in found.steps:
        bits = "" if step.bits is None else f"{step.bits:+.1f}"
        name, level = (step.vi, step.level_vi) if language == "vi" else (step.en, step.level_en)
        table.add_row(name, level, step.one or "-", step.other or "-", bits)
    table.add_row("together", "", "", "", f"{found.total_bits:+.1f}", style="bold")
    return table
