"""A small line beside a headline number: its way over the weeks, without axes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import plotly.graph_objects as go

from dashboard import theme
from dashboard.theme import Palette
from dashboard.words import Words

HOVER = "%{customdata}<extra></extra>"


def sparkline(values: Sequence[int], end: date | None, words: Words, palette: Palette) -> go.Figure:
    """``values`` week by week, the last one at ``end`` (a Sunday); fewer than two are no way, and draw nothing."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True, range=[0, max([*values, 1]) * 1.08])
    if end is None or len(values) < 2:
        return figure
    days = [end - timedelta(weeks=len(values) - 1 - place) for place in range(len(values))]
    figure.add_trace(
        go.Scatter(
            x=days,
            y=list(values),
            mode="lines",
            line={"color": palette.accent, "width": 2},
            fill="tozeroy",
            fillcolor=theme.faded(palette.accent, 0.12),
            customdata=[
                f"{words('curve.week', date=words.date(day))}: {words.integer(value)}"
                for day, value in zip(days, values, strict=True)
            ],
            hovertemplate=HOVER,
        )
    )
    return figure
