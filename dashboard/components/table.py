"""The table twin: the same rows as the map, the city first, in the order of the codes."""

from __future__ import annotations

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard.components.attributes import aria
from dashboard.figures import phrases
from dashboard.words import Words

COLUMNS = ("district", "value", "interval", "numerator", "denominator")


def table(
    frame: pl.DataFrame, city: phrases.Row, words: Words, *, caption: str, selected: str | None
) -> Component:
    """An HTML table that a screen reader walks by header; it scrolls sideways inside its own box."""
    head = html.Tr([html.Th(words(f"table.{column}"), scope="col") for column in COLUMNS])
    body = [_row(city, words("table.city"), words, "table-city")]
    body += [
        _row(row, row["name"], words, "table-selected" if row["district"] == selected else "")
        for row in frame.sort("district").iter_rows(named=True)
    ]
    content = html.Table([html.Caption(caption), html.Thead(head), html.Tbody(body)], className="figures")
    return html.Div(
        content, className="table-frame", tabIndex=0, role="region", **aria(label=words("table.scroll"))
    )


def _row(row: phrases.Row, name: str, words: Words, kind: str) -> Component:
    shown = phrases.is_shown(row)
    cells = [html.Td(phrases.value(row, words), className="" if shown else "table-state")]
    cells += [html.Td(phrases.interval(row, words))]
    cells += [html.Td(phrases.count(row[column], words)) for column in ("numerator", "denominator")]
    return html.Tr([html.Th(name, scope="row"), *cells], className=kind)
