"""Districts x indicators: is a district higher, lower or not told apart from the city, at 95 and at 99.8 per cent.

Neutral hues, and a mark in every cell, so that colour is not the only carrier.
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


def colours(palette: Palette) -> dict[str, str]:
    """The colour of each position. A complete count has the paler of the two hues: how far is told, not how sure."""
    hues = dict(zip(POSITIONS, palette.comparison, strict=True))
    others = {"suppressed": palette.suppressed, "no_data": palette.no_data, "uncompared": palette.no_data}
    return {**hues, **others, "count_lower": hues["lower"], "count_higher": hues["higher"]}


def matrix(
    cells: Sequence[dict[str, Any]],
    indicators: Sequence[tuple[str, str]],
    places: Sequence[tuple[str, str]],
    words: Words,
    palette: Palette,
    *,
    selected: str | None,
) -> go.Figure:
    """``cells``: indicator, district, position, title, hover; ``indicators`` and ``places``: id and name in order."""
    found = {(cell["indicator"], cell["district"]): cell for cell in cells}
    fills = colours(palette)
    rows = [[found[indicator, place] for place, _ in places] for indicator, _ in indicators]
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    figure.add_trace(
        go.Heatmap(
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
    )
    figure.add_trace(_marks(rows, fills, palette))
    _axes(figure, [name for _, name in indicators], [name for _, name in places], palette)
    if selected in [place for place, _ in places]:
        column = [place for place, _ in places].index(selected or "")
        figure.add_shape(
            type="rect", x0=column - 0.5, x1=column + 0.5, y0=-0.5, y1=len(rows) - 0.5,
            line={"color": palette.selected, "width": 2},
        )  # fmt: skip
    return figure


def _steps(fills: Sequence[str]) -> list[tuple[float, str]]:
    """Flat steps, one colour a position."""
    last = len(fills)
    return [pair for i, colour in enumerate(fills) for pair in ((i / last, colour), ((i + 1) / last, colour))]


def _marks(
    rows: Sequence[Sequence[dict[str, Any]]], fills: Mapping[str, str], palette: Palette
) -> go.Scatter:
    """The mark of every cell, in ink or paper. One trace of text: as many annotations would take seconds to draw."""
    inks = {
        position: max((palette.ink, palette.paper), key=lambda ink: contrast(ink, fill))
        for position, fill in fills.items()
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


def _axes(figure: go.Figure, indicators: list[str], places: list[str], palette: Palette) -> None:
    figure.update_xaxes(
        tickvals=list(range(len(places))), ticktext=places, tickangle=-45, side="bottom", fixedrange=True,
        showgrid=False, zeroline=False, ticklen=2, tickcolor=theme.CLEAR, automargin=True,
        range=[-0.5, len(places) - 0.5], tickfont={"size": 11},
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(indicators))), ticktext=indicators, range=[len(indicators) - 0.5, -0.5],
        fixedrange=True, showgrid=False, zeroline=False, ticklen=4, tickcolor=theme.CLEAR, automargin=True,
        tickfont={"size": 12},
    )  # fmt: skip
    figure.update_layout(margin={"l": 4, "r": 8, "t": 4, "b": 8})
