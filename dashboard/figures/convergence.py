"""The estimates over the quarters, as records accrue: how far apart they are, and whether they settle.

The modelled one has its band, the others are lines; the truth, where a synthetic build knows it, is dotted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, intervals, labels, phrases, trend
from dashboard.theme import Palette
from dashboard.words import Words

#: The estimator whose interval is drawn; a band each would hide each other.
BANDED = "modelled"
_DASHES = {
    "crude": "solid",
    "standardised": "dash",
    "weighted": "solid",
    "modelled": "solid",
    "misclassification": "dashdot",
}


def convergence(
    series: Sequence[tuple[str, pl.DataFrame]],
    truth: pl.DataFrame,
    words: Words,
    palette: Palette,
) -> go.Figure:
    """``series``: each estimator with quarter and the columns of an estimate; ``truth``: quarter and value."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    quarters = series[0][1]["quarter"].to_list()
    shown = {name: frame.filter(pl.col("state") == "shown").to_dicts() for name, frame in series}
    if not any(shown.values()):
        return empty.say(figure, series[0][1].to_dicts()[-1:], words, palette)
    colours = estimator_colours(palette)
    if shown.get(BANDED):
        rows = shown[BANDED]
        figure.add_trace(intervals.band([row["quarter"] for row in rows], rows, colours[BANDED], palette))
    ends = []
    for name, rows in shown.items():
        if rows:
            title = words(f"estimator.{name}")
            figure.add_trace(_line(rows, words, name, colours[name]))
            ends.append(labels.End(text=title, value=rows[-1]["value"], colour=colours[name]))
    known = truth.filter(pl.col("quarter").is_in(quarters)).to_dicts()
    if known:
        figure.add_trace(_truth(known, words, palette))
        ends.append(labels.End(text=words("convergence.truth"), value=known[-1]["value"], colour=palette.ink))
    tops = [row["upper"] for row in shown[BANDED]] if shown.get(BANDED) else []
    top = max([*tops, *(row["value"] for rows in shown.values() for row in rows)]) * 1.05
    for label in labels.at_ends(ends, top):
        figure.add_annotation(**label)
    figure.update_layout(margin={"l": 4, "r": 124, "t": 8, "b": 24})
    trend.axes(figure, quarters, top, words, palette)
    return figure


def estimator_colours(palette: Palette) -> Mapping[str, str]:
    """Grey for what is raw, the accent for what is recommended; names at the ends say the same without colour."""
    return {
        "crude": palette.quiet,
        "standardised": palette.quiet,
        "weighted": palette.female,
        "modelled": palette.accent,
        "misclassification": palette.male,
    }


def _line(rows: Sequence[phrases.Row], words: Words, name: str, colour: str) -> go.Scatter:
    line = trend.line(rows, words, words(f"estimator.{name}"), colour)
    return line.update(line_dash=_DASHES[name], marker_size=6)


def _truth(rows: Sequence[Mapping[str, float]], words: Words, palette: Palette) -> go.Scatter:
    name = words("convergence.truth")
    return go.Scatter(
        name=name,
        x=[row["quarter"] for row in rows],
        y=[row["value"] for row in rows],
        mode="lines",
        line={"color": palette.ink, "width": 1.6, "dash": "dot"},
        customdata=[
            (f"{name}, {words.quarter(str(row['quarter']))}", words.percent(row["value"])) for row in rows
        ],
        hovertemplate=phrases.HOVER,
    )
