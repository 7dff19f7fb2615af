"""A value over the quarters: line and 95 % band, the city and, where chosen, a district. No arrow, no slope."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, intervals, labels, phrases
from dashboard.theme import Palette
from dashboard.words import Words

#: As many quarters get a label; more would touch on a phone.
LABELLED = 5


def trend(
    city: pl.DataFrame,
    place: pl.DataFrame | None,
    words: Words,
    palette: Palette,
    *,
    place_name: str = "",
) -> go.Figure:
    """``city`` and ``place``: quarter and the columns of an estimate, oldest first."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    series = [(_shown(city), words("place.city_short"), palette.accent if place is None else palette.city)]
    if place is not None:
        series.append((_shown(place), place_name, palette.selected))
    if not any(rows for rows, *_ in series):
        return empty.say(figure, city.to_dicts()[-1:], words, palette)
    for rows, name, colour in series:
        figure.add_trace(intervals.band([row["quarter"] for row in rows], rows, colour, palette))
        figure.add_trace(line(rows, words, name, colour))
    top = max(row["upper"] for rows, *_ in series for row in rows) * 1.05
    ends = [
        labels.End(
            text=name, value=rows[-1]["value"], colour=palette.quiet if colour == palette.city else colour
        )
        for rows, name, colour in series
        if rows and place is not None
    ]
    for label in labels.at_ends(ends, top):
        figure.add_annotation(**label)
    figure.update_layout(margin={"l": 4, "r": 92 if ends else 18, "t": 8, "b": 24})
    axes(figure, city["quarter"].to_list(), top, words, palette)
    return figure


def _shown(frame: pl.DataFrame) -> Sequence[phrases.Row]:
    return frame.filter(pl.col("state") == "shown").to_dicts()


def line(rows: Sequence[phrases.Row], words: Words, name: str, colour: str) -> go.Scatter:
    """One estimate over the quarters."""
    return go.Scatter(
        name=name,
        x=[row["quarter"] for row in rows],
        y=[row["value"] for row in rows],
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"size": 7, "color": colour},
        customdata=[(f"{name}, {words.quarter(row['quarter'])}", phrases.hover(row, words)) for row in rows],
        hovertemplate=phrases.HOVER,
    )


def axes(figure: go.Figure, quarters: list[str], top: float, words: Words, palette: Palette) -> None:
    """Every quarter has its place, also one that is hidden; values from nought, so that nothing looks steep."""
    labelled = list(reversed(quarters[:: -max(1, -(-len(quarters) // LABELLED))]))
    figure.update_xaxes(
        **theme.axis(
            palette, type="category", showgrid=False, categoryorder="array", categoryarray=quarters,
            tickvals=labelled, ticktext=[words.short_quarter(quarter) for quarter in labelled],
            range=[-0.4, len(quarters) - 0.6],
        )
    )  # fmt: skip
    figure.update_yaxes(
        **theme.axis(
            palette, tickformat=".0%", range=[0, top], nticks=5, automargin=True, ticklabelstandoff=4
        )
    )
