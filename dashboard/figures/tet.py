"""The lunar new year on an axis of weeks: the week before and after it nearly nobody is enrolled."""

from __future__ import annotations

from datetime import date, timedelta

import plotly.graph_objects as go

from dashboard.theme import Palette
from dashboard.words import Words

#: First day of the lunar year (Tết Nguyên đán).
DAYS = (date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17))


def within(first: date, last: date) -> list[date]:
    """The first days of the lunar years between two days."""
    return [day for day in DAYS if first <= day <= last]


def mark(figure: go.Figure, first: date, last: date, words: Words, palette: Palette) -> None:
    """A band of two weeks around each Tết between ``first`` and ``last``, with its name."""
    for day in within(first, last):
        figure.add_vrect(
            x0=day - timedelta(days=7),
            x1=day + timedelta(days=7),
            fillcolor=palette.rule,
            line_width=0,
            layer="below",
        )
        figure.add_annotation(
            x=day, y=1, yref="paper", yanchor="top", text=words("curve.tet"), showarrow=False,
            font={"size": 11, "color": palette.quiet},
        )  # fmt: skip
