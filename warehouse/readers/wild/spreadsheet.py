"""Sheets of workbooks (XLSX, XLSM, XLS, ODS) as rows of text, read by calamine through fastexcel.

Numbers come without a needless ``.0`` and with 15 digits, as the program shows them; formulas as the result saved with
them; cells of a date format as ISO text. A percentage is the number below its format (6.5 % is 0.065): calamine does
not tell formats, so a mapping says ``times = 100``. Errors (#N/A, #DIV/0!) are empty, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastexcel

from warehouse.errors import UserError
from warehouse.readers.wild.limits import Limits, refused
from warehouse.readers.wild.rows import Row
from warehouse.readers.wild.workbook_guard import check_workbook

XLS = ".xls"
SUFFIXES = (".xlsx", ".xlsm", ".ods", XLS)
_XLS_BYTES = 256 << 20
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SLICE = 10_000


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet read whole: ``rows`` in order, ``errors`` cells that hold an error."""

    is_visible: bool
    rows: Iterator[list[Row]]
    errors: int


@dataclass(frozen=True, kw_only=True)
class Workbook:
    """``names`` of its sheets in order; ``epoch`` of numbers of days: 1900, 1904, or None: not known."""

    path: Path
    reader: Any
    names: tuple[str, ...]
    epoch: int | None


def open_workbook(path: Path, limits: Limits) -> Workbook:
    """Raises :class:`UserError` for a workbook that is damaged, locked with a password, or a bomb."""
    epoch = _checked(path, limits)
    reader = _guarded(path, lambda: fastexcel.read_excel(path))
    return Workbook(path=path, reader=reader, names=tuple(reader.sheet_names), epoch=epoch)


def read_sheet(workbook: Workbook, name: str) -> Sheet:
    """A sheet's cells as text; an empty cell is empty text."""

    def load() -> Any:
        sheet = workbook.reader.load_sheet(name, header_row=None, dtypes="string")
        batch, errors = sheet.to_arrow_with_errors() if sheet.width else (None, None)
        return sheet.visible == "visible", batch, len(errors.errors) if errors else 0

    is_visible, batch, errors = _guarded(workbook.path, load)
    return Sheet(is_visible=is_visible, rows=_rows(batch) if batch is not None else iter(()), errors=errors)


def _rows(batch: Any) -> Iterator[list[Row]]:
    for start in range(0, batch.num_rows, _SLICE):
        columns = [
            ["" if cell is None else cell for cell in column.to_pylist()]
            for column in batch.slice(start, _SLICE).columns
        ]
        yield [list(row) for row in zip(*columns, strict=True)]


def _checked(path: Path, limits: Limits) -> int | None:
    """The workbook's epoch. An XLS file is no archive: it is as large as it looks."""
    with path.open("rb") as file:
        head = file.read(len(_COMPOUND))
        is_compound = head == _COMPOUND
        is_locked = is_compound and _ENCRYPTED in file.read(1 << 20)
    if is_locked:
        raise refused(path.name, "the workbook is locked with a password", "the workbook without a password")
    if not path.name.lower().endswith(XLS) or head.startswith(b"PK"):
        if is_compound:
            raise refused(
                path.name, "the file is an XLS workbook under another name", "a name that ends with .xls"
            )
        return check_workbook(path, limits)
    if path.stat().st_size > _XLS_BYTES:
        raise refused(path.name, "the workbook is too large", "an XLSX or CSV file")
    return None


def _guarded(path: Path, action: Any) -> Any:
    """What calamine raises as a :class:`UserError`: its messages may hold cells, so they are not told."""
    try:
        return action()
    except UserError:
        raise
    except BaseException as error:
        # A panic of the Rust library is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        is_locked = "assword" in str(error)
        message = "the workbook is locked with a password" if is_locked else "the workbook cannot be read"
        raise refused(path.name, message, "a whole workbook without a password; send it again") from None
