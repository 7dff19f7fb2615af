"""A sheet as an Excel workbook: the table with formatted numbers, and a page that says what it is."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import xlsxwriter

from dashboard.exports.csv_file import about
from dashboard.sheet import Kind, Sheet
from dashboard.words import Words

FORMATS = {Kind.SHARE: "0.0%", Kind.COUNT: "#,##0", Kind.NUMBER: "0.0", Kind.DATE: "yyyy-mm-dd"}
#: Text stays text: a name that begins with = is no formula, an address no link.
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
WIDTH = 16


def write(sheet: Sheet, words: Words) -> bytes:
    """An .xlsx file."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        book.set_properties({"title": sheet.title, "comments": sheet.source})
        _table(book, sheet, words)
        _about(book, sheet, words)
    return buffer.getvalue()


def _table(book: Any, sheet: Sheet, words: Words) -> None:
    page = book.add_worksheet(words("export.table"))
    bold, quiet = book.add_format({"bold": True}), book.add_format({"font_color": "#8a4b08", "bold": True})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
    top = 0
    for line, form in ((sheet.notice, quiet), (sheet.title, bold), (sheet.subtitle, None)):
        if line:
            page.write_string(top, 0, line, form)
            top += 1
    for place, column in enumerate(sheet.columns):
        page.write_string(top, place, column.label, bold)
        for below, row in enumerate(sheet.rows, start=top + 1):
            _write(page, below, place, row.get(column.name), formats.get(column.kind))
    page.set_column(0, max(len(sheet.columns) - 1, 0), WIDTH)
    page.freeze_panes(top + 1, 1)


def _write(page: Any, line: int, place: int, value: Any, form: Any) -> None:
    if value is None:
        page.write_blank(line, place, None)
    elif isinstance(value, date):
        page.write_datetime(line, place, value, form)
    elif isinstance(value, (int, float)):
        page.write_number(line, place, value, form)
    else:
        page.write_string(line, place, str(value))


def _about(book: Any, sheet: Sheet, words: Words) -> None:
    page = book.add_worksheet(words("export.about"))
    for line, text in enumerate(about(sheet, words)):
        page.write_string(line, 0, text)
    page.set_column(0, 0, 110)
