"""Districts against their plan: records over the people due, in three states told apart by form and word.

Reached: a full dot right of the line. Not reached: a hollow dot left of it. Not measurable: no dot, and the reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, phrases
from dashboard.theme import Palette
from dashboard.words import Words


def targets(frame: pl.DataFrame, words: Words, palette: Palette, *, selected: str | None) -> go.Figure:
    """``frame``: a frame of places whose value is records over people due."""
    shown = frame.filter(pl.col("state") == "shown").sort("value", "district", descending=[False, True])
    hidden = frame.filter(pl.col("state") != "shown").sort("district", descending=True)
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if not shown.height:
        return empty.say(figure, hidden.to_dicts(), words, palette)
    rows = shown.to_dicts()
    figure.add_vline(x=1, line={"color": palette.quiet, "width": 1.2, "dash": "dot"})
    figure.add_trace(_stems(rows, palette))
    figure.add_trace(_dots(rows, words, palette, selected))
    for row in hidden.to_dicts():
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", xshift=10, y=row["short"], showarrow=False,
            text=words("plan.not_measurable"), font={"size": 11, "color": palette.quiet},
        )  # fmt: skip
    names = [row["short"] for row in [*hidden.to_dicts(), *rows]]
    spread = [row["value"] for row in rows]
    low, high = min([*spread, 1.0]), max([*spread, 1.0])
    room = max(high - low, 0.02) * 0.08
    figure.update_xaxes(
        **theme.axis(palette, tickformat=".0%", range=[low - room, high + room], nticks=5, zeroline=False)
    )
    figure.update_yaxes(
        categoryorder="array", categoryarray=names, automargin=True, fixedrange=True, showgrid=False,
        tickfont={"size": 12}, range=[-0.6, len(names) - 0.4], ticklen=4, tickcolor=theme.CLEAR,
    )  # fmt: skip
    figure.update_layout(margin={"l": 4, "r": 12, "t": 4, "b": 24}, showlegend=False)
    return figure


def state_of(row: phrases.Row) -> str:
    """reached, not_reached or not_measurable."""
    if not phrases.is_shown(row):
        return "not_measurable"
    return "reached" if row["value"] >= 1 else "not_reached"


def _stems(rows: Sequence[phrases.Row], palette: Palette) -> go.Scatter:
    """From the plan to where the district stands."""
    return go.Scatter(
        x=[value for row in rows for value in (1, row["value"], None)],
        y=[name for row in rows for name in (row["short"], row["short"], None)],
        mode="lines",
        line={"color": palette.interval, "width": 2.4},
        hoverinfo="skip",
    )


def _dots(rows: Sequence[phrases.Row], words: Words, palette: Palette, selected: str | None) -> go.Scatter:
    colours = [palette.selected if row["district"] == selected else palette.accent for row in rows]
    return go.Scatter(
        x=[row["value"] for row in rows],
        y=[row["short"] for row in rows],
        mode="markers",
        marker={
            "size": 9,
            "color": [
                hue if state_of(row) == "reached" else palette.paper
                for row, hue in zip(rows, colours, strict=True)
            ],
            "line": {"color": colours, "width": 2},
        },
        customdata=[
            (row["district"], f"{row['name']}: {words('plan.' + state_of(row))}", phrases.hover(row, words))
            for row in rows
        ],
        hovertemplate=phrases.HOVER_OF_PLACE,
    )
