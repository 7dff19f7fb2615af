"""A histogram of a measured quantity with the lines of its cut-offs."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, phrases
from dashboard.theme import Palette
from dashboard.words import Words


def distribution(bins: pl.DataFrame, cut_offs: Sequence[float], words: Words, palette: Palette) -> go.Figure:
    """``bins``: bin_from, bin_to (in the quantity's unit) and the columns of an estimate.

    A pooled bin is drawn over its whole width at the share per width of an ordinary bin, so that areas stay true.
    """
    rows = bins.filter(pl.col("state") == "shown").sort("bin_from").to_dicts()
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if not rows:
        return empty.say(figure, bins.to_dicts(), words, palette)
    figure.add_trace(_bars(rows, words, palette))
    for place, edge in enumerate(cut_offs):
        figure.add_vline(x=edge, line={"color": palette.selected, "width": 1.2, "dash": "dot"})
        figure.add_annotation(
            x=edge, y=1, yref="paper", yanchor="bottom", yshift=2 + 13 * (place % 2), showarrow=False,
            text=words.plain(edge), font={"size": 11, "color": palette.selected},
        )  # fmt: skip
    figure.update_xaxes(**theme.axis(palette, showgrid=False, nticks=9))
    figure.update_yaxes(
        **theme.axis(
            palette, tickformat=".0%", rangemode="tozero", nticks=4, automargin=True, ticklabelstandoff=4
        )
    )
    figure.update_layout(margin={"l": 4, "r": 8, "t": 32, "b": 24}, bargap=0.06)
    return figure


def _bars(rows: Sequence[phrases.Row], words: Words, palette: Palette) -> go.Bar:
    width = min(row["bin_to"] - row["bin_from"] for row in rows)
    return go.Bar(
        x=[(row["bin_from"] + row["bin_to"]) / 2 for row in rows],
        width=[(row["bin_to"] - row["bin_from"]) * 0.94 for row in rows],
        y=[row["value"] * width / (row["bin_to"] - row["bin_from"]) for row in rows],
        marker={"color": palette.accent},
        customdata=[
            (f"{words.plain(row['bin_from'])}–{words.plain(row['bin_to'])}", phrases.hover(row, words))
            for row in rows
        ],
        hovertemplate=phrases.HOVER,
    )
