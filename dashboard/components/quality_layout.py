"""The quality page before anything has arrived: its cards in reading order."""

from __future__ import annotations

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components import cards, opening, quality_parts
from dashboard.components.chart_card import chart_card
from dashboard.selection.quality import PRESSURES
from dashboard.words import Words

PAGE = "quality"
#: Cards that are tables in words; the other two are figures.
TOLD = ("arrivals", "refusals", "checks", "coverage", "linkage", "numbers")


def of(name: str) -> str:
    """The id of something of this page."""
    return ids.of(PAGE, name)


def layout(words: Words, query: Mapping[str, str]) -> list[Component]:
    """The skeleton. It asks nothing."""
    told = {name: _told_card(words, name) for name in TOLD}
    beside = html.Div([told["refusals"], told["coverage"]], className="quality-column")
    return [
        *opening.skeleton(words, PAGE, query),
        html.Div([told["arrivals"], beside], className="row row-map quality-row"),
        told["checks"],
        told["linkage"],
        told["numbers"],
        _digits_card(words),
        _completeness_card(words),
        cards.card([quality_parts.definition(words)], id=of("definition-card")),
        html.Footer(id=of("sources"), className="sources"),
    ]


def _told_card(words: Words, name: str) -> Component:
    body = html.Div(cards.waiting(4), id=of(f"{name}-body"))
    return chart_card(words, of(name), [body], has_picture=False)


def _digits_card(words: Words) -> Component:
    panels = [
        html.Div(
            [html.H3(words(f"quality.{name}")), cards.graph(of(f"digits-{name}"), name="graph-digits")],
            className="panel",
        )
        for name in PRESSURES
    ]
    return chart_card(words, of("digits"), [html.Div(panels, className="row row-two")])


def _completeness_card(words: Words) -> Component:
    graph = cards.graph(of("completeness-graph"), name="graph-split")
    frame = cards.scroller(graph, words("quality.completeness_scroll"), id=of("completeness-frame"))
    return chart_card(words, of("completeness"), [frame])
