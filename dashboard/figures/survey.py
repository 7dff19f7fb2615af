"""A survey and the estimate of the same people, one above the other for each sex and age: dots with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import intervals, phrases
from dashboard.theme import Palette
from dashboard.words import Words

#: How far each of the two stands from the middle of its row.
_APART = 0.17


def survey(frame: pl.DataFrame, words: Words, palette: Palette) -> go.Figure:
    """``frame``: rows of :func:`dashboard.data.ncd.surveys`, in the order they are read; at least one."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    rows = frame.to_dicts()
    names = [label(row, words) for row in rows]
    for key, colour, side in (("survey", palette.ink, _APART), ("own", palette.accent, -_APART)):
        found = [(place, part) for place, row in enumerate(rows) if (part := _part(row, key)) is not None]
        figure.add_trace(_dots(found, names, words(f"survey.{key}"), colour, side, words))
    last = len(rows) - 0.4
    figure.update_xaxes(**theme.axis(palette, tickformat=".0%", nticks=6, rangemode="tozero"))
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=names, range=[last, -0.6], automargin=True, fixedrange=True,
        showgrid=False, zeroline=False, ticklen=6, tickcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    figure.update_layout(
        margin={"l": 4, "r": 12, "t": 32, "b": 24}, showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"color": palette.ink}},
    )  # fmt: skip
    return figure


def label(row: Mapping[str, Any], words: Words) -> str:
    """``Nam, 18–39``."""
    return ", ".join((words(f"sex.{row['sex']}"), words.ages(row["age_band"])))


def _part(row: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """Value and limits of the survey, or of the estimate where there is one."""
    names = ("survey", "survey_lower", "survey_upper") if key == "survey" else ("value", "lower", "upper")
    if row[names[0]] is None:
        return None
    return {
        **dict(zip(("value", "lower", "upper"), (row[name] for name in names), strict=True)),
        "state": "shown",
    }


def _dots(
    found: Sequence[tuple[int, dict[str, Any]]],
    names: Sequence[str],
    name: str,
    colour: str,
    side: float,
    words: Words,
) -> go.Scatter:
    parts = [part for _, part in found]
    told = [
        words("hover.value", value=phrases.value(part, words), interval=phrases.interval(part, words))
        for part in parts
    ]
    return go.Scatter(
        name=name,
        x=[part["value"] for part in parts],
        y=[place - side for place, _ in found],
        mode="markers",
        marker={"size": 8, "color": colour},
        error_x=intervals.arms(parts, colour, thickness=1.5),
        customdata=[(f"{name}, {names[place]}", text) for (place, _), text in zip(found, told, strict=True)],
        hovertemplate=phrases.HOVER,
    )
