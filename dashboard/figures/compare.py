"""Districts compared: a dot and its interval each, against the line of the whole city.

Sorted by value, yet without rank numbers: intervals that overlap say that the order is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import intervals, phrases
from dashboard.theme import Palette
from dashboard.words import Words

ROW_PIXELS = 19


def compare(
    frame: pl.DataFrame, city: phrases.Row, words: Words, palette: Palette, *, selected: str | None
) -> go.Figure:
    """Highest at the top; districts without a shown value stand below, with their state in words."""
    shown = frame.filter(pl.col("state") == "shown").sort("value", "district", descending=[False, True])
    hidden = frame.filter(pl.col("state") != "shown").sort("district", descending=True)
    rows = [*hidden.to_dicts(), *shown.to_dicts()]
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if shown.height:
        figure.add_trace(_intervals(shown.to_dicts(), words, palette, selected))
    if phrases.is_shown(city) and shown.height:
        figure.add_vline(x=city["value"], line={"color": palette.quiet, "width": 1.2, "dash": "dot"})
    for row in hidden.iter_rows(named=True):
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", xshift=10, y=row["short"], showarrow=False,
            text=words(f"state.{row['state']}"), font={"color": palette.quiet, "size": 11},
        )  # fmt: skip
    _axes(figure, [row["short"] for row in rows], palette)
    if not shown.height:
        figure.update_xaxes(visible=False)  # a scale without a dot would only make numbers up
    return figure


def _intervals(
    rows: Sequence[phrases.Row], words: Words, palette: Palette, selected: str | None
) -> go.Scatter:
    colours = [palette.selected if row["district"] == selected else palette.accent for row in rows]
    return go.Scatter(
        x=[row["value"] for row in rows],
        y=[row["short"] for row in rows],
        mode="markers",
        marker={"size": 8, "color": colours},
        error_x=intervals.arms(rows, palette.interval, thickness=3),
        customdata=[(row["district"], row["name"], phrases.hover(row, words)) for row in rows],
        hovertemplate=phrases.HOVER_OF_PLACE,
    )


def _axes(figure: go.Figure, order: list[str], palette: Palette) -> None:
    figure.update_xaxes(**theme.axis(palette, tickformat=".0%", nticks=6))
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=order, range=[-0.6, len(order) - 0.4],
        automargin=True, fixedrange=True, showgrid=False, zeroline=False, ticklen=6, tickcolor="rgba(0,0,0,0)",
        dtick=1,
    )  # fmt: skip
    figure.update_layout(height=len(order) * ROW_PIXELS + 40, margin={"l": 4, "r": 12, "t": 4, "b": 24})
