"""Overview: are we on track, and where not? Sentences, headline numbers, map, curve, who needs attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, html
from dash.development.base_component import Component

from dashboard import geometry, ids, twins
from dashboard.access import current_viewer
from dashboard.components import (
    cards,
    controls,
    legend,
    maps,
    opening,
    overview_parts,
    overview_sheets,
    sheets,
    statements,
)
from dashboard.components.chart_card import chart_card, texts
from dashboard.data import overview as data
from dashboard.figures import s_curve, sparkline
from dashboard.selection.overview import PHASES, STEPS, OverviewOpened, OverviewSelection
from dashboard.words import Words, words

PATH, PAGE, NAME, ICON = "/", "overview", "page.overview", "home"
CARDS = ("steps", "map", "curve")

Store = Mapping[str, str]
_read = twins.reader(data.read_selection)


def of(name: str) -> str:
    """The id of something of this page."""
    return ids.of(PAGE, name)


def layout(text: Words, query: Mapping[str, str]) -> list[Component]:
    """The skeleton. It asks nothing."""
    bar = [controls.switch(text, PAGE, "phase", PHASES, query), controls.district(text, PAGE)]
    return [
        *opening.skeleton(text, PAGE, query),
        html.Div(overview_parts.waiting(3), id=of("phases"), className="row row-three"),
        controls.bar(text, bar),
        html.P(id=of("filters"), className="print-only filters"),
        _steps_card(text),
        html.Div([maps.map_card(text, PAGE, query), _curve_card(text)], className="row row-map"),
        html.Div(
            [
                cards.card([html.Div(cards.waiting(5), id=of("attention"))]),
                cards.card([html.Div(cards.waiting(5), id=of("changes"))]),
            ],
            className="row row-two",
        ),
        cards.card([overview_parts.definition(text)], id=of("definition-card")),
        html.Footer(id=of("sources"), className="sources"),
    ]


def _steps_card(text: Words) -> Component:
    tiles = [
        overview_parts.step_tile(
            step, cards.graph(of(f"steps-{step}"), name="graph-step"), of(f"steps-{step}-caption")
        )
        for step in STEPS
    ]
    return chart_card(text, of("steps"), [html.Div(tiles, className="row-steps")])


def _curve_card(text: Words) -> Component:
    return chart_card(text, of("curve"), [cards.graph(of("curve-graph"), name="graph-s-curve")])


clientside_callback(
    ClientsideFunction("atlas", "select"),
    Output(of("selection"), "data"),
    Output(of("district"), "value"),
    Input(of("catalogue"), "data"),
    *(Input(of(name), "value") for name in ("phase", "map", "geography", "district")),
    *(Input(of(name), "clickData") for name in maps.GRAPHS),
    Input(ids.THEME, "data"),
    State(of("selection"), "data"),
    prevent_initial_call=True,
)


def _opened(page: OverviewOpened, text: Words) -> dict[str, Any]:
    chosen = page.selection
    return {
        "districts": page.districts,
        "phase": chosen.phase,
        "map": chosen.map,
        "geography": chosen.geography,
        "catalogue": controls.catalogue(PAGE, page.build.build_id, text.language, chosen.values(), {}, {}),
        **opening.frame(page, chosen, text, labels={}),
    }


_CONTROLS = {
    "districts": Output(of("district"), "data"),
    "phase": Output(of("phase"), "value"),
    "map": Output(of("map"), "value"),
    "geography": Output(of("geography"), "value"),
    "catalogue": Output(of("catalogue"), "data"),
}
twins.register_opening(PAGE, _CONTROLS, data.open_page, _opened)


@callback(
    Output(of("headline"), "children"),
    Output(of("lead"), "children"),
    Output(of("caution"), "children"),
    Output(of("phases"), "children"),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def say(store: Store) -> tuple[Any, ...]:
    """The answer and a sentence a phase: of the city, or of the chosen district."""
    selection, text, _ = _read(store)
    phases, end = data.phases(selection, selection.district), data.last_week(selection)
    place = data.place_name(selection)
    return (
        overview_parts.headline(phases, place, text),
        overview_parts.lead(phases[0], end, text),
        [cards.notice(text("overview.caution"))],
        [overview_parts.phase_card(phase, text) for phase in phases[1:]],
    )


@callback(
    *(Output(of(f"steps-{step}"), "figure") for step in STEPS),
    *(Output(of(f"steps-{step}-caption"), "children") for step in STEPS),
    *texts(of("steps"), "title", "subtitle", "summary"),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def draw_steps(store: Store) -> tuple[Any, ...]:
    """The headline numbers: records that took each step, and the way there."""
    selection, text, palette = _read(store)
    steps, end = data.ladder(selection, selection.district, selection.phase), data.last_week(selection)
    return (
        *(sparkline.sparkline(step.weekly, end, text, palette) for step in steps),
        *(overview_parts.step_caption(step, text) for step in steps),
        text("overview.steps_title"),
        text(
            "overview.steps_subtitle",
            place=data.place_name(selection),
            phase=text(f"phase_name.{selection.phase}"),
        ),
        overview_parts.steps_summary(steps, text),
    )


@callback(
    *(Output(of(f"map-{part}"), kind) for part, kind in maps.OUTPUTS),
    *texts(of("map"), "title", "subtitle", "legend", "summary"),
    Output(of("curve-graph"), "figure"),
    *texts(of("curve"), "title", "subtitle", "summary"),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def draw(store: Store) -> tuple[Any, ...]:
    """Where, and since when."""
    selection, text, palette = _read(store)
    frame, is_plan = data.places(selection, current_viewer())
    weeks = data.weeks(selection, selection.district, selection.phase)
    phase = text(f"phase_name.{selection.phase}")
    place = data.place_name(selection)
    title = overview_parts.curve_title(weeks, place, text)
    return (
        *maps.figures(
            frame,
            text,
            palette,
            kind=selection.map,
            geometry=geometry.drawing(selection.geography),
            selected=selection.district,
        ),
        overview_parts.map_title(frame, text, is_plan=is_plan),
        overview_parts.map_subtitle(frame, selection.phase, text, kind=selection.map, is_plan=is_plan),
        legend.legend(frame, text, palette),
        statements.map_summary(frame, text),
        s_curve.s_curve(weeks, text, palette),
        title,
        text("overview.curve_subtitle", phase=phase, place=place),
        title,
    )


@callback(
    Output(of("attention"), "children"),
    Output(of("changes"), "children"),
    Output(of("filters"), "children"),
    Output(of("sources"), "children"),
    *(Output(of(f"{card}-source"), "children") for card in CARDS),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def explain(store: Store) -> tuple[Any, ...]:
    """Who needs attention and why; what changed since the build before; sources."""
    selection, text, _ = _read(store)
    build = data.build(selection)
    has_outlines = maps.has_outlines(selection.map, selection.geography)
    outlines = geometry.told(selection.geography, text) if has_outlines else ""
    return (
        overview_parts.attention(
            data.behind(selection, current_viewer()), selection, text, has_plan=data.has_plan(selection)
        ),
        overview_parts.changes(data.changed(selection), text),
        opening.filter_line(data.filters(selection)),
        [opening.permanent(selection, text)],
        *(opening.source_line(build, text, outlines if card == "map" else "") for card in CARDS),
    )


def _sheets() -> Mapping[str, Any]:
    def about(selection: OverviewSelection) -> sheets.About:
        return sheets.About(
            data.build(selection), tuple(data.filters(selection).items()), words(selection.language)
        )

    def places(selection: OverviewSelection, viewer: Any) -> Any:
        frame, is_plan = data.places(selection, viewer)
        return overview_sheets.places(frame, about(selection), is_plan=is_plan)

    def curve(selection: OverviewSelection, viewer: Any) -> Any:
        weeks = data.weeks(selection, selection.district, selection.phase)
        return overview_sheets.curve(weeks, data.place_name(selection), about(selection))

    def steps(selection: OverviewSelection, viewer: Any) -> Any:
        return overview_sheets.steps(
            data.ladder(selection, selection.district, selection.phase), about(selection)
        )

    return {"steps": steps, "map": places, "curve": curve}


twins.register(PAGE, data.read_selection, _sheets())
