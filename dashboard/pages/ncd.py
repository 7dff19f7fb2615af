"""Non-communicable diseases: how common, where, in whom, since when, how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, html
from dash.development.base_component import Component

from dashboard import geometry, ids, twins
from dashboard.access import Viewer, current_viewer
from dashboard.components import cards, legend, maps, ncd_layout, ncd_sheets, opening, statements
from dashboard.components import definition as definitions
from dashboard.components.chart_card import texts
from dashboard.components.ncd_controls import opened as opened_controls
from dashboard.data import ncd as data
from dashboard.figures import age_sex, compare, convergence, phrases
from dashboard.figures import distribution as histogram
from dashboard.figures import matrix as overview_matrix
from dashboard.figures import survey as beside_surveys
from dashboard.figures import trend as trend_line
from dashboard.selection.ncd import PARTS, NcdSelection
from dashboard.sheet import Sheet
from dashboard.words import Words, words

PATH, PAGE, NAME, ICON = "/ncd", ncd_layout.PAGE, "page.ncd", "pulse"
layout, of = ncd_layout.layout, ncd_layout.of
CARDS = ("map", "compare", "curve", "trend", "convergence", "survey", "distribution", "matrix")

#: The comparison is no lower than this, as the map beside it is higher anyway.
FEWEST_LINES = 22

Store = Mapping[str, str]
_read = twins.reader(data.read_selection)


clientside_callback(
    ClientsideFunction("atlas", "select"),
    Output(of("selection"), "data"),
    *(Output(of(f"part-{name}"), "data") for name in PARTS),
    Output(of("variant"), "data"),
    Output(of("variant"), "value"),
    Output(of("district"), "value"),
    Output(of("quantity"), "value"),
    Output(of("standard-frame"), "hidden"),
    Input(of("catalogue"), "data"),
    *(
        Input(of(name), "value")
        for name in (
            *("condition", "variant", "estimator", "standard", "ages", "sex", "period"),
            *("district", "map", "geography", "quantity", "truth"),
        )
    ),
    *(Input(of(name), "clickData") for name in (*maps.GRAPHS, "compare-graph", "matrix-graph")),
    Input(of("whole-city"), "n_clicks"),
    Input(ids.THEME, "data"),
    State(of("selection"), "data"),
    prevent_initial_call=True,
)


_CONTROLS = {
    "conditions": Output(of("condition"), "data"),
    "condition": Output(of("condition"), "value"),
    "estimator": Output(of("estimator"), "value"),
    "standard": Output(of("standard"), "value"),
    "ages": Output(of("ages"), "value"),
    "sex": Output(of("sex"), "value"),
    "periods": Output(of("period"), "data"),
    "period": Output(of("period"), "value"),
    "districts": Output(of("district"), "data"),
    "map": Output(of("map"), "value"),
    "geography": Output(of("geography"), "value"),
    "truth": Output(of("truth"), "value"),
    "truth_hidden": Output(of("truth-frame"), "hidden"),
    "catalogue": Output(of("catalogue"), "data"),
}
twins.register_opening(PAGE, _CONTROLS, data.open_page, opened_controls)


@callback(
    Output(of("headline"), "children"),
    Output(of("lead"), "children"),
    Output(of("readiness"), "children"),
    Output(of("caution"), "children"),
    Output(of("place"), "children"),
    *(Output(of(f"map-{part}"), kind) for part, kind in maps.OUTPUTS),
    *texts(of("map"), "title", "subtitle", "legend", "summary"),
    Output(of("compare-graph"), "figure"),
    Output(of("compare-frame"), "style"),
    *texts(of("compare"), "title", "subtitle", "summary"),
    Input(of("part-places"), "data"),
    prevent_initial_call=True,
)
def draw_places(store: Store) -> tuple[Any, ...]:
    """The finding, and the places: one answer serves sentences, maps and comparison."""
    selection, text, palette = _read(store)
    frame, city = data.places(selection, current_viewer()), data.city(selection, current_viewer())
    subject, place = data.subject(selection), data.place(selection, current_viewer())
    ready = data.readiness(selection, current_viewer())
    return (
        statements.headline(city, subject, selection, text),
        statements.lead(city, subject, selection, text),
        cards.verdict(ready.level, *statements.readiness(ready, text)),
        [cards.notice(line) for line in statements.cautions(subject, selection, text)],
        _strip(place, city, text),
        *maps.figures(
            frame,
            text,
            palette,
            kind=selection.map,
            geometry=geometry.drawing(selection.mapped),
            selected=selection.district,
        ),
        text("map.title"),
        statements.map_subtitle(subject, selection, text),
        legend.legend(frame, text, palette),
        statements.map_summary(frame, text),
        compare.compare(frame, city, text, palette, selected=selection.district),
        {"--lines": max(frame.height, FEWEST_LINES)},
        statements.compare_title(frame, city, text),
        statements.compare_subtitle(city, selection, text),
        statements.compare_title(frame, city, text),
    )


def _strip(place: phrases.Row | None, city: phrases.Row, text: Words) -> list[Component]:
    """The chosen district in words."""
    if place is None:
        return []
    facts = [html.Span(line) for line in statements.place_facts(place, city, text)]
    return [html.H2(place["name"]), html.P(facts)]


@callback(
    Output(of("curve-graph"), "figure"),
    *texts(of("curve"), "title", "subtitle", "summary"),
    Output(of("trend-graph"), "figure"),
    *texts(of("trend"), "title", "subtitle", "summary"),
    Input(of("part-lines"), "data"),
    prevent_initial_call=True,
)
def draw_lines(store: Store) -> tuple[Any, ...]:
    """Age and sex, and the quarters: of the city, and of the chosen district in front of it."""
    selection, text, palette = _read(store)
    viewer, chosen = current_viewer(), selection.district
    curve = data.by_age_and_sex(selection, viewer, None)
    own_curve = data.by_age_and_sex(selection, viewer, chosen) if chosen else None
    quarters = data.by_quarter(selection, viewer, None)
    own_quarters = data.by_quarter(selection, viewer, chosen) if chosen else None
    place, name = data.place(selection, viewer), data.place_name(selection)
    figure = trend_line.trend(
        quarters, own_quarters, text, palette, place_name=place["short"] if place else ""
    )
    title = statements.trend_title(quarters if own_quarters is None else own_quarters, text)
    return (
        age_sex.age_sex(curve, own_curve, text, palette),
        text("ages_curve.title", place=name),
        text("ages_curve.subtitle_place", place=name) if chosen else text("ages_curve.subtitle"),
        statements.curve_summary(curve if own_curve is None else own_curve, text),
        figure,
        title,
        text("trend.subtitle", place=name),
        title,
    )


@callback(
    Output(of("convergence-graph"), "figure"),
    *texts(of("convergence"), "title", "subtitle", "summary"),
    Input(of("part-convergence"), "data"),
    prevent_initial_call=True,
)
def draw_convergence(store: Store) -> tuple[Any, ...]:
    """Raw, standardised, corrected, modelled: how they come together while records accrue."""
    selection, text, palette = _read(store)
    series = data.by_estimator(selection, current_viewer(), selection.district)
    known = data.truth(selection, current_viewer(), selection.district)
    figure = convergence.convergence(series, known, text, palette)
    title = statements.convergence_title(series, known, selection.period, text)
    return figure, title, text("convergence.subtitle", place=data.place_name(selection)), title


@callback(
    Output(of("survey-graph"), "figure"),
    Output(of("survey-frame"), "hidden"),
    *texts(of("survey"), "title", "subtitle", "summary"),
    Input(of("part-survey"), "data"),
    prevent_initial_call=True,
)
def draw_survey(store: Store) -> tuple[Any, ...]:
    """What surveys of the city found, beside what the records give for the same people."""
    selection, text, palette = _read(store)
    frame = data.surveys(selection, current_viewer())
    title = statements.survey_title(frame, text)
    figure = beside_surveys.survey(frame, text, palette)
    return figure, not frame.height, title, statements.survey_subtitle(frame, text), title


@callback(
    Output(of("distribution-graph"), "figure"),
    Output(of("distribution-classes"), "children"),
    *texts(of("distribution"), "title", "subtitle", "summary"),
    Input(of("part-distribution"), "data"),
    prevent_initial_call=True,
)
def draw_distribution(store: Store) -> tuple[Any, ...]:
    """The quantity itself: a histogram with its cut-offs, and the share of people in each class."""
    selection, text, palette = _read(store)
    bins = data.distribution(selection, current_viewer(), selection.district)
    classes = _classes(selection, current_viewer())
    edges = sorted({start for scheme, _ in classes for start in scheme.starts if start is not None})
    title = statements.distribution_title(bins, selection.quantity, text)
    return (
        histogram.distribution(bins, edges, text, palette),
        ncd_sheets.class_tables(classes, text),
        title,
        ncd_sheets.distribution_subtitle(_about(selection)),
        title,
    )


def _classes(selection: NcdSelection, viewer: Viewer) -> ncd_sheets.Classes:
    """The schemes of the chosen quantity, each with the share of people in its classes."""
    return [
        (scheme, data.distribution(selection, viewer, selection.district, classes=scheme.scheme))
        for scheme in data.schemes_of(selection)
    ]


@callback(
    Output(of("matrix-graph"), "figure"),
    Output(of("matrix-frame"), "style"),
    *texts(of("matrix"), "title", "subtitle", "legend", "summary"),
    Input(of("part-matrix"), "data"),
    prevent_initial_call=True,
)
def draw_matrix(store: Store) -> tuple[Any, ...]:
    """Every place on every indicator, against the city."""
    selection, text, palette = _read(store)
    indicators = data.matrix(selection, current_viewer())
    cells = statements.matrix_cells(indicators, text)
    places = data.short_names(selection, current_viewer())
    figure = overview_matrix.matrix(
        cells, [(item.indicator, item.name) for item in indicators], places, text, palette,
        selected=selection.district,
    )  # fmt: skip
    title = statements.matrix_title(cells, text)
    used = {str(cell["position"]) for cell in cells}
    style = {"--bands": len(overview_matrix.bands(places))}
    subtitle = statements.matrix_subtitle(selection, text)
    return figure, style, title, subtitle, legend.marks(used, text, palette), title


@callback(
    Output(of("definition"), "children"),
    Output(of("sources"), "children"),
    Output(of("filters"), "children"),
    *(Output(of(f"{card}-source"), "children") for card in CARDS),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def explain(store: Store) -> tuple[Any, ...]:
    """What the number is and where it comes from: once at length, and under every card."""
    selection, text, _ = _read(store)
    subject, build = data.subject(selection), data.build(selection)
    method = data.city(selection, current_viewer())["method"]
    stands_on = _sources(selection)
    sources = [opening.source_line(build, text, *stands_on[card]) for card in CARDS]
    return (
        definitions.definition(subject, selection, text, method=method),
        [opening.permanent(selection, text)],
        opening.filter_line(data.filters(selection)),
        *sources,
    )


def _sources(selection: NcdSelection) -> Mapping[str, Sequence[str]]:
    """What the numbers of each card stand on, beside the build: its definitions, its cut-offs, its outlines."""
    text, subject = words(selection.language), data.subject(selection)
    has_outlines = maps.has_outlines(selection.map, selection.mapped)
    named = text(
        "source.definition",
        definition=f"{subject.condition} – {subject.definition}",
        version=subject.version,
    )
    cut_offs = dict.fromkeys(
        part for scheme in data.schemes_of(selection) for part in scheme.source.split("; ")
    )
    return {
        **{card: [named] for card in CARDS},
        "map": [named, geometry.told(selection.mapped, text)] if has_outlines else [named],
        "survey": [
            text("source.survey", source=source)
            for source in data.surveys(selection, current_viewer())["source"].unique(maintain_order=True)
        ],
        "distribution": [text("source.cut_offs", source="; ".join(cut_offs))],
        "matrix": [
            text("source.definition", definition=name, version=version)
            for name, version in data.matrix_versions(selection)
        ],
    }


def _sheets() -> Mapping[str, Any]:
    """The sheet of each card, from the same data as its figure."""

    def places(selection: NcdSelection, viewer: Viewer) -> Sheet:
        return ncd_sheets.places(
            data.places(selection, viewer), data.city(selection, viewer), _about(selection)
        )

    def curve(selection: NcdSelection, viewer: Viewer) -> Sheet:
        return ncd_sheets.curve(_both(data.by_age_and_sex, selection, viewer), _about(selection))

    def trend(selection: NcdSelection, viewer: Viewer) -> Sheet:
        return ncd_sheets.trend(_both(data.by_quarter, selection, viewer), _about(selection))

    def settling(selection: NcdSelection, viewer: Viewer) -> Sheet:
        series = data.by_estimator(selection, viewer, selection.district)
        known = data.truth(selection, viewer, selection.district)
        return ncd_sheets.convergence(series, known, _about(selection))

    def survey(selection: NcdSelection, viewer: Viewer) -> Sheet:
        return ncd_sheets.survey(data.surveys(selection, viewer), _about(selection))

    def distribution(selection: NcdSelection, viewer: Viewer) -> Sheet:
        bins = data.distribution(selection, viewer, selection.district)
        return ncd_sheets.distribution(bins, _classes(selection, viewer), _about(selection))

    def matrix(selection: NcdSelection, viewer: Viewer) -> Sheet:
        cells = statements.matrix_cells(data.matrix(selection, viewer), words(selection.language))
        return ncd_sheets.matrix(cells, _about(selection))

    found = {"map": places, "compare": places, "curve": curve, "trend": trend}
    more = {"survey": survey, "distribution": distribution, "matrix": matrix}
    return {**found, "convergence": settling, **more}


def _both(ask: Any, selection: NcdSelection, viewer: Any) -> Sequence[tuple[str, Any]]:
    """The answer for the city, and for the chosen district where there is one, with their names."""
    text = words(selection.language)
    found = [(text("place.city"), ask(selection, viewer, None))]
    place = data.place(selection, viewer)
    if place:
        found.append((place["name"], ask(selection, viewer, selection.district)))
    return found


def _about(selection: NcdSelection) -> ncd_sheets.About:
    return ncd_sheets.About(
        selection,
        data.subject(selection),
        data.build(selection),
        data.place_name(selection),
        tuple(data.filters(selection).items()),
        _sources(selection),
        words(selection.language),
    )


twins.register(PAGE, data.read_selection, _sheets())
