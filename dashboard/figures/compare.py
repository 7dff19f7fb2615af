"""Places compared: a dot and its interval each, against the line of the whole city.

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
#: More places than this scroll in their frame: the scale then stands at the top, where they begin.
FITTING = 24


def compare(
    frame: pl.DataFrame, city: phrases.Row, words: Words, palette: Palette, *, selected: str | None
) -> go.Figure:
    """Highest at the top; places without a shown value stand below, with their state in words."""
    code = frame.columns[0]
    shown = frame.filter(pl.col("state") == "shown").sort("value", code, descending=[False, True])
    hidden = frame.filter(pl.col("state") != "shown").sort(code, descending=True)
    rows = [*hidden.to_dicts(), *shown.to_dicts()]
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if shown.height:
        figure.add_trace(_intervals(shown.to_dicts(), words, palette, selected))
    if phrases.is_shown(city) and shown.height:
        figure.add_vline(x=city["value"], line={"color": palette.quiet, "width": 1.2, "dash": "dot"})
    # All at once: one by one, a hundred take seconds.
    figure.layout.annotations = [
        go.layout.Annotation(
            x=0, xref="paper", xanchor="left", xshift=10, y=row["short"], showarrow=False,
            text=words(f"state.{row['state']}"), font={"color": palette.quiet, "size": 11},
        )
        for row in hidden.to_dicts()
    ]  # fmt: skip
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
    is_long = len(order) > FITTING
    figure.update_xaxes(
        **theme.axis(palette, tickformat=".0%", nticks=6), side="top" if is_long else "bottom"
    )
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=order, range=[-0.6, len(order) - 0.4],
        automargin=True, fixedrange=True, showgrid=False, zeroline=False, ticklen=6, tickcolor="rgba(0,0,0,0)",
        dtick=1,
    )  # fmt: skip
    margin = {"l": 4, "r": 12, "t": 24 if is_long else 4, "b": 4 if is_long else 24}
    figure.update_layout(height=len(order) * ROW_PIXELS + 40, margin=margin)
