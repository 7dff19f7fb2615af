"""A table as it stands in a file becomes a temporary DuckDB table of its known columns, and an account of the rest.

A *grid* has text columns ``c0``, ``c1``, ... (NFC, empty text as null) and ``_row``: rows are counted from 1 below the
header, blank and unreadable ones among them, as a person counts them on the screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import duckdb
import pyarrow as pa

from warehouse.errors import UserError
from warehouse.readers.staged import BadRecord
from warehouse.readers.wild.headers import SEARCHED, Header, Known, find_header, folded, is_total
from warehouse.readers.wild.limits import refused
from warehouse.readers.wild.rows import Row, Unreadable

TITLE = "above the header: a title, or blank"
BLANK = "blank"
TOTAL = "a total of other rows"
BELOW = "below the totals: a note or a signature"
#: A row below a total with at most so many filled cells is a note, when the table is wider than twice that.
_NOTE_CELLS = 2
_HELD = 1_000


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What the kind of file tells of its cells. ``epoch``: of a workbook's numbers of days, 1900 or 1904."""

    decimal_comma: bool = False
    is_workbook: bool = False
    epoch: int | None = None


@dataclass(frozen=True, kw_only=True)
class Grid:
    """``columns``: folded name in the header -> column of ``relation``."""

    relation: str
    columns: dict[str, str]
    hints: Hints
    data_rows: int
    rows: int
    """Below the header, of every kind: what the numbers of the next grid of the file begin after."""
    bad: tuple[BadRecord, ...]
    set_aside: dict[str, int]


#: Numbers of rows, and the rows.
Numbered = tuple[Sequence[int], list[list[str]]]


@dataclass
class _Sorter:
    """Tells the rows below the header apart. ``first``: number that the rows are counted from, less one."""

    header: Header
    first: int
    is_exact: bool
    is_swallowed: Callable[[list[str]], bool]
    row: int = 0
    bad: list[BadRecord] = field(default_factory=list)
    aside: Counter[str] = field(default_factory=Counter)
    held: list[tuple[int, list[str]]] = field(default_factory=list)
    is_below_total: bool = False

    def data(self, batches: Iterable[list[Row]]) -> Iterator[Numbered]:
        """Rows of data, each as wide as the header, with their numbers."""
        self.row = self.first
        for batch in batches:
            rows = self._regular(batch)
            if rows is not None:
                yield range(self.row + 1, self.row + len(rows) + 1), rows
                self.row += len(rows)
            elif found := list(self._sorted(batch)):
                yield [number for number, _ in found], [row for _, row in found]
        self.aside[BELOW] += len(self.held)

    def _regular(self, batch: list[Row]) -> list[list[str]] | None:
        """The batch, when each of its rows is plainly one of data: most are, and need no closer look."""
        rows = [row for row in batch if not isinstance(row, Unreadable)]
        width = len(self.header.cells)
        if self.is_below_total or len(rows) < len(batch) or set(map(len, rows)) != {width}:
            return None
        return None if any(not row[0] or row[0].isspace() or is_total(row[:1]) for row in rows) else rows

    def _sorted(self, batch: Iterable[Row]) -> Iterator[tuple[int, list[str]]]:
        for row in batch:
            self.row += 1
            if isinstance(row, Unreadable):
                self.bad.append(BadRecord(self.row, row.reason))
            elif not any(row) or not "".join(row).strip():
                self.aside[BLANK] += 1
            elif is_total(row):
                self.aside[TOTAL] += 1
                self.is_below_total = True
            elif self.is_below_total and self._is_note(row):
                self.held.append((self.row, row))
            else:
                yield from self._released()
                yield from self._fitted(self.row, row)

    def _is_note(self, row: list[str]) -> bool:
        filled = sum(1 for cell in row if cell and not cell.isspace())
        return filled <= _NOTE_CELLS < len(self.header.cells) / 2 and len(self.held) < _HELD

    def _released(self) -> Iterator[tuple[int, list[str]]]:
        """Rows held back as notes, once a row of data shows that they are none."""
        held, self.held, self.is_below_total = self.held, [], False
        for number, row in held:
            yield from self._fitted(number, row)

    def _fitted(self, number: int, row: list[str]) -> Iterator[tuple[int, list[str]]]:
        """A row of another length: cut or filled up where no named cell is at stake, else a bad record."""
        cells = self.header.cells
        if len(row) == len(cells):
            yield number, row
            return
        if self.is_exact and self.is_swallowed(row):
            raise UserError("rows cannot be told apart", row=number)
        is_at_stake = any(cell.strip() for cell in row[len(cells) :]) or any(cells[len(row) :])
        if self.is_exact and is_at_stake:
            words = "fewer" if len(row) < len(cells) else "more"
            self.bad.append(BadRecord(number, f"the row has {words} cells than the header"))
        else:
            yield number, [*row[: len(cells)], *[""] * (len(cells) - len(row))]


def load_grid(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterator[list[Row]],
    known: Known,
    *,
    file: str,
    relation: str,
    first: int,
    hints: Hints,
    is_exact: bool,
    is_swallowed: Callable[[list[str]], bool] = lambda row: False,
) -> Grid | None:
    """Read the rows to their end into the temporary table ``relation``; None when no row is a header.

    ``is_exact``: rows of another length than the header are bad records (text), else cut to it (workbooks).
    Raises :class:`UserError` when the header repeats a name that is looked for.
    """
    top: list[Row] = []
    while len(top) <= SEARCHED and (batch := next(batches, None)) is not None:
        top += batch
    header = find_header([[] if isinstance(row, Unreadable) else row for row in top[:SEARCHED]], known)
    if header is None:
        return None
    places = _places(header, known, file)
    sorter = _Sorter(header, first, is_exact, is_swallowed)
    below = chain([top[header.above + header.height :]], batches)
    try:
        count = _stored(connection, relation, places, sorter.data(below))
    except UserError as error:
        if error.fault.row is None:
            raise
        message = f"from row {error.fault.row} on rows cannot be told apart: a quotation mark is not closed"
        raise refused(file, message, "quotation marks in pairs") from None
    aside = {TITLE: header.above, **sorter.aside}
    return Grid(
        relation=relation,
        columns={name: f"c{place}" for name, place in places.items()},
        hints=hints,
        data_rows=count,
        rows=max(sorter.row - first, 0),
        bad=tuple(sorter.bad),
        set_aside={why: number for why, number in aside.items() if number},
    )


def _places(header: Header, known: Known, file: str) -> dict[str, int]:
    """Places of the names looked for; others in the header may repeat, and are never told."""
    wanted = [name for name in header.cells if name in known.names]
    repeated = sorted({name for name in wanted if wanted.count(name) > 1})
    if repeated:
        told = [name for name in known.listed if folded(name) in repeated]
        raise refused(file, f"the header repeats {', '.join(told)}", "every column once")
    return {name: place for place, name in enumerate(header.cells) if name in known.names}


def _stored(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    places: dict[str, int],
    found: Iterator[Numbered],
) -> int:
    """Write the rows. What is raised while they are read ends them first: an error inside DuckDB would end the caller's
    transaction with it.
    """
    schema = pa.schema([*((f"c{place}", pa.string()) for place in places.values()), ("_row", pa.int64())])
    raised: list[Exception] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for numbers, rows in found:
                columns = [pa.array([row[place] for row in rows], pa.string()) for place in places.values()]
                yield pa.record_batch([*columns, pa.array(numbers, pa.int64())], schema=schema)
        except Exception as error:
            raised.append(error)

    incoming = f"{relation}_incoming"
    connection.register(incoming, pa.RecordBatchReader.from_batches(schema, batches()))
    cells = ", ".join(f"nullif(nfc_normalize(c{place}), '') as c{place}" for place in places.values())
    sql = f'create or replace temp table "{relation}" as select {cells}, _row from "{incoming}"'
    try:
        [(count,)] = connection.execute(sql).fetchall()
    finally:
        connection.unregister(incoming)
    if raised:
        raise raised[0]
    return int(count)
