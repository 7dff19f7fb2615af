"""The district maps: the whole city in true geometry, and the inner city enlarged beside it.

Facts behind the code: the geometry is a URL, so it is fetched once and kept; only the mercator projection with a
window fills its card; exterior rings run clockwise or the whole world is painted except the district.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import classes, phrases
from dashboard.theme import Palette
from dashboard.words import Words

#: Longitudes and latitudes of each map's window. The city's is the box of the outlines and a hair more (a test holds
#: that); ``fitbounds`` would leave a quarter of the card empty. The inner one leaves out the wide fringe.
CITY_WINDOW = ((106.358, 107.018), (10.379, 11.158))
INNER_WINDOW = ((106.590, 106.772), (10.676, 10.888))
_GEO: dict[str, Any] = {
    "visible": False,
    "projection": {"type": "mercator"},
    "bgcolor": "rgba(0,0,0,0)",
    "domain": {"x": [0, 1], "y": [0, 1]},
}


def city_map(
    frame: pl.DataFrame, words: Words, palette: Palette, *, geometry: str, selected: str | None
) -> go.Figure:
    """All districts, fitted to the card."""
    return _figure(frame, words, palette, geometry, selected, _window(*CITY_WINDOW))


def inner_map(
    frame: pl.DataFrame, words: Words, palette: Palette, *, geometry: str, selected: str | None
) -> go.Figure:
    """The inner city, about three times as large as on :func:`city_map`, in the same classes."""
    return _figure(frame, words, palette, geometry, selected, _window(*INNER_WINDOW))


def _window(longitudes: tuple[float, float], latitudes: tuple[float, float]) -> dict[str, Any]:
    return {**_GEO, "lonaxis": {"range": longitudes}, "lataxis": {"range": latitudes}}


def _figure(
    frame: pl.DataFrame,
    words: Words,
    palette: Palette,
    geometry: str,
    selected: str | None,
    geo: Mapping[str, Any],
) -> go.Figure:
    """One trace per state that occurs, so that hidden and missing are never a colour of the scale."""
    rows = frame.to_dicts()
    edges = classes.breaks([row["value"] for row in rows if phrases.is_shown(row)])
    traces = (
        [_values([row for row in rows if phrases.is_shown(row)], words, palette, geometry, edges)]
        if edges
        else []
    )
    hidden = [row for row in rows if row["state"] == "suppressed"]
    missing = [row for row in rows if row["state"] not in ("shown", "suppressed")]
    traces += [_flat(hidden, words, geometry, palette.suppressed, palette.border)] if hidden else []
    traces += [_flat(missing, words, geometry, palette.no_data, palette.border_no_data)] if missing else []
    traces += [_outline(selected, geometry, palette)] if selected else []
    layout = theme.layout(words.separators, palette)
    layout.geo = dict(geo)
    return go.Figure(traces, layout)


def _values(
    rows: Sequence[phrases.Row], words: Words, palette: Palette, geometry: str, edges: Sequence[float]
) -> go.Choropleth:
    return go.Choropleth(
        **_places(rows, words, geometry),
        z=[row["value"] for row in rows],
        zmin=edges[0],
        zmax=edges[-1],
        colorscale=classes.colour_scale(edges, palette),
        marker={"line": {"color": palette.border, "width": 0.8}},
    )


def _flat(rows: Sequence[phrases.Row], words: Words, geometry: str, fill: str, line: str) -> go.Choropleth:
    return go.Choropleth(
        **_places(rows, words, geometry),
        z=[0] * len(rows),
        colorscale=[(0, fill), (1, fill)],
        marker={"line": {"color": line, "width": 0.8}},
    )


def _outline(district: str, geometry: str, palette: Palette) -> go.Choropleth:
    """A ring around the chosen district, drawn last and deaf to the pointer."""
    clear = "rgba(0,0,0,0)"
    return go.Choropleth(
        geojson=geometry,
        locations=[district],
        z=[0],
        colorscale=[(0, clear), (1, clear)],
        showscale=False,
        hoverinfo="skip",
        marker={"line": {"color": palette.selected, "width": 2.4}},
    )


def _places(rows: Sequence[phrases.Row], words: Words, geometry: str) -> dict[str, Any]:
    return {
        "geojson": geometry,
        "locations": [row["district"] for row in rows],
        "customdata": [(row["district"], row["name"], phrases.hover(row, words)) for row in rows],
        "hovertemplate": phrases.HOVER_OF_PLACE,
        "showscale": False,
    }
