"""Models: how far each way from counts to an estimate may be relied on, held against a known truth, and its checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import polars as pl
from dash import Input, Output, callback, html
from dash.development.base_component import Component

from dashboard import ids, twins
from dashboard.access import Viewer, current_viewer
from dashboard.components import cards, models_parts, models_sheets, opening
from dashboard.components.chart_card import chart_card, texts
from dashboard.components.sheets import About
from dashboard.data import models as data
from dashboard.figures import against
from dashboard.selection.models import ModelsSelection
from dashboard.selection.ncd import ESTIMATORS
from dashboard.sheet import Sheet
from dashboard.words import Words, words

PATH, PAGE, NAME, ICON = "/models", "models", "page.models", "scale"

#: Phases of the plan and bands of coverage, as scores name them.
PHASES = ("p1", "p2", "p3")
COVERAGES = ("0%-10%", "10%-25%", "25%-50%", "50%+")
Store = Mapping[str, str]
_read = twins.reader(data.read_selection)


def of(name: str) -> str:
    """The id of something of this page."""
    return ids.of(PAGE, name)


def layout(text: Words, query: Mapping[str, str]) -> list[Component]:
    """The skeleton. It asks nothing."""
    panels = [
        html.Div(
            [html.H3(text(f"estimator.{name}")), cards.graph(of(f"against-{name}"), name="graph-against")],
            className="panel",
        )
        for name in ESTIMATORS
    ]
    body = [html.Div(panels, className="panels")]
    return [
        *opening.skeleton(text, PAGE, query),
        html.Div(id=of("conditions")),
        html.Div(cards.card(cards.waiting(5)), id=of("reliance")),
        html.Div(chart_card(text, of("against"), body), id=of("against-frame")),
        html.Div(id=of("more"), className="methods"),
        html.Div(id=of("definition-card")),
        html.Footer(id=of("sources"), className="sources"),
    ]


twins.register_plain(PAGE, data.open_page, lambda opened, _: {"condition": opened.conditions})


@callback(
    Output(of("headline"), "children"),
    Output(of("lead"), "children"),
    Output(of("caution"), "children"),
    Output(of("conditions"), "children"),
    Output(of("reliance"), "children"),
    Output(of("more"), "children"),
    Output(of("definition-card"), "children"),
    Output(of("sources"), "children"),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def tell(store: Store) -> tuple[Any, ...]:
    """The finding, and everything that is said in words and tables."""
    selection, text, _ = _read(store)
    subject, viewer, known = data.subject(selection), current_viewer(), data.knows_truth(selection)
    quarter, fits = text.quarter(subject.quarter), data.fits(selection)
    newest = data.scores(selection, viewer, ["level"], quarter=subject.quarter)
    answers = data.answers(selection, viewer, quarter=subject.quarter)
    lines = [models_parts.reliance(newest, answers, text)] if known else []
    return (
        models_parts.headline(newest, fits, subject, text),
        text("models.lead", definition=subject.definition, version=subject.version, quarter=quarter),
        [cards.notice(text("models.caution_known" if known else "models.caution_real"))],
        [models_parts.conditions(data.conditions(selection), selection, text)],
        [models_parts.titled("reliance", text, lines, quarter=quarter)] if known else [],
        [*(_by_time(selection, viewer, text) if known else []), *_checks(selection, fits, text)],
        [models_parts.about(f"{selection.condition}/{subject.variant}", selection, text)],
        [opening.permanent(selection, text)],
    )


def _by_time(selection: ModelsSelection, viewer: Viewer, text: Words) -> list[Component]:
    """Over the phases and coverages."""
    phases = {name: text(f"models.phase_{name}") for name in PHASES}
    bands = {name: text(f"models.band_{place}") for place, name in enumerate(COVERAGES)}
    found = []
    for column, labels in (("phase", phases), ("coverage", bands)):
        scores = data.scores(selection, viewer, ["level", column])
        table = models_parts.by_time(scores, column, labels, text)
        found.append(models_parts.titled(column, text, [table]))
    return found


def _checks(selection: ModelsSelection, fits: pl.DataFrame, text: Words) -> list[Component]:
    """What the definition gets wrong, and the fits."""
    accuracy, found = data.accuracy(selection), []
    if accuracy.height:
        found.append(models_parts.titled("accuracy", text, [models_parts.accuracy(accuracy, text)]))
    if fits.height:
        found.append(models_parts.titled("fits", text, [models_parts.fits(fits, text)]))
    return found


@callback(
    *(Output(of(f"against-{name}"), "figure") for name in ESTIMATORS),
    Output(of("against-frame"), "hidden"),
    *texts(of("against"), "title", "subtitle", "summary", "source"),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def draw(store: Store) -> tuple[Any, ...]:
    """A panel an estimator: every place against the truth."""
    selection, text, palette = _read(store)
    if not data.knows_truth(selection):
        blank = [go.Figure() for _ in ESTIMATORS]
        return (*blank, True, "", "", "", "")
    quarter = data.subject(selection).quarter
    frame = data.answers(selection, current_viewer(), quarter=quarter)
    top = against.top_of(frame)
    figures = [
        against.against(frame.filter(frame["estimator"] == name), text, palette, top=top)
        for name in ESTIMATORS
    ]
    title = text("models.against_title", quarter=text.quarter(quarter))
    source = opening.source_line(data.build(selection), text)
    return (*figures, False, title, text("models.against_text"), title, source)


def _sheet(selection: ModelsSelection, viewer: Viewer) -> Sheet:
    text, quarter = words(selection.language), data.subject(selection).quarter
    frame = data.answers(selection, viewer, quarter=quarter)
    filters = (
        (text("control.condition"), data.subject(selection).condition),
        (text("control.period"), text.quarter(quarter)),
    )
    about = About(data.build(selection), filters, text)
    return models_sheets.against(frame, text("models.against_title", quarter=text.quarter(quarter)), about)


twins.register(PAGE, data.read_selection, {"against": _sheet})
