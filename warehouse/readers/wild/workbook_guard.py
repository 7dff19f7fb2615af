"""What a workbook would cost to open, told from its ZIP archive before calamine opens it.

Calamine keeps a sheet as the full rectangle that its furthest cells span, so one cell at ``XFD1048576`` asks for half a
terabyte and ends the process. Every XML part is therefore read through once as bytes: its true unpacked size, document
types and entities (refused; calamine expands none), the furthest cell of an XLSX sheet, the repeated cells of an ODS.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.parsers import expat

from warehouse.readers.wild.limits import Limits, bomb, refused
from warehouse.readers.wild.unpack import told

_BLOCK = 1 << 20
_OVERLAP = 64
_CELL = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{1,7})(\d{1,10})["']""")
_DIMENSION = re.compile(rb"""<(?:\w+:)?row\s[^>]{0,40}?r\s*=\s*["'](\d{1,10})["']""")
_BARE_CELL = re.compile(rb"""<(?:\w+:)?c(?:\s+(?!r\s*=)\w+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_SHEET_TARGET = re.compile(rb"""<(?:\w+:)?Relationship\s(?=[^>]*/worksheet["'])(?![^>]*\.xml["'])""")
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_EPOCH_1904 = re.compile(rb"""date1904\s*=\s*["'](?:1|true|on)["']""")
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "


def check_workbook(path: Path, limits: Limits) -> int:
    """Refuse a workbook (XLSX, ODS) that is no archive, a bomb or has entities; returns its epoch, 1900 or 1904."""
    epoch = 1900
    with told(path.name), zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if len(infos) > limits.members:
            raise refused(path.name, f"the workbook has {len(infos)} parts", f"at most {limits.members}")
        if sum(info.file_size for info in infos) > limits.workbook_bytes:
            raise bomb(path.name)
        unpacked = 0
        for info in infos:
            for block in _blocks(archive, info, _BLOCK):
                unpacked += len(block)
                if limits.is_bomb(unpacked, path.stat().st_size, limits.workbook_bytes):
                    raise bomb(path.name)
        for info in infos:
            # A sheet is a part that ends with .xml (held below), so that others need no look.
            if info.filename.lower().endswith((".xml", ".rels")):
                epoch = 1904 if _check_part(archive, info, path.name, limits) else epoch
    return epoch


def _check_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str, limits: Limits) -> bool:
    """True when the part says that the workbook counts days from 1904."""
    columns = rows = 0
    is_1904 = False
    tail = b""
    for block in _blocks(archive, info, _BLOCK):
        text = tail + block
        # XML of two bytes a sign, or a sheet under a strange name, would pass by what is looked for here.
        if _ENTITIES.search(text) or b"\x00" in text or _SHEET_TARGET.search(text):
            raise refused(
                file,
                "the workbook holds XML that no spreadsheet program writes",
                "a workbook as a spreadsheet program saves it",
            )
        is_1904 = is_1904 or (info.filename.endswith("workbook.xml") and bool(_EPOCH_1904.search(text)))
        columns, rows = _furthest(text, columns, rows)
        if columns * rows > limits.workbook_cells:
            raise bomb(file)
        tail = text[-_OVERLAP:]
    if info.filename == "content.xml":
        _check_repeats(archive, info, file, limits)
    return is_1904


def _furthest(text: bytes, columns: int, rows: int) -> tuple[int, int]:
    cells = _CELL.findall(text)
    if cells:
        # Columns of more letters stand further right, then those later in the alphabet.
        longest = max({letters.upper() for letters, _ in cells}, key=lambda letters: (len(letters), letters))
        columns = max(columns, _column(longest))
        rows = max([rows, *(int(digits) for _, digits in cells)])
    rows = max([rows, *map(int, _DIMENSION.findall(text))])
    if _BARE_CELL.search(text):
        # Cells that do not say where they stand follow one another, as rows do.
        parts = _ROW.split(text)
        columns = max([columns, *(len(_BARE_CELL.findall(part)) for part in parts)])
        rows = max(rows, len(parts))
    return columns, rows


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


class _Repeats:
    """The rectangle that the filled cells of each table of an ODS span, repeated ones unrolled."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows = self._empty = self._columns = self._column = self._repeated = 0
        self._is_filled = False
        self.is_over = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == f"{_TABLE}table":
            self._rows = self._empty = self._columns = 0
        elif name == f"{_TABLE}table-row":
            self._column, self._repeated, self._is_filled = 0, _number(attributes, "rows"), False
        elif name in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._column += _number(attributes, "columns")
            if any(key.startswith(_OFFICE) for key in attributes):
                self._columns, self._is_filled = max(self._columns, self._column), True

    def end(self, name: str) -> None:
        if name != f"{_TABLE}table-row":
            return
        # Empty rows count too when filled ones come below them; those at the end are a program's filling.
        self._empty += self._repeated
        if self._is_filled:
            self._rows, self._empty = self._rows + self._empty, 0
        self.is_over = self.is_over or self._rows * self._columns > self._most


def _check_repeats(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str, limits: Limits) -> None:
    """Refuse an ODS whose filled cells, repeated, span more than the limit."""
    repeats = _Repeats(limits.workbook_cells)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = repeats.start, repeats.end
    try:
        for block in _blocks(archive, info, _BLOCK):
            parser.Parse(block)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise refused(file, "the workbook is damaged", "a whole file; send it again") from None
    if repeats.is_over:
        raise bomb(file)


def _number(attributes: dict[str, str], what: str) -> int:
    text = attributes.get(f"{_TABLE}number-{what}-repeated", "1")
    return int(text) if text.isdecimal() and len(text) < 12 else 1 << 40


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int) -> Iterator[bytes]:
    stream: IO[bytes]
    with archive.open(info) as stream:
        while block := stream.read(size):
            yield block
