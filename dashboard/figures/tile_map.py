"""Equal-size tiles: every district one square, laid out as the city lies, so that four square kilometres are seen.

The same classes as the outlines. Hidden and missing tiles are traces of their own and say so in words.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import classes, phrases
from dashboard.theme import Palette
from dashboard.words import Words

#: Column and row of each district, from the north-west.
TILES = {
    "783": (1, 0),
    "784": (1, 1),
    "761": (2, 1),
    "764": (3, 1),
    "767": (1, 2),
    "766": (2, 2),
    "768": (3, 2),
    "765": (4, 2),
    "769": (5, 2),
    "777": (0, 3),
    "772": (1, 3),
    "771": (2, 3),
    "770": (3, 3),
    "760": (4, 3),
    "785": (0, 4),
    "775": (1, 4),
    "774": (2, 4),
    "773": (4, 4),
    "776": (2, 5),
    "778": (4, 5),
    "786": (4, 6),
    "787": (5, 7),
}
COLUMNS, ROWS = 6, 8
#: Height of a tile beside its width.
HEIGHT = 0.56


def tile_map(frame: pl.DataFrame, words: Words, palette: Palette, *, selected: str | None) -> go.Figure:
    """One tile per row of ``frame`` (the columns of a frame of places)."""
    rows = [row for row in frame.to_dicts() if row["district"] in TILES]
    edges = classes.breaks([row["value"] for row in rows if phrases.is_shown(row)])
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    for row in rows:
        figure.add_shape(**_square(row["district"], _fill(row, palette, edges), palette.border_no_data, 0.8))
    if selected in TILES:
        figure.add_shape(**_square(selected, theme.CLEAR, palette.selected, 3))
    figure.add_trace(_names(rows, words, palette, edges))
    figure.update_xaxes(visible=False, range=[-0.52, COLUMNS - 0.48], fixedrange=True)
    figure.update_yaxes(
        visible=False, range=[ROWS - 0.48, -0.52], fixedrange=True, scaleanchor="x", scaleratio=HEIGHT
    )
    return figure


def _square(district: str, fill: str, border: str, width: float) -> dict[str, Any]:
    column, line = TILES[district]
    return {
        "type": "rect",
        "x0": column - 0.47,
        "x1": column + 0.47,
        "y0": line - 0.46,
        "y1": line + 0.46,
        "line": {"color": border, "width": width},
        "fillcolor": fill,
        "layer": "below",
    }


def _fill(row: phrases.Row, palette: Palette, edges: tuple[float, ...]) -> str:
    if phrases.is_shown(row):
        return classes.shade_of(row["value"], edges, palette)
    return palette.suppressed if row["state"] == "suppressed" else palette.no_data


def _names(
    rows: list[dict[str, Any]], words: Words, palette: Palette, edges: tuple[float, ...]
) -> go.Scatter:
    """Name and value on the tile; an unseen marker as wide as the tile listens to the pointer."""
    places = [TILES[row["district"]] for row in rows]
    return go.Scatter(
        x=[column for column, _ in places],
        y=[line for _, line in places],
        mode="markers+text",
        marker={"symbol": "square", "size": 40, "color": theme.CLEAR, "line": {"width": 0}},
        text=[f"{_name(row['short'])}<br><b>{_value(row, words)}</b>" for row in rows],
        textfont={"size": 11, "color": [_ink(row, palette, edges) for row in rows]},
        customdata=[(row["district"], row["name"], phrases.hover(row, words)) for row in rows],
        hovertemplate=phrases.HOVER_OF_PLACE,
    )


def _name(short: str) -> str:
    """A tile has no room for what kind of district it is, unless the name is a number: ``Phú Nhuận``, ``Q. 10``."""
    _, _, own = short.partition(". ")
    return own if own and not own[0].isdigit() else short


def _value(row: phrases.Row, words: Words) -> str:
    if phrases.is_shown(row):
        return words.percent(row["value"], 0 if row["value"] >= 0.1 else 1)
    return words("tiles.hidden") if row["state"] == "suppressed" else "–"


def _ink(row: phrases.Row, palette: Palette, edges: tuple[float, ...]) -> str:
    """Ink on pale tiles, paper on strong ones: whichever contrasts more."""
    fill = _fill(row, palette, edges)
    return max((palette.ink, palette.paper), key=lambda colour: contrast(colour, fill))


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
