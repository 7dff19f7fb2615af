"""Places x indicators: is a place higher, lower or not told apart from the city, at 95 and at 99.8 per cent.

Neutral hues, and a mark in every cell, so that colour is not the only carrier. More places than a card has room for go
on in a band below, with the indicators named anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.figures import phrases
from dashboard.figures.tile_map import contrast
from dashboard.theme import Palette
from dashboard.words import Words

#: Positions of a cell, lowest to highest.
POSITIONS = ("much_lower", "lower", "similar", "higher", "much_higher")
#: Positions of a complete count, which has no interval.
COUNTED = ("count_lower", "count_higher")
#: No comparison: hidden, missing, or a city without a number to compare with.
UNJUDGED = ("suppressed", "no_data", "uncompared")
ORDER = (*POSITIONS, *UNJUDGED, *COUNTED)
MARKS = {"much_lower": "▼▼", "lower": "▼", "similar": "·", "higher": "▲", "much_higher": "▲▲"}
MARKS |= {"suppressed": "×", "no_data": "", "uncompared": "?", "count_lower": "▽", "count_higher": "△"}
#: Places of one band: 102 units are three bands of 34.
BAND = 34
#: Height of a band as the style sheet has it, and the part of it that the slanted names take.
BAND_PIXELS, NAME_PIXELS = 384, 96
Place = tuple[str, str]
Cell = Mapping[str, Any]


def colours(palette: Palette) -> dict[str, str]:
    """The colour of each position. A complete count has the paler of the two hues: how far is told, not how sure."""
    hues = dict(zip(POSITIONS, palette.comparison, strict=True))
    others = {"suppressed": palette.suppressed, "no_data": palette.no_data, "uncompared": palette.no_data}
    return {**hues, **others, "count_lower": hues["lower"], "count_higher": hues["higher"]}


def bands(places: Sequence[Place]) -> list[Sequence[Place]]:
    """The places of each band, one at least."""
    return [places[start : start + BAND] for start in range(0, len(places), BAND)] or [places]


def matrix(
    cells: Sequence[Cell],
    indicators: Sequence[tuple[str, str]],
    places: Sequence[Place],
    words: Words,
    palette: Palette,
    *,
    selected: str | None,
) -> go.Figure:
    """``cells``: indicator, code, district, position, title, hover; ``indicators``, ``places``: id, name in order."""
    found = {(cell["indicator"], cell["code"]): cell for cell in cells}
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    parts = bands(places)
    room = len(parts) * BAND_PIXELS - NAME_PIXELS
    figure.set_subplots(rows=len(parts), cols=1, vertical_spacing=NAME_PIXELS / room)
    for number, part in enumerate(parts, start=1):
        rows = [[found[indicator, code] for code, _ in part] for indicator, _ in indicators]
        at = {"row": number, "col": 1}
        figure.add_trace(_grid(rows, palette), **at)
        figure.add_trace(_marks(rows, palette), **at)
        _axes(figure, [name for _, name in indicators], [name for _, name in part], palette, at)
        for column in _columns_of(selected, rows[0]):
            figure.add_shape(
                type="rect", x0=column - 0.5, x1=column + 0.5, y0=-0.5, y1=len(rows) - 0.5,
                line={"color": palette.selected, "width": 2}, **at,
            )  # fmt: skip
    figure.update_layout(margin={"l": 4, "r": 8, "t": 4, "b": 8})
    return figure


def _columns_of(district: str | None, row: Sequence[Cell]) -> list[int]:
    """Where the places of the chosen district stand in a band."""
    return [column for column, cell in enumerate(row) if cell["district"] == district]


def _grid(rows: Sequence[Sequence[Cell]], palette: Palette) -> go.Heatmap:
    """The colours of a band."""
    fills = colours(palette)
    return go.Heatmap(
        z=[[ORDER.index(cell["position"]) for cell in row] for row in rows],
        zmin=-0.5,
        zmax=len(ORDER) - 0.5,
        colorscale=_steps([fills[position] for position in ORDER]),
        showscale=False,
        xgap=2,
        ygap=2,
        customdata=[[(cell["district"], cell["title"], cell["hover"]) for cell in row] for row in rows],
        # Dash hands on no customdata of a click on a grid, only plain values: the code of the district goes here.
        hovertext=[[cell["district"] for cell in row] for row in rows],
        hovertemplate=phrases.HOVER_OF_PLACE,
    )


def _steps(fills: Sequence[str]) -> list[tuple[float, str]]:
    """Flat steps, one colour a position."""
    last = len(fills)
    return [pair for i, colour in enumerate(fills) for pair in ((i / last, colour), ((i + 1) / last, colour))]


def _marks(rows: Sequence[Sequence[Cell]], palette: Palette) -> go.Scatter:
    """The mark of every cell, in ink or paper. One trace of text: as many annotations would take seconds to draw."""
    inks = {
        position: max((palette.ink, palette.paper), key=lambda ink: contrast(ink, fill))
        for position, fill in colours(palette).items()
    }
    cells = [
        (column, line, cell["position"]) for line, row in enumerate(rows) for column, cell in enumerate(row)
    ]
    return go.Scatter(
        x=[column for column, _, _ in cells],
        y=[line for _, line, _ in cells],
        mode="text",
        text=[MARKS[position] for _, _, position in cells],
        textfont={"size": 10, "color": [inks[position] for _, _, position in cells]},
        hoverinfo="skip",
    )


def _axes(
    figure: go.Figure, indicators: list[str], places: list[str], palette: Palette, at: Mapping[str, int]
) -> None:
    figure.update_xaxes(
        tickvals=list(range(len(places))), ticktext=places, tickangle=-45, side="bottom", fixedrange=True,
        showgrid=False, zeroline=False, ticklen=2, tickcolor=theme.CLEAR, automargin=True,
        range=[-0.5, len(places) - 0.5], tickfont={"size": 11}, **at,
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(indicators))), ticktext=indicators, range=[len(indicators) - 0.5, -0.5],
        fixedrange=True, showgrid=False, zeroline=False, ticklen=4, tickcolor=theme.CLEAR, automargin=True,
        tickfont={"size": 12}, **at,
    )  # fmt: skip
