"""One place by sex and age, beside the whole city: dots with intervals on one scale."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import phrases
from dashboard.words import Words

HOVER = "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>"
ROW_PIXELS = 34


def profile(place: pl.DataFrame | None, city: pl.DataFrame, words: Words) -> go.Figure:
    """``place`` and ``city``: ``group`` (a text key) and the columns of an estimate, in the order shown.

    Without a place the city stands alone, in the accent colour.
    """
    figure = go.Figure(layout=theme.layout(words.separators))
    groups = [words(f"group.{group}") for group in city["group"]]
    if place is None:
        figure.add_trace(_dots(city, words, words("profile.city"), theme.ACCENT, 0.0))
    else:
        figure.add_trace(_dots(city, words, words("profile.city"), "#98a5a2", -0.16))
        figure.add_trace(_dots(place, words, words("profile.place"), theme.SELECTED, 0.16))
    _axes(figure, groups)
    return figure


def _dots(frame: pl.DataFrame, words: Words, series: str, colour: str, shift: float) -> go.Scatter:
    """``shift`` keeps the two series of a row apart, in rows."""
    rows = frame.with_row_index("position").filter(pl.col("state") == "shown").to_dicts()
    return go.Scatter(
        name=series,
        x=[row["value"] for row in rows],
        y=[frame.height - 1 - row["position"] - shift for row in rows],
        mode="markers",
        marker={"size": 8, "color": colour},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [row["upper"] - row["value"] for row in rows],
            "arrayminus": [row["value"] - row["lower"] for row in rows],
            "color": colour,
            "thickness": 2.5,
            "width": 0,
        },
        customdata=[
            (f"{series}, {words('group.' + row['group'])}", phrases.hover(row, words)) for row in rows
        ],
        hovertemplate=HOVER,
    )


def _axes(figure: go.Figure, groups: list[str]) -> None:
    places = list(range(len(groups) - 1, -1, -1))
    figure.update_xaxes(
        tickformat=".0%", nticks=5, rangemode="tozero", gridcolor=theme.RULE, zeroline=False, fixedrange=True,
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=places, ticktext=groups, range=[-0.6, len(groups) - 0.4], automargin=True, fixedrange=True,
        showgrid=False, zeroline=False, ticklen=6, tickcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    figure.update_layout(height=len(groups) * ROW_PIXELS + 34, margin={"l": 4, "r": 12, "t": 4, "b": 22})
