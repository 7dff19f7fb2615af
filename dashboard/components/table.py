"""The table twin: a :class:`Sheet` as an HTML table, in the words and numbers of its language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components import cards
from dashboard.sheet import Column, Kind, Sheet
from dashboard.words import Words


def table(sheet: Sheet, words: Words) -> Component:
    """A table a screen reader walks by header; it scrolls sideways inside its own box."""
    columns = [column for column in sheet.columns if not column.is_code]
    head = html.Tr([html.Th(column.label, scope="col", className=_class(column)) for column in columns])
    shown_rows = sheet.rows[: sheet.screen_rows]
    body = [_row(row, columns, words) for row in shown_rows]
    told = [f"{label}: {value}" for label, value in sheet.filters]
    if len(shown_rows) < len(sheet.rows):
        told.append(
            words("table.more", shown=words.integer(len(shown_rows)), all=words.integer(len(sheet.rows)))
        )
    caption = "; ".join(told)
    content = html.Table([html.Caption(caption), html.Thead(head), html.Tbody(body)], className="figures")
    return cards.table_frame(content, words("table.scroll", title=sheet.title))


def _row(row: Mapping[str, Any], columns: list[Column], words: Words) -> Component:
    first, *others = columns
    cells = [
        html.Td(shown(row.get(column.name), column, words), className=_class(column)) for column in others
    ]
    kind = str(row.get("_kind") or "")
    return html.Tr([html.Th(shown(row.get(first.name), first, words), scope="row"), *cells], className=kind)


def _class(column: Column) -> str:
    return "cell-text" if column.kind is Kind.TEXT else ""


def shown(value: Any, column: Column, words: Words) -> str:
    """A cell as it is read; a number that is not there is a dash, never a nought."""
    if value is None or value == "":
        return "–" if column.kind is not Kind.TEXT else ""
    match column.kind:
        case Kind.COUNT:
            return words.integer(int(value))
        case Kind.SHARE:
            return words.percent(float(value))
        case Kind.NUMBER:
            return words.plain(float(value))
        case Kind.DATE:
            return words.date(value)
        case _:
            return str(value)
