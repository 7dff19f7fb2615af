"""Both kinds of district map in one card: outlines with the inner city enlarged beside them, or equal-size tiles."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import ids, theme
from dashboard.components import cards, controls
from dashboard.components.chart_card import chart_card
from dashboard.figures import district_map, tile_map
from dashboard.geometry import Drawing
from dashboard.selection.base import GEOGRAPHIES, MAPS
from dashboard.theme import Palette
from dashboard.words import Words

#: What a page writes for its maps, in this order: ``(<part of the map card>, <property>)``.
OUTPUTS = (
    ("city", "figure"),
    ("inner", "figure"),
    ("tiles", "figure"),
    ("outlines", "hidden"),
    ("squares", "hidden"),
)
#: Graphs a click on which chooses a district.
GRAPHS = ("map-city", "map-inner", "map-tiles")


def map_card(words: Words, page: str, query: Mapping[str, str]) -> Component:
    """The map card of a page, its kind as the query asks; the hint stands on the screen and in no picture or print."""
    card = ids.of(page, "map")
    is_tiles = not has_outlines(query.get("map", ""), query.get("geography", ""))
    outlines = html.Div(
        [_figure(words, card, name) for name in ("city", "inner")],
        id=ids.card(card, "outlines"),
        className="maps",
        hidden=is_tiles,
    )
    squares = html.Div(
        cards.graph(ids.card(card, "tiles"), name="graph-tiles"),
        id=ids.card(card, "squares"),
        className="tiles",
        hidden=not is_tiles,
    )
    geography = controls.switch(words, page, "geography", GEOGRAPHIES, query, is_small=True)
    kind = controls.switch(words, page, "map", MAPS, query, is_small=True)
    hint = html.P(words("map.hint"), className="subtitle screen-only")
    above = html.Div([geography, kind, hint], className="map-kind")
    return chart_card(words, card, [outlines, squares], controls=[above], has_legend=True, name="card-map")


def _figure(words: Words, card: str, name: str) -> Component:
    graph = cards.graph(ids.card(card, name), name=f"graph-{name}")
    return html.Figure([html.Figcaption(words(f"map.{name}")), graph])


def has_outlines(kind: str, geography: str) -> bool:
    """Whether a map shows outlines: of a hundred units, tiles would have no room for their names."""
    return kind != "tiles" or geography == "unit"


def figures(
    frame: pl.DataFrame, words: Words, palette: Palette, *, kind: str, geometry: Drawing, selected: str | None
) -> tuple[go.Figure, go.Figure, go.Figure, bool, bool]:
    """The values of :data:`OUTPUTS`. The kind that is not shown stays empty: it is drawn when it is chosen."""
    blank = go.Figure(layout=theme.layout(words.separators, palette))
    if not has_outlines(kind, geometry.column):
        return blank, blank, tile_map.tile_map(frame, words, palette, selected=selected), True, False
    city = district_map.city_map(frame, words, palette, geometry=geometry, selected=selected)
    inner = district_map.inner_map(frame, words, palette, geometry=geometry, selected=selected)
    return city, inner, blank, False, True
