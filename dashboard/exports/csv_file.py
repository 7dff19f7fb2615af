"""A sheet as CSV: what it is in lines that begin with ``#``, then raw numbers under machine-readable names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from dashboard.sheet import Sheet
from dashboard.words import Words

#: Excel takes a file without it for the encoding of the machine.
BYTE_ORDER_MARK = "\ufeff"
#: A cell that begins with one of these would be a formula in a spreadsheet.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def write(sheet: Sheet, words: Words) -> bytes:
    """UTF-8 with a byte order mark; ISO dates; shares between 0 and 1; empty where there is no number."""
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    for line in about(sheet, words):
        text.write("# " + " ".join(line.split()) + "\r\n")
    writer = csv.writer(text)
    writer.writerow([column.name for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow([_cell(row.get(column.name)) for column in sheet.columns])
    return text.getvalue().encode()


def about(sheet: Sheet, words: Words) -> Iterator[str]:
    """What must be known of a table that travels alone."""
    if sheet.notice:
        yield sheet.notice
    yield sheet.title
    yield sheet.subtitle
    for label, value in sheet.filters:
        yield f"{label}: {value}"
    if sheet.caution:
        yield sheet.caution
    yield sheet.source
    yield words("export.build", build=sheet.build_id, extract_date=sheet.extract_date.isoformat())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value)
    return "'" + text if text.startswith(FORMULAS) else text
