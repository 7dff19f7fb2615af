"""The rollout: how far have the records come, where do they stop, which districts reach their plan, since when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html
from dash.development.base_component import Component

from dashboard import ids, twins
from dashboard.access import Viewer, current_viewer
from dashboard.components import cards, controls, opening, rollout_parts, rollout_sheets, sheets
from dashboard.components.chart_card import chart_card, texts
from dashboard.data import rollout as data
from dashboard.figures import ladder, multiples, shares, targets, weeks
from dashboard.selection.base import GEOGRAPHIES
from dashboard.selection.overview import PHASES
from dashboard.selection.rollout import (
    ANY_SOURCE,
    GROUPS,
    LADDER,
    PARTS,
    SECTIONS,
    SPLITS,
    STEPS_BY_WEEK,
    RolloutOpened,
    RolloutSelection,
)
from dashboard.sheet import Sheet
from dashboard.words import Words, words

PATH, PAGE, NAME, ICON = "/rollout", "rollout", "page.rollout", "steps"
CARDS = ("ladder", "plan", "split", "curves", "flow", "heat")

#: Lines of a grid of weeks at least, so that a few districts are no thick bars; and where no week is shown.
FEWEST_LINES, NO_LINES = 22, 6

Store = Mapping[str, str]
_read = twins.reader(data.read_selection)


def of(name: str) -> str:
    """The id of something of this page."""
    return ids.of(PAGE, name)


def layout(text: Words, query: Mapping[str, str]) -> list[Component]:
    """The skeleton. It asks nothing."""
    bar = [
        controls.switch(text, PAGE, "phase", PHASES, query),
        controls.select(text, PAGE, "group", kind="long", values=GROUPS),
        controls.select(text, PAGE, "source", kind="long"),
        controls.district(text, PAGE),
    ]
    return [
        *opening.skeleton(text, PAGE, query),
        *(dcc.Store(id=of(f"part-{name}")) for name in PARTS),
        controls.bar(text, bar),
        html.P(id=of("filters"), className="print-only filters"),
        html.Div([_card(text, "ladder"), _card(text, "plan")], className="row row-two"),
        _split_card(text, query),
        _wide_card(text, "curves"),
        _flow_card(text, query),
        _heat_card(text, query),
        cards.card([rollout_parts.definition(text)], id=of("definition-card")),
        html.Footer(id=of("sources"), className="sources"),
    ]


def _card(text: Words, name: str) -> Component:
    return chart_card(text, of(name), [cards.graph(of(f"{name}-graph"), name=f"graph-{name}")])


def _flow_card(text: Words, query: Mapping[str, str]) -> Component:
    """The step chosen here is that of the grid of weeks below it too."""
    step = controls.switch(text, PAGE, "step", STEPS_BY_WEEK, query, is_small=True)
    return chart_card(text, of("flow"), [cards.graph(of("flow-graph"), name="graph-flow")], controls=[step])


def _wide_card(text: Words, name: str, *above: Component) -> Component:
    """The figure keeps its width on a phone."""
    graph = cards.graph(of(f"{name}-graph"), name=f"graph-{name}")
    scroller = cards.scroller(graph, text(f"rollout.{name}_scroll"), id=of(f"{name}-frame"))
    return chart_card(text, of(name), [scroller], controls=above)


def _heat_card(text: Words, query: Mapping[str, str]) -> Component:
    """The only card of places x weeks that needs no target, so the only one by either geography."""
    return _wide_card(
        text, "heat", controls.switch(text, PAGE, "geography", GEOGRAPHIES, query, is_small=True)
    )


def _split_card(text: Words, query: Mapping[str, str]) -> Component:
    return _wide_card(text, "split", controls.switch(text, PAGE, "split", SPLITS, query, is_small=True))


clientside_callback(
    ClientsideFunction("atlas", "select"),
    Output(of("selection"), "data"),
    *(Output(of(f"part-{name}"), "data") for name in PARTS),
    Output(of("district"), "value"),
    Input(of("catalogue"), "data"),
    *(
        Input(of(name), "value")
        for name in ("phase", "group", "source", "split", "step", "geography", "district")
    ),
    *(Input(of(name), "clickData") for name in ("plan-graph", "curves-graph", "heat-graph")),
    Input(ids.THEME, "data"),
    State(of("selection"), "data"),
    prevent_initial_call=True,
)


def _opened(page: RolloutOpened, text: Words) -> dict[str, Any]:
    chosen = page.selection
    sources = [{"value": ANY_SOURCE, "label": text("record_source.all")}]
    sources += [{"value": code, "label": data.source_name(code, text.language)} for code in page.sources]
    return {
        "districts": page.districts,
        "phase": chosen.phase,
        "group": chosen.group,
        "sources": sources,
        "source": chosen.source,
        "split": chosen.split,
        "step": chosen.step,
        "geography": chosen.geography,
        "catalogue": controls.catalogue(PAGE, page.build.build_id, text.language, chosen.values(), {}, PARTS),
        **opening.frame(
            page, chosen, text, labels={"source": {item["value"]: item["label"] for item in sources}}
        ),
    }


_CONTROLS = {
    "districts": Output(of("district"), "data"),
    "phase": Output(of("phase"), "value"),
    "group": Output(of("group"), "value"),
    "sources": Output(of("source"), "data"),
    "source": Output(of("source"), "value"),
    "split": Output(of("split"), "value"),
    "step": Output(of("step"), "value"),
    "geography": Output(of("geography"), "value"),
    "catalogue": Output(of("catalogue"), "data"),
}
twins.register_opening(PAGE, _CONTROLS, data.open_page, _opened)


@callback(
    Output(of("headline"), "children"),
    Output(of("lead"), "children"),
    Output(of("caution"), "children"),
    Output(of("ladder-graph"), "figure"),
    *texts(of("ladder"), "title", "subtitle", "summary"),
    Input(of("part-ladder"), "data"),
    prevent_initial_call=True,
)
def draw_ladder(store: Store) -> tuple[Any, ...]:
    """How far the records have come, in a sentence and step by step."""
    selection, text, palette = _read(store)
    rows, place = data.ladder(selection), data.place_name(selection)
    return (
        rollout_parts.headline(rows, place, text),
        rollout_parts.lead(rows, text),
        [cards.notice(rollout_parts.caution(text, of_group=selection.is_of_group))],
        ladder.ladder(rows, SECTIONS, text, palette),
        rollout_parts.ladder_title(rows, text),
        text("rollout.ladder_subtitle", place=place),
        rollout_parts.ladder_summary(rows, text),
    )


@callback(
    Output(of("split-graph"), "figure"),
    Output(of("split-frame"), "style"),
    *texts(of("split"), "title", "subtitle", "summary"),
    Input(of("part-split"), "data"),
    prevent_initial_call=True,
)
def draw_split(store: Store) -> tuple[Any, ...]:
    """The same steps, split; wards are those of the chosen district."""
    selection, text, palette = _read(store)
    lines = data.split(selection, current_viewer())
    title = rollout_parts.split_title(lines, text)
    subtitle = rollout_parts.split_subtitle(selection, text)
    # The style sheet makes the figure as high as it has lines.
    style = {"--lines": max(len(lines), 4)}
    return shares.shares(lines, LADDER[1:], text, palette), style, title, subtitle, title


@callback(
    Output(of("plan-graph"), "figure"),
    *texts(of("plan"), "title", "subtitle", "summary"),
    Output(of("curves-graph"), "figure"),
    *texts(of("curves"), "title", "subtitle", "summary"),
    Input(of("part-plan"), "data"),
    prevent_initial_call=True,
)
def draw_plan(store: Store) -> tuple[Any, ...]:
    """Districts against their plan: now, and on the way there."""
    selection, text, palette = _read(store)
    frame = data.against_plan(selection, current_viewer())
    curves = data.curves(selection, current_viewer())
    phase = text(f"phase_name.{selection.phase}")
    until = rollout_parts.weeks_note(curves, text)
    titles = rollout_parts.plan_title(frame, text), rollout_parts.curves_title(curves, text)
    return (
        targets.targets(frame, text, palette, selected=selection.district),
        titles[0],
        text("rollout.plan_subtitle", phase=phase, until=until),
        titles[0],
        multiples.multiples(curves, text, palette, selected=selection.district),
        titles[1],
        rollout_parts.curves_subtitle(selection, text),
        titles[1],
    )


@callback(
    Output(of("flow-graph"), "figure"),
    *texts(of("flow"), "title", "subtitle", "summary"),
    Output(of("heat-graph"), "figure"),
    Output(of("heat-frame"), "style"),
    *texts(of("heat"), "title", "subtitle", "summary"),
    Input(of("part-weeks"), "data"),
    prevent_initial_call=True,
)
def draw_weeks(store: Store) -> tuple[Any, ...]:
    """New records week by week: of the chosen place, and of all places."""
    selection, text, palette = _read(store)
    flow, heat = data.flow(selection), data.by_week(selection, current_viewer())
    step = text(f"step.{selection.step}")
    titles = rollout_parts.flow_title(flow, step, text), rollout_parts.heat_title(heat, step, text)
    return (
        weeks.flow(flow, text, palette),
        titles[0],
        rollout_parts.flow_subtitle(flow, data.place_name(selection), step, text),
        titles[0],
        weeks.heat(heat, text, palette),
        {"--lines": _lines(heat)},
        titles[1],
        rollout_parts.heat_subtitle(selection, step, text),
        titles[1],
    )


@callback(
    Output(of("filters"), "children"),
    Output(of("sources"), "children"),
    *(Output(of(f"{card}-source"), "children") for card in CARDS),
    Input(of("selection"), "data"),
    prevent_initial_call=True,
)
def explain(store: Store) -> tuple[Any, ...]:
    """What was chosen and where the numbers come from."""
    selection, text, _ = _read(store)
    line = opening.source_line(data.build(selection), text)
    return (
        opening.filter_line(data.filters(selection)),
        [opening.permanent(selection, text)],
        *(line for _ in CARDS),
    )


def _about(selection: RolloutSelection) -> sheets.About:
    return sheets.About(
        data.build(selection), tuple(data.filters(selection).items()), words(selection.language)
    )


def _step(selection: RolloutSelection) -> str:
    return words(selection.language)(f"step.{selection.step}")


def _lines(heat: pl.DataFrame) -> int:
    """How many lines high the grid of weeks is."""
    if heat["added"].null_count() == heat.height:
        return NO_LINES
    return max(heat[heat.columns[0]].n_unique(), FEWEST_LINES)


def _sheets() -> Mapping[str, Any]:
    """The sheet of each card, from the same data as its figure."""

    def steps(selection: RolloutSelection, viewer: Viewer) -> Sheet:
        return rollout_sheets.ladder(
            data.ladder(selection), _about(selection), of_group=selection.is_of_group
        )

    def split(selection: RolloutSelection, viewer: Viewer) -> Sheet:
        subtitle = rollout_parts.split_subtitle(selection, words(selection.language))
        is_protected = selection.is_of_group or selection.split == "group"
        lines = data.split(selection, viewer)
        return rollout_sheets.split(lines, _about(selection), subtitle=subtitle, of_group=is_protected)

    def plan(selection: RolloutSelection, viewer: Viewer) -> Sheet:
        return rollout_sheets.plan(data.against_plan(selection, viewer), _about(selection))

    def curves(selection: RolloutSelection, viewer: Viewer) -> Sheet:
        frame = data.curves(selection, viewer)
        return rollout_sheets.curves(frame, _about(selection), of_group=selection.is_of_group)

    def flow(selection: RolloutSelection, viewer: Viewer) -> Sheet:
        frame, step = data.flow(selection), _step(selection)
        return rollout_sheets.flow(frame, step, _about(selection), of_group=selection.is_of_group)

    def heat(selection: RolloutSelection, viewer: Viewer) -> Sheet:
        frame, step = data.by_week(selection, viewer), _step(selection)
        subtitle = rollout_parts.heat_subtitle(selection, step, words(selection.language))
        about, of_group = _about(selection), selection.is_of_group
        return rollout_sheets.heat(frame, step, about, subtitle=subtitle, of_group=of_group)

    return {"ladder": steps, "split": split, "plan": plan, "curves": curves, "flow": flow, "heat": heat}


twins.register(PAGE, data.read_selection, _sheets())
