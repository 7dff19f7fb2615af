"""Estimates against the truth: a dot a place with its interval, on a square whose diagonal is being right."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, intervals, phrases
from dashboard.theme import Palette
from dashboard.words import Words

_CITY = "city"
_STEP = 0.1


def against(frame: pl.DataFrame, words: Words, palette: Palette, *, top: float) -> go.Figure:
    """``frame``: answers of one estimator and quarter beside their truth; ``top``: where both axes end."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    rows = [row for row in frame.to_dicts() if phrases.is_shown(row)]
    if not rows:
        blank = [{**row, "reason": "too_few_assessed"} for row in frame.head(1).to_dicts()]
        return empty.say(figure, blank, words, palette)
    figure.add_shape(
        type="line", x0=0, y0=0, x1=top, y1=top, line={"color": palette.city, "width": 1, "dash": "dot"}
    )
    for is_city, colour, size in ((False, palette.accent, 7), (True, palette.selected, 11)):
        own = [row for row in rows if (row["district"] == _CITY) == is_city]
        figure.add_trace(_dots(own, colour, size, words))
    step = _STEP if top <= 3 * _STEP else 2 * _STEP
    ticks = [step * number for number in range(1, int(top / step + 1.5))]
    axis: dict[str, Any] = {"range": [0, top], "tickformat": ".0%", "tickvals": ticks}
    figure.update_xaxes(**theme.axis(palette, **axis), title={"text": words("models.truth_axis")})
    figure.update_yaxes(**theme.axis(palette, **axis), title={"text": words("models.estimate_axis")})
    figure.update_layout(showlegend=False, margin={"l": 52, "r": 10, "t": 8, "b": 44})
    return figure


def top_of(frame: pl.DataFrame) -> float:
    """Where the axes of all panels end: the highest limit, rounded up to a tenth, at most one."""
    highest = frame.select(pl.max_horizontal(pl.col("upper").max(), pl.col("true").max())).item()
    return min(1.0, ceil((highest or _STEP) / _STEP) * _STEP)


def _dots(rows: Sequence[phrases.Row], colour: str, size: int, words: Words) -> go.Scatter:
    told = [
        words(
            "models.hover",
            value=phrases.value(row, words),
            interval=phrases.interval(row, words),
            truth=words.percent(row["true"]),
        )
        for row in rows
    ]
    return go.Scatter(
        x=[row["true"] for row in rows],
        y=[row["value"] for row in rows],
        mode="markers",
        marker={"size": size, "color": colour},
        error_y=intervals.arms(rows, colour, thickness=1.2),
        customdata=[(row["name"], text) for row, text in zip(rows, told, strict=True)],
        hovertemplate=phrases.HOVER,
    )
