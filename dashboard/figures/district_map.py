"""The district maps: the whole city in true geometry, and the inner city enlarged beside it.

Facts behind the code: the geometry is a URL, so it is fetched once and kept; only the mercator projection with a
window fills its card; exterior rings run clockwise or the whole world is painted except the district.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import classes, phrases
from dashboard.geometry import Box, Drawing
from dashboard.theme import Palette
from dashboard.words import Words

#: Longitudes and latitudes of each map's window. The city's is the box of the outlines and a hair more (a test holds
#: that); ``fitbounds`` would leave a quarter of the card empty. The inner one leaves out the wide fringe.
CITY_WINDOW = ((106.358, 107.018), (10.379, 11.158))
INNER_WINDOW = ((106.590, 106.772), (10.676, 10.888))
#: Longitudes and latitudes.
Window = tuple[tuple[float, float], tuple[float, float]]
_GEO: dict[str, Any] = {
    "visible": False,
    "projection": {"type": "mercator"},
    "bgcolor": "rgba(0,0,0,0)",
    "domain": {"x": [0, 1], "y": [0, 1]},
}


def city_map(
    frame: pl.DataFrame, words: Words, palette: Palette, *, geometry: Drawing, selected: str | None
) -> go.Figure:
    """All places, fitted to the card."""
    window = fitted(geometry.bounds) if geometry.bounds else CITY_WINDOW
    return _figure(frame, words, palette, geometry, selected, window, mark=3)


def inner_map(
    frame: pl.DataFrame, words: Words, palette: Palette, *, geometry: Drawing, selected: str | None
) -> go.Figure:
    """The inner city, about three times as large as on :func:`city_map`, in the same classes."""
    return _figure(frame, words, palette, geometry, selected, INNER_WINDOW, mark=5)


def fitted(bounds: Box) -> Window:
    """A window of the card's shape around imported outlines; that of the approximate ones where it holds them."""
    (west, east), (south, north) = CITY_WINDOW
    box = (min(west, bounds[0]), min(south, bounds[1]), max(east, bounds[2]), max(north, bounds[3]))
    factor = max((box[2] - box[0]) / (east - west), (box[3] - box[1]) / (north - south))
    half_width, half_height = factor * (east - west) / 2, factor * (north - south) / 2
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return (x - half_width, x + half_width), (y - half_height, y + half_height)


def _window(window: Window) -> dict[str, Any]:
    longitudes, latitudes = window
    return {**_GEO, "lonaxis": {"range": longitudes}, "lataxis": {"range": latitudes}}


def _figure(
    frame: pl.DataFrame,
    words: Words,
    palette: Palette,
    geometry: Drawing,
    selected: str | None,
    window: Window,
    *,
    mark: float,
) -> go.Figure:
    """One trace per state that occurs, so that hidden and missing are never a colour of the scale.

    ``mark``: diameter in pixels of the dot in a place part of whose people were drawn.
    """
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
    drawn = [row for row in rows if phrases.is_shown(row) and row.get("apportioned")]
    traces += [_marks(drawn, palette, mark)] if drawn else []
    layout = theme.layout(words.separators, palette)
    layout.geo = _window(window)
    return go.Figure(traces, layout)


def _values(
    rows: Sequence[phrases.Row], words: Words, palette: Palette, geometry: Drawing, edges: Sequence[float]
) -> go.Choropleth:
    return go.Choropleth(
        **_places(rows, words, geometry),
        z=[row["value"] for row in rows],
        zmin=edges[0],
        zmax=edges[-1],
        colorscale=classes.colour_scale(edges, palette),
        marker={"line": {"color": palette.border, "width": 0.8}},
    )


def _flat(
    rows: Sequence[phrases.Row], words: Words, geometry: Drawing, fill: str, line: str
) -> go.Choropleth:
    return go.Choropleth(
        **_places(rows, words, geometry),
        z=[0] * len(rows),
        colorscale=[(0, fill), (1, fill)],
        marker={"line": {"color": line, "width": 0.8}},
    )


def _outline(district: str, geometry: Drawing, palette: Palette) -> go.Choropleth:
    """A ring around the chosen district, drawn last and deaf to the pointer."""
    clear = "rgba(0,0,0,0)"
    return go.Choropleth(
        geojson=geometry.districts or geometry.url,
        locations=[district],
        z=[0],
        colorscale=[(0, clear), (1, clear)],
        showscale=False,
        hoverinfo="skip",
        marker={"line": {"color": palette.selected, "width": 2.4}},
    )


def _marks(rows: Sequence[phrases.Row], palette: Palette, size: float) -> go.Scattergeo:
    """A dot in every place part of whose people were drawn by weights, deaf to the pointer."""
    return go.Scattergeo(
        lon=[row["longitude"] for row in rows],
        lat=[row["latitude"] for row in rows],
        mode="markers",
        marker={"size": size, "color": palette.paper, "line": {"color": palette.ink, "width": 1}},
        hoverinfo="skip",
    )


def _places(rows: Sequence[phrases.Row], words: Words, geometry: Drawing) -> dict[str, Any]:
    return {
        "geojson": geometry.url,
        "locations": [row[geometry.column] for row in rows],
        "customdata": [(row["district"], row["name"], phrases.hover(row, words)) for row in rows],
        "hovertemplate": phrases.HOVER_OF_PLACE,
        "showscale": False,
    }
