"""Rows of a text table: delimiter, quotation marks, and what cannot be a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from warehouse.readers.wild.encodings import UNREADABLE, Encoding
from warehouse.readers.wild.headers import SEARCHED, Known
from warehouse.readers.wild.limits import refused
from warehouse.readers.wild.unpack import Member, told

DELIMITERS = (",", ";", "\t", "|")
_HEAD_CHARACTERS = 262_144
_BATCH = 20_000


@dataclass(frozen=True)
class Unreadable:
    """A row that is none; ``reason`` holds no text of the file. ``lines`` it takes up in the file."""

    reason: str
    lines: int = 1


Row = list[str] | Unreadable


def delimiter_of(member: Member, encoding: Encoding, file: str, known: Known) -> str:
    """The delimiter under which one of the first rows names most of the columns looked for."""
    with told(file), _text(member, encoding) as stream:
        head = stream.read(_HEAD_CHARACTERS)

    def named(delimiter: str) -> tuple[int, int]:
        rows = islice(chain.from_iterable(_parsed(io.StringIO(head, newline=""), delimiter)), SEARCHED)
        found = [row for row in rows if not isinstance(row, Unreadable)]
        return max((known.named(row) for row in found), default=0), max(map(len, found), default=0)

    return max(DELIMITERS, key=named)


def rows_of(member: Member, encoding: Encoding, file: str, delimiter: str) -> Iterator[list[Row]]:
    """Every row of a member, some thousands at a time. Blank lines are rows without cells.

    Raises :class:`UserError` when a quotation mark has swallowed lines: how many rows it hides cannot be told.
    """
    with told(file), _text(member, encoding) as stream:
        for rows in _parsed(stream, delimiter):
            last = rows[-1]
            if isinstance(last, Unreadable) and last.lines > 1:
                message = "rows cannot be told apart: a quotation mark is not closed, or a cell is too long"
                raise refused(file, message, "quotation marks in pairs")
            yield [_readable(row) for row in rows] if encoding.is_suspect else rows


def _readable(row: Row) -> Row:
    if isinstance(row, Unreadable) or not any(map(UNREADABLE.search, row)):
        return row
    return Unreadable("the row holds bytes that are not text in the encoding of the file")


def has_swallowed(row: list[str], delimiter: str) -> bool:
    """True when a cell of a row of a wrong length looks like several rows: line ends and delimiters."""
    return any(delimiter in cell and ("\n" in cell or "\r" in cell) for cell in row)


def _text(member: Member, encoding: Encoding) -> io.TextIOWrapper:
    # Line ends stay as they are: csv knows all three, and those inside a cell are the cell's.
    return io.TextIOWrapper(member.open(), encoding=encoding.name, errors=encoding.errors, newline="")


def _parsed(lines: Iterable[str], delimiter: str) -> Iterator[list[Row]]:
    """Rows in lists that end early, with an :class:`Unreadable`, where one cannot be read."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        before = reader.line_num
        rows: list[Row] = []
        try:
            # What was read before a fault stays in the list.
            rows.extend(islice(reader, _BATCH))
        except csv.Error:
            taken = reader.line_num - before - sum(map(_lines, rows))
            rows.append(
                Unreadable("a quotation mark is not closed or not doubled, or a cell is too long", taken)
            )
        if not rows:
            return
        yield rows


def _lines(row: Row) -> int:
    """Lines that a row takes up in the file."""
    if isinstance(row, Unreadable):
        return row.lines
    return 1 + sum(cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in row)
