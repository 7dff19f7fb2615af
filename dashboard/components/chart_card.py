"""The card every chart stands in: what it shows, of whom, in which unit; its table twin, its exports, its source."""

from __future__ import annotations

from collections.abc import Sequence

from dash import Output, dcc, html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components import cards
from dashboard.components.attributes import aria, data
from dashboard.words import Words


def chart_card(
    words: Words,
    card: str,
    body: Sequence[Component],
    *,
    controls: Sequence[Component] = (),
    has_legend: bool = False,
    has_picture: bool = True,
    name: str = "",
) -> Component:
    """``card`` is the page's name, a dash and the card's: ``ncd-map``. ``body``: its graphs, shown until the table is.

    A card whose body is no graph cannot be saved as a picture: ``has_picture`` is then False.

    ``assets/atlas.js`` moves between chart and table and writes the addresses of the exports.
    """
    title = html.H2(cards.waiting(), id=ids.card(card, "title"))
    heading = html.Div(
        [title, html.P(cards.waiting(), id=ids.card(card, "subtitle"), className="subtitle")],
        className="heading",
    )
    legend = [html.Div(id=ids.card(card, "legend"), className="legend-frame")] if has_legend else []
    chart = html.Div([*controls, *body, *legend], id=ids.card(card, "chart"), className="chart")
    return html.Section(
        [
            html.Div([heading, _actions(words, card, has_picture)], className="card-head"),
            chart,
            html.Div(id=ids.card(card, "table"), className="card-table", hidden=True),
            html.P(id=ids.card(card, "summary"), className="for-readers"),
            html.P(id=ids.card(card, "source"), className="card-source"),
            dcc.Store(id=ids.card(card, "view")),
            dcc.Store(id=ids.card(card, "asked")),
        ],
        className=f"card chart-card {name}".strip(),
        **data(card=card),
        **aria(labelledby=ids.card(card, "title"), describedby=ids.card(card, "summary")),
    )


def texts(card: str, *parts: str) -> list[Output]:
    """Outputs of the parts of a card that hold text or components: title, subtitle, summary, legend, source."""
    return [Output(ids.card(card, part), "children") for part in parts]


def _actions(words: Words, card: str, has_picture: bool) -> Component:
    """Table, downloads, and what the number is; each is a button or a link a keyboard reaches."""
    page, _, part = card.partition("-")
    table = html.Button(
        [_icon("table"), words("card.table")],
        type="button",
        className="action",
        title=words("card.table"),
        **data(**{"card-view": card}),
        **aria(pressed="false", controls=ids.card(card, "table")),
    )
    files = [
        html.A(words(f"card.{form}"), href=f"/export/{page}/{part}.{form}", download="", **data(export=form))
        for form in ("csv", "xlsx")
    ]
    pictures = [
        html.Button(words(f"card.{form}"), type="button", **data(picture=form))
        for form in (("png", "svg") if has_picture else ())
    ]
    menu = html.Details(
        [
            html.Summary(
                [_icon("download"), words("card.download")], className="action", title=words("card.download")
            ),
            html.Div([*pictures, *files], className="menu-list"),
        ],
        className="menu",
    )
    about = html.A(
        [_icon("info"), words("card.about")],
        href=f"#{ids.of(page, 'definition-card')}",
        className="action",
        title=words("card.about"),
    )
    return html.Div([table, menu, about], className="card-actions")


def _icon(name: str) -> Component:
    """One of our own icons, drawn in the colour of the text around it."""
    return html.Span(className=f"icon icon-{name}", **aria(hidden="true"))
