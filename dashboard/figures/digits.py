"""Pressures that end in nought, by district: a dot and its interval each, against the line of one in ten."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, intervals, phrases
from dashboard.theme import Palette
from dashboard.words import Words

#: Without preference.
EXPECTED = 0.1
#: Both axes end a little beyond what is drawn.
_ROOM = 0.03


def digits(
    frame: pl.DataFrame, order: Sequence[str], words: Words, palette: Palette, *, top: float
) -> go.Figure:
    """``frame``: one pressure, a row a place; ``order``: short names from the top; ``top``: where the axis ends."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    shown = [row for row in frame.to_dicts() if phrases.is_shown(row)]
    if not shown:
        return empty.say(figure, frame.head(1).to_dicts(), words, palette)
    figure.add_vline(x=EXPECTED, line={"color": palette.quiet, "width": 1.2, "dash": "dot"})
    for is_city, colour, arm in (
        (False, palette.accent, palette.interval),
        (True, palette.selected, palette.selected),
    ):
        own = [row for row in shown if (row["district"] == "city") == is_city]
        figure.add_trace(_dots(own, words, colour, arm))
    for row in frame.filter(pl.col("state") != "shown").to_dicts():
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", xshift=10, y=row["short"], showarrow=False,
            text=words("quality.few_readings"), font={"color": palette.quiet, "size": 11},
        )  # fmt: skip
    figure.update_xaxes(**theme.axis(palette, tickformat=".0%", nticks=6, range=[0, top + _ROOM]))
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=list(reversed(order)), automargin=True,
        range=[-0.6, len(order) - 0.4], fixedrange=True, showgrid=False, zeroline=False, ticklen=6,
        tickcolor=theme.CLEAR, dtick=1,
    )  # fmt: skip
    figure.update_layout(margin={"l": 4, "r": 12, "t": 4, "b": 24})
    return figure


def _dots(rows: Sequence[phrases.Row], words: Words, colour: str, arm: str) -> go.Scatter:
    return go.Scatter(
        x=[row["value"] for row in rows],
        y=[row["short"] for row in rows],
        mode="markers",
        marker={"size": 8, "color": colour},
        error_x=intervals.arms(rows, arm, thickness=3),
        customdata=[(row["name"], hover(row, words)) for row in rows],
        hovertemplate=phrases.HOVER,
    )


def hover(row: phrases.Row, words: Words) -> str:
    """Share with its limits, readings, index."""
    number = words("hover.value", value=phrases.value(row, words), interval=phrases.interval(row, words))
    readings = words(
        "quality.readings",
        numerator=words.integer(row["numerator"]),
        denominator=words.integer(row["denominator"]),
    )
    return "<br>".join((number, readings, words("quality.index", index=words.integer(round(row["index"])))))
