"""Cards, waiting graphs and the states in which there is nothing to draw."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import theme
from dashboard.components.attributes import aria
from dashboard.components.plain import Plain
from dashboard.words import Words

#: No bar of buttons, no zoom: the page around the figure is the interface. The folder holds an empty world outline,
#: which plotly would otherwise fetch from a foreign host.
GRAPH_CONFIG: Any = {
    "displayModeBar": False,
    "scrollZoom": False,
    "doubleClick": False,
    "topojsonURL": "/assets/topojson/",
    "responsive": True,
}


def card(children: list[Component], *, name: str = "", **attributes: Any) -> Component:
    """A white card; ``name`` adds a class of its own."""
    return html.Section(children, className=f"card {name}".strip(), **attributes)


def heading(title: Component | str, subtitle: Component | str) -> Component:
    """Title and subtitle of a card."""
    return html.Div([html.H2(title), html.P(subtitle, className="subtitle")], className="heading")


def graph(graph_id: str, *, name: str) -> Component:
    """A graph that shimmers until its figure arrives. What it shows is said in text beside it."""
    blank = go.Figure(layout=theme.layout(",.", theme.LIGHT))
    blank.update_xaxes(visible=False)
    blank.update_yaxes(visible=False)
    figure = dcc.Graph(id=graph_id, figure=blank, config=GRAPH_CONFIG, responsive=True, className="graph")
    return html.Div(figure, className=f"graph-frame {name}", **aria(hidden="true"))


def scroller(content: Component, label: str, *, name: str = "scroller", **attributes: Any) -> Component:
    """A box that keeps its content's width and scrolls sideways; the keyboard reaches it, ``label`` says what it is."""
    return html.Div(
        content, className=name, tabIndex=0, **{"role": "group", **attributes}, **aria(label=label)
    )


def table_frame(table: Component, label: str) -> Component:
    """A table that no callback fills, in a box that scrolls."""
    return Plain(scroller(table, label, name="table-frame", role="region"))


def waiting(lines: int = 1) -> list[Component]:
    """Grey bars in the place of text that is on its way."""
    return [html.Span(className="waiting", **aria(hidden="true")) for _ in range(lines)]


def state_card(title: str, lead: str, *children: Component) -> Component:
    """A whole page that has nothing to draw: says what is so and what can be done."""
    return card([html.H1(title), html.P(lead, className="lead"), *children], name="state-card")


def notice(text: str, kind: str = "note") -> Component:
    """One line of notice: ``note``, ``warning`` or ``fault``."""
    return html.P(text, className=f"notice notice-{kind}")


def fault(title: str, text: str) -> Component:
    """What could not be done, and why."""
    return html.Div([html.Strong(title), html.P(text)], className="notice notice-fault")


def reader_text(text: str) -> Component:
    """Text for screen readers only: what a figure shows."""
    return html.P(text, className="for-readers")


def no_build(words: Words) -> Component:
    """The page before the first build."""
    return state_card(words("no_build.title"), words("no_build.lead"))


def verdict(level: str, label: str, reasons: str) -> list[Component]:
    """How far a number may be relied on, as a word in a frame, and why. ``level``: ready, caution, not_ready."""
    return [html.Span(label, className=f"verdict verdict-{level}"), html.Span(reasons)]
