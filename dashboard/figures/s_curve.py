"""Records by week against the plan: two cumulative lines, the lunar new year marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import phrases, tet
from dashboard.theme import Palette
from dashboard.words import Words


def s_curve(frame: pl.DataFrame, words: Words, palette: Palette) -> go.Figure:
    """``frame``: week (a Monday), records, due (null without a target), ascending."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    weeks = [day + timedelta(days=6) for day in frame["week"].to_list()]
    if weeks:
        tet.mark(figure, weeks[0], weeks[-1], words, palette)
    due = [
        (week, count) for week, count in zip(weeks, frame["due"].to_list(), strict=True) if count is not None
    ]
    if due:
        figure.add_trace(_line(due, words, palette.city, words("curve.plan"), dash="dash", width=1.8))
    records = list(zip(weeks, frame["records"].to_list(), strict=True))
    figure.add_trace(_line(records, words, palette.accent, words("curve.records"), dash="solid", width=2.8))
    for name, rows, colour in (("plan", due, palette.quiet), ("records", records, palette.accent)):
        if rows:
            figure.add_annotation(
                x=rows[-1][0], y=rows[-1][1], text=words(f"curve.{name}"), showarrow=False, xanchor="right",
                yanchor="bottom", xshift=-4, yshift=3, font={"size": 12, "color": colour},
            )  # fmt: skip
    figure.update_xaxes(**theme.axis(palette, showgrid=False, tickformat="%m/%Y", nticks=6))
    figure.update_yaxes(
        **theme.axis(palette, tickformat=",.0f", rangemode="tozero", nticks=5, automargin=True)
    )
    figure.update_layout(margin={"l": 4, "r": 14, "t": 14, "b": 24}, hovermode="closest")
    return figure


def _line(
    rows: Sequence[tuple[date, float]], words: Words, colour: str, name: str, *, dash: str, width: float
) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=[week for week, _ in rows],
        y=[count for _, count in rows],
        mode="lines",
        line={"color": colour, "width": width, "dash": dash},
        customdata=[
            (words("curve.week", date=words.date(week)), f"{name}: {words.integer(round(count))}")
            for week, count in rows
        ],
        hovertemplate=phrases.HOVER,
    )
