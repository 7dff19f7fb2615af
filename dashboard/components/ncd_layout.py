"""The explorer before any number has arrived: controls, cards, stores."""

from __future__ import annotations

from collections.abc import Mapping

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components import cards, controls, maps, opening
from dashboard.components.attributes import aria
from dashboard.components.chart_card import chart_card
from dashboard.selection.ncd import AGES, ESTIMATORS, PARTS, QUANTITIES, SEXES, STANDARDS, TRUTHS
from dashboard.words import Words

PAGE = "ncd"


def of(name: str) -> str:
    """The id of something of this page."""
    return ids.of(PAGE, name)


def layout(words: Words, query: Mapping[str, str]) -> list[Component]:
    """Sentences, controls, the chosen district, the cards in reading order, what the number is."""
    return [
        *opening.skeleton(words, PAGE, query),
        html.Div(id=of("readiness"), className="readiness"),
        *(dcc.Store(id=of(f"part-{name}")) for name in PARTS),
        _controls(words, query),
        html.P(id=of("filters"), className="print-only filters"),
        _strip(words),
        _row("row-map", maps.map_card(words, PAGE, query), _compare_card(words)),
        _row("row-two", _graph_card(words, "curve"), _graph_card(words, "trend")),
        _convergence_card(words, query),
        _survey_card(words),
        _distribution_card(words, query),
        _matrix_card(words),
        _definition_card(words),
        html.Footer(id=of("sources"), className="sources"),
    ]


def _row(name: str, *children: Component) -> Component:
    return html.Div(list(children), className=f"row {name}")


def _controls(words: Words, query: Mapping[str, str]) -> Component:
    standard = controls.select(words, PAGE, "standard", kind="long", values=STANDARDS)
    return controls.bar(
        words,
        [
            controls.select(words, PAGE, "condition", kind="long"),
            controls.select(words, PAGE, "variant", kind="wide"),
            controls.switch(words, PAGE, "estimator", ESTIMATORS, query),
            html.Div(
                standard,
                id=of("standard-frame"),
                className="control-frame",
                hidden=query.get("estimator") != "standardised",
            ),
            controls.select(words, PAGE, "ages", kind="short", values=AGES),
            controls.switch(words, PAGE, "sex", SEXES, query),
            controls.select(words, PAGE, "period", kind="short"),
            controls.district(words, PAGE),
        ],
    )


def _strip(words: Words) -> Component:
    """The chosen district, and the way back; the style sheet hides the strip while it is empty."""
    back = html.Button(
        words("control.whole_city"), id=of("whole-city"), type="button", className="quiet-button"
    )
    return html.Section(
        [html.Div(id=of("place"), className="place-facts"), back],
        className="card place-strip",
        **aria(label=words("place.strip")),
    )


def _graph_card(words: Words, card: str) -> Component:
    return chart_card(words, of(card), [cards.graph(of(f"{card}-graph"), name=f"graph-{card}")])


def _compare_card(words: Words) -> Component:
    """Districts fill the frame, the units of July 2025 scroll in it."""
    graph = cards.graph(of("compare-graph"), name="graph-compare")
    frame = cards.scroller(graph, words("compare.scroll"), name="scroller-down", id=of("compare-frame"))
    return chart_card(words, of("compare"), [frame])


def _convergence_card(words: Words, query: Mapping[str, str]) -> Component:
    """The four estimates over the quarters; the choice of the truth is there where a build knows it."""
    kind = html.Div(
        controls.switch(words, PAGE, "truth", TRUTHS, query, is_small=True),
        id=of("truth-frame"),
        hidden=True,
    )
    graph = cards.graph(of("convergence-graph"), name="graph-trend")
    return chart_card(words, of("convergence"), [graph], controls=[kind])


def _survey_card(words: Words) -> Component:
    """Surveys beside estimates; without a survey the title says so and nothing is drawn."""
    graph = cards.graph(of("survey-graph"), name="graph-survey")
    return chart_card(words, of("survey"), [html.Div(graph, id=of("survey-frame"))])


def _distribution_card(words: Words, query: Mapping[str, str]) -> Component:
    """The histogram, and beside it the classes."""
    kind = controls.switch(words, PAGE, "quantity", QUANTITIES, query, is_small=True)
    body = html.Div(
        [
            cards.graph(of("distribution-graph"), name="graph-distribution"),
            html.Div(id=of("distribution-classes"), className="classes"),
        ],
        className="histogram",
    )
    return chart_card(words, of("distribution"), [body], controls=[kind])


def _matrix_card(words: Words) -> Component:
    graph = cards.graph(of("matrix-graph"), name="graph-matrix")
    scroller = cards.scroller(graph, words("matrix.scroll"), id=of("matrix-frame"))
    return chart_card(words, of("matrix"), [scroller], has_legend=True)


def _definition_card(words: Words) -> Component:
    summary = html.Summary(html.H2(words("definition.title")))
    body = html.Details([summary, html.Div(cards.waiting(6), id=of("definition"))], open=True)
    return cards.card([body], id=of("definition-card"))
