"""Non-communicable diseases: how common, where, how sure. One question, one map, its table, its definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html
from dash.development.base_component import Component

from dashboard import data, geometry, ids
from dashboard.access import current_viewer
from dashboard.components import cards, controls, legend, opening, statements, table
from dashboard.components import definition as definitions
from dashboard.components.profile import facts
from dashboard.figures import compare, district_map, profile
from dashboard.selection import Selection
from dashboard.words import Words, words

PATH = "/ncd"
NAME = "page.ncd"

Store = Mapping[str, str]


def layout(text: Words, query: Mapping[str, str]) -> list[Component]:
    """The skeleton. It asks nothing: controls and numbers arrive by the callbacks below."""
    return [
        dcc.Store(id=ids.QUERY, data={**query, "lang": text.language, "asked_lang": query.get("lang", "")}),
        dcc.Store(id=ids.CATALOGUE),
        dcc.Store(id=ids.SELECTION),
        _opening(text, query),
        controls.bar(text, query),
        html.Div([_map_card(text), _compare_card(text)], id=ids.CHARTS, className="row row-map"),
        cards.card(
            [cards.heading(text("table.title"), ""), html.Div(cards.waiting(8), id=ids.TABLE)],
            id=ids.TABLE_CARD,
            hidden=True,
        ),
        html.Div([_profile_card(text), _definition_card(text)], className="row row-profile"),
        html.Footer(id=ids.SOURCES, className="sources"),
    ]


def _opening(text: Words, query: Mapping[str, str]) -> Component:
    sentences = [
        html.H1(cards.waiting(), id=ids.HEADLINE),
        html.P(cards.waiting(), id=ids.LEAD, className="lead"),
        html.Div(id=ids.CAUTION, className="caution"),
    ]
    return html.Div(
        [html.Div(sentences, className="sentences"), controls.view(text, query)], className="opening"
    )


def _map_card(text: Words) -> Component:
    maps = html.Div(
        [
            html.Figure([html.Figcaption(text("map.city")), cards.graph(ids.MAP_CITY, name="graph-city")]),
            html.Figure([html.Figcaption(text("map.inner")), cards.graph(ids.MAP_INNER, name="graph-inner")]),
        ],
        className="maps",
    )
    head = cards.heading(text("map.title"), html.Span(cards.waiting(), id=ids.MAP_TITLE))
    tail = html.Div(id=ids.MAP_LEGEND, className="legend-frame")
    return cards.card([head, maps, tail, html.Div(id=ids.MAP_SUMMARY)], name="card-map")


def _compare_card(text: Words) -> Component:
    head = cards.heading(text("compare.title"), html.Span(cards.waiting(), id=ids.COMPARE_SUMMARY))
    return cards.card([head, cards.graph(ids.COMPARE, name="graph-compare")], name="card-compare")


def _profile_card(text: Words) -> Component:
    title = html.Span(cards.waiting(), id=ids.PROFILE_TITLE)
    facts_part = html.Div(cards.waiting(2), id=ids.PROFILE_FACTS)
    clear = html.Button(
        text("control.whole_city"), id=ids.WHOLE_CITY, n_clicks=0, hidden=True, className="quiet-button"
    )
    return cards.card(
        [html.Div([html.H2(title), clear], className="heading heading-row"), facts_part,
         cards.graph(ids.PROFILE, name="graph-profile")],
        name="card-profile",
    )  # fmt: skip


def _definition_card(text: Words) -> Component:
    summary = html.Summary(html.H2(text("definition.title")))
    return cards.card([html.Details([summary, html.Div(cards.waiting(6), id=ids.DEFINITION)], open=True)])


clientside_callback(
    ClientsideFunction("atlas", "select"),
    Output(ids.SELECTION, "data"),
    Output(ids.VARIANT, "data"),
    Output(ids.VARIANT, "value"),
    Output(ids.DISTRICT, "value"),
    Input(ids.CATALOGUE, "data"),
    Input(ids.CONDITION, "value"),
    Input(ids.VARIANT, "value"),
    Input(ids.ESTIMATOR, "value"),
    Input(ids.SEX, "value"),
    Input(ids.PERIOD, "value"),
    Input(ids.DISTRICT, "value"),
    Input(ids.MAP_CITY, "clickData"),
    Input(ids.MAP_INNER, "clickData"),
    Input(ids.COMPARE, "clickData"),
    Input(ids.WHOLE_CITY, "n_clicks"),
    Input(ids.VIEW, "value"),
    State(ids.SELECTION, "data"),
    prevent_initial_call=True,
)

clientside_callback(
    ClientsideFunction("atlas", "show_view"),
    Output(ids.CHARTS, "hidden"),
    Output(ids.TABLE_CARD, "hidden"),
    Input(ids.VIEW, "value"),
)


@callback(
    output={
        "conditions": Output(ids.CONDITION, "data"),
        "condition": Output(ids.CONDITION, "value"),
        "estimator": Output(ids.ESTIMATOR, "value"),
        "sex": Output(ids.SEX, "value"),
        "periods": Output(ids.PERIOD, "data"),
        "period": Output(ids.PERIOD, "value"),
        "districts": Output(ids.DISTRICT, "data"),
        "view": Output(ids.VIEW, "value"),
        "catalogue": Output(ids.CATALOGUE, "data"),
        "notices": Output(ids.NOTICES, "children"),
        "banner": Output(ids.BANNER, "children"),
        "stamp": Output(ids.STAMP, "children"),
        "content": Output(ids.CONTENT, "children"),
    },
    inputs={"query": Input(ids.QUERY, "data")},
)
def open_page(query: Store) -> dict[str, Any]:
    """Once per load, Back and pasted link: what the query means in the build it asks for."""
    text = words(query["lang"])
    opened = data.open_page(query, current_viewer(), text.language)
    return opening.closed(text) if opened is None else opening.opened(opened, query, text)


@callback(
    Output(ids.HEADLINE, "children"),
    Output(ids.LEAD, "children"),
    Output(ids.CAUTION, "children"),
    Input(ids.SELECTION, "data"),
    prevent_initial_call=True,
)
def say(store: Store) -> tuple[str, str, list[Component]]:
    """The finding, the numbers behind it, and what must be known before they are used."""
    selection, text = _read(store)
    subject, city = data.subject(selection), data.city(selection, current_viewer())
    notices = [cards.notice(line) for line in statements.cautions(subject, selection, text)]
    return (
        statements.headline(city, subject, selection, text),
        statements.lead(city, subject, selection, text),
        notices,
    )


@callback(
    Output(ids.MAP_CITY, "figure"),
    Output(ids.MAP_INNER, "figure"),
    Output(ids.MAP_TITLE, "children"),
    Output(ids.MAP_LEGEND, "children"),
    Output(ids.MAP_SUMMARY, "children"),
    Input(ids.SELECTION, "data"),
    prevent_initial_call=True,
)
def draw_maps(store: Store) -> tuple[go.Figure, go.Figure, str, Component, Component]:
    """Both maps with the one legend they share, and the same in words."""
    selection, text = _read(store)
    frame = data.by_district(selection, current_viewer())
    outlines, chosen = geometry.url(), selection.district
    return (
        district_map.city_map(frame, text, geometry=outlines, selected=chosen),
        district_map.inner_map(frame, text, geometry=outlines, selected=chosen),
        statements.map_subtitle(data.subject(selection), selection, text),
        legend.legend(frame, text),
        cards.reader_text(statements.map_summary(frame, text)),
    )


@callback(
    Output(ids.COMPARE, "figure"),
    Output(ids.COMPARE_SUMMARY, "children"),
    Input(ids.SELECTION, "data"),
    prevent_initial_call=True,
)
def draw_comparison(store: Store) -> tuple[go.Figure, str]:
    """Dots with intervals against the city's line, and how many can be told apart from it."""
    selection, text = _read(store)
    frame, city = data.by_district(selection, current_viewer()), data.city(selection, current_viewer())
    figure = compare.compare(frame, city, text, selected=selection.district)
    return figure, statements.compare_subtitle(frame, city, text)


@callback(Output(ids.TABLE, "children"), Input(ids.SELECTION, "data"), prevent_initial_call=True)
def fill_table(store: Store) -> Component:
    """The same rows as the maps, in words."""
    selection, text = _read(store)
    frame = data.by_district(selection, current_viewer())
    caption = statements.caption(data.subject(selection), selection, text)
    return table.table(
        frame, data.city(selection, current_viewer()), text, caption=caption, selected=selection.district
    )


@callback(
    Output(ids.PROFILE, "figure"),
    Output(ids.PROFILE_TITLE, "children"),
    Output(ids.PROFILE_FACTS, "children"),
    Output(ids.WHOLE_CITY, "hidden"),
    Input(ids.SELECTION, "data"),
    prevent_initial_call=True,
)
def draw_profile(store: Store) -> tuple[go.Figure, str, list[Component], bool]:
    """The chosen district, or the city, by sex and age."""
    selection, text = _read(store)
    place = data.place(selection, current_viewer())
    of_place = data.by_group(selection, current_viewer()) if place else None
    figure = profile.profile(of_place, data.by_group_of_city(selection, current_viewer()), text)
    name = place["name"] if place else text("profile.city")
    return (
        figure,
        text("profile.title", place=name),
        facts(place, data.city(selection, current_viewer()), selection, text),
        place is None,
    )


@callback(
    Output(ids.DEFINITION, "children"),
    Output(ids.SOURCES, "children"),
    Input(ids.SELECTION, "data"),
    prevent_initial_call=True,
)
def explain(store: Store) -> tuple[Component, list[Component | str]]:
    """What the number is and where it comes from."""
    selection, text = _read(store)
    subject, build = data.subject(selection), data.build(selection)
    body = definitions.definition(
        subject, selection, text, method=data.city(selection, current_viewer())["method"]
    )
    return body, opening.sources(build, subject, selection, text)


def _read(store: Store) -> tuple[Selection, Words]:
    """The selection of the store, checked again against the build and the viewer, and its words."""
    selection = data.read_selection(store, current_viewer())
    return selection, words(selection.language)
