"""Intervals as they are drawn: a band along a line, or the two arms of a bar around a dot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.figures import phrases
from dashboard.theme import Palette


def band(places: Sequence[Any], rows: Sequence[phrases.Row], colour: str, palette: Palette) -> go.Scatter:
    """The interval of every row, filled from lower to upper; ``places`` are the rows' on the other axis."""
    return go.Scatter(
        x=[*places, *reversed(places)],
        y=[*(row["upper"] for row in rows), *(row["lower"] for row in reversed(rows))],
        fill="toself",
        fillcolor=theme.faded(colour, palette.band_opacity),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
    )


def arms(rows: Sequence[phrases.Row], colour: str, *, thickness: float) -> dict[str, Any]:
    """Error bars from each row's value to its limits, without end caps."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [row["upper"] - row["value"] for row in rows],
        "arrayminus": [row["value"] - row["lower"] for row in rows],
        "color": colour,
        "thickness": thickness,
        "width": 0,
    }
