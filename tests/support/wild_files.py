"""Files as others make them: old encodings, hand-written workbooks, packed text."""

from __future__ import annotations

import datetime as dt
import struct
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import duckdb
import xlsxwriter

from warehouse.readers.staged import Staged

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def windows_1258(text: str) -> bytes:
    """As Windows writes it: a vowel with its circumflex, breve or horn, then the tone as a mark."""
    written = []
    for sign in text:
        try:
            written.append(sign.encode("cp1258"))
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", sign)
            base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
            written.append((base + "".join(part for part in parts if part in _TONES)).encode("cp1258"))
    return b"".join(written)


def xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], **options: Any) -> Path:
    """A workbook of sheets of rows; ``date_1904=True`` counts days from 1904."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path, options) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, dt.date):
                        sheet.write_datetime(place, column, cell, day)
                    elif isinstance(cell, str) and cell.startswith("=") and "#" in cell:
                        sheet.write_formula(place, column, "=NA()", None, cell[1:])
                    elif isinstance(cell, str):
                        sheet.write_string(place, column, cell)
                    elif cell is not None:
                        sheet.write(place, column, cell)
    return path


def ods(path: Path, rows: str, *, prologue: str = "") -> Path:
    """A workbook with one sheet named ``S`` of ``rows`` as XML."""
    body = f'<table:table table:name="S">{rows}</table:table>'
    document = f"<office:document-content {_NAMESPACES}><office:body><office:spreadsheet>{body}"
    document += "</office:spreadsheet></office:body></office:document-content>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", kind)
        entry = f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>'
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{manifest}">{entry}</m:manifest>')
        archive.writestr("content.xml", f'<?xml version="1.0" encoding="UTF-8"?>{prologue}{document}')
    return path


def ods_row(cells: Sequence[str], *, repeated: int = 1) -> str:
    """A row of texts for :func:`ods`."""
    texts = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
        for cell in cells
    )
    return f'<table:table-row table:number-rows-repeated="{repeated}">{texts}</table:table-row>'


def xls(path: Path, rows: Sequence[Sequence[str | float]]) -> Path:
    """A workbook of Excel 97 (BIFF8 in a compound file) with one sheet named ``S``."""
    sheet = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            head = struct.pack("<HHH", row, column, 0)
            if isinstance(cell, str):
                text = cell.encode("utf-16-le")
                sheet += _record(0x204, head + struct.pack("<HB", len(text) // 2, 1) + text)
            else:
                sheet += _record(0x203, head + struct.pack("<d", cell))
    sheet += _record(0x0A, b"")
    start = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + _record(0xE0, bytes(20))
    length = len(start) + 4 + 10 + 4
    name = struct.pack("<IHBB", length, 0, 1, 0) + "S".encode("utf-16-le")
    book = start + _record(0x85, name) + _record(0x0A, b"")
    path.write_bytes(_compound(book + sheet))
    return path


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _compound(stream: bytes) -> bytes:
    """A compound file with the one stream ``Workbook``: header, allocation table, directory, stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    sectors = len(stream) // 512
    table = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    assert len(table) <= 128, "one sector of the allocation table"
    fat = struct.pack("<128I", *table, *[0xFFFFFFFF] * (128 - len(table)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += bytes(6) + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    root = _entry("Root Entry", 5, child=1, start=0xFFFFFFFE, size=0)
    book = _entry("Workbook", 2, child=0xFFFFFFFF, start=2, size=len(stream))
    return header + fat + (root + book).ljust(512, b"\0") + stream


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1) + links
    return head + bytes(36) + struct.pack("<IQ", start, size)


def rows_of(connection: duckdb.DuckDBPyConnection, staged: Staged, table: str) -> list[dict[str, Any]]:
    """The staged rows of a table in the order of the file."""
    [found] = [item for item in staged.tables if item.table == table]
    columns = ["_row", *found.columns]
    names = ", ".join(f'"{name}"' for name in columns)
    key = ", ".join(str(place) for place in range(1, len(columns) + 1))
    query = f"select {names} from {found.relation} order by {key}"
    return [dict(zip(columns, row, strict=True)) for row in connection.execute(query).fetchall()]


def assert_accounted(connection: duckdb.DuckDBPyConnection, staged: Staged, *, rows: int) -> None:
    """Every row of the file but its header is staged, bad, or set aside, and ``records`` says the same."""
    union = " union all ".join(f"select _row from {table.relation}" for table in staged.tables)
    [(given,)] = connection.execute(f"select count(distinct _row) from ({union})").fetchall()
    aside = sum(item.records for item in staged.set_aside if item.kind == "row")
    assert given + aside + len(staged.bad) == rows
    assert staged.records.get("row", 0) == given + aside
