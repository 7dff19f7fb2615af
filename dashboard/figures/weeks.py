"""New records by week: as bars of one place, and as a grid of places x weeks. The lunar new year is marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, phrases, tet
from dashboard.figures.matrix import MARKS
from dashboard.theme import Palette
from dashboard.words import Words

#: Weeks of the mean drawn over the bars.
MEAN_WEEKS = 4
#: The colours end at this quantile of the cells, so that one week of a campaign does not make all others pale.
SCALE_END = 0.98
#: Stands where a week is hidden, as in the matrix of indicators: no bar would be a week without records.
HIDDEN_MARK = MARKS["suppressed"]


def flow(frame: pl.DataFrame, words: Words, palette: Palette) -> go.Figure:
    """``frame``: week (a Monday), added, state and reason, ascending. A hidden week has a mark in place of its bar."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if frame["added"].null_count() == frame.height:
        return empty.say(figure, frame.tail(1).to_dicts(), words, palette)
    weeks = frame.with_columns((pl.col("week") + pl.duration(days=6)).alias("end"))
    tet.mark(figure, weeks["end"][0], weeks["end"][-1], words, palette)
    figure.add_trace(_bars(weeks.filter(pl.col("added").is_not_null()), words, palette))
    mean = weeks["added"].cast(pl.Float64).rolling_mean(MEAN_WEEKS).to_list()
    figure.add_trace(
        go.Scatter(
            x=weeks["end"].to_list(), y=mean, mode="lines", line={"color": palette.accent, "width": 2.2},
            hoverinfo="skip",
        )
    )  # fmt: skip
    if hidden := weeks.filter(pl.col("added").is_null()).to_dicts():
        figure.add_trace(_hidden_weeks(hidden, words, palette))
    figure.update_xaxes(**theme.axis(palette, showgrid=False, tickformat="%m/%Y", nticks=6))
    figure.update_yaxes(
        **theme.axis(palette, tickformat=",.0f", rangemode="tozero", nticks=5, automargin=True)
    )
    figure.update_layout(margin={"l": 4, "r": 14, "t": 14, "b": 24}, showlegend=False, bargap=0.15)
    return figure


def _bars(shown: pl.DataFrame, words: Words, palette: Palette) -> go.Bar:
    return go.Bar(
        x=shown["end"].to_list(),
        y=shown["added"].to_list(),
        marker={"color": palette.interval, "line_width": 0},
        customdata=[
            (words("curve.week", date=words.date(end)), words("weeks.added", added=words.integer(added)))
            for end, added in shown.select("end", "added").iter_rows()
        ],
        hovertemplate=phrases.HOVER,
    )


def _hidden_weeks(hidden: Sequence[phrases.Row], words: Words, palette: Palette) -> go.Scatter:
    return go.Scatter(
        x=[row["end"] for row in hidden],
        y=[0] * len(hidden),
        mode="text",
        text=[HIDDEN_MARK] * len(hidden),
        textposition="top center",
        textfont={"size": 9, "color": palette.quiet},
        customdata=[
            (
                words("curve.week", date=words.date(row["end"])),
                f"{words('state.suppressed')}<br>{phrases.reason(row, words)}",
            )
            for row in hidden
        ],
        hovertemplate=phrases.HOVER,
    )


def heat(frame: pl.DataFrame, words: Words, palette: Palette) -> go.Figure:
    """``frame``: unit or district first; district, short, week, added, rate (per 1,000 residents), state and reason.

    Every place in every week. A week without records is blank; what is suppressed is grey, and both that and a rate
    that is not known say so in the line of the place.
    """
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if frame["rate"].null_count() == frame.height:
        return empty.say(figure, frame.head(1).to_dicts(), words, palette)
    panels = [panel.to_dicts() for panel in frame.partition_by(frame.columns[0], maintain_order=True)]
    ends = [row["week"] + timedelta(days=6) for row in panels[0]]
    figure.add_trace(_rates(panels, ends, frame["rate"].quantile(SCALE_END) or 0, words, palette))
    if frame["rate"].null_count():
        figure.add_traces([_unshown(panels, ends, words, palette), _labels(panels, ends, words, palette)])
    for day in tet.within(ends[0], ends[-1]):
        figure.add_annotation(
            x=day, y=1, yref="paper", yanchor="bottom", text=words("curve.tet"), showarrow=False,
            font={"size": 11, "color": palette.quiet},
        )  # fmt: skip
    figure.update_xaxes(**theme.axis(palette, showgrid=False, tickformat="%m/%Y", nticks=8))
    figure.update_yaxes(
        autorange="reversed", automargin=True, fixedrange=True, showgrid=False, tickfont={"size": 11},
        ticklen=4, tickcolor=theme.CLEAR, dtick=1,
    )  # fmt: skip
    figure.update_layout(margin={"l": 4, "r": 8, "t": 20, "b": 24}, showlegend=False)
    return figure


Panels = Sequence[Sequence[phrases.Row]]


def _rates(
    panels: Panels, ends: Sequence[date], scale_end: float, words: Words, palette: Palette
) -> go.Heatmap:
    return go.Heatmap(
        z=[[row["rate"] for row in panel] for panel in panels],
        zmin=0,
        zmax=scale_end,
        colorscale=[[0, palette.paper], *_steps(palette)],
        showscale=True,
        colorbar={
            "thickness": 9, "len": 0.6, "outlinewidth": 0, "tickfont": {"size": 11}, "nticks": 4, "x": 1.01,
        },
        **_grid(panels, ends, words),
    )  # fmt: skip


def _unshown(panels: Panels, ends: Sequence[date], words: Words, palette: Palette) -> go.Heatmap:
    """The cells without a rate: suppressed in their colour, unknown on the paper."""
    return go.Heatmap(
        z=[
            [None if row["state"] == "shown" else int(row["state"] == "suppressed") for row in panel]
            for panel in panels
        ],
        zmin=0,
        zmax=1,
        colorscale=[[0, palette.no_data], [1, palette.suppressed]],
        showscale=False,
        **_grid(panels, ends, words),
    )


def _labels(panels: Panels, ends: Sequence[date], words: Words, palette: Palette) -> go.Scatter:
    """Once a place and state, what its cells without a rate are, in words."""
    placed = [
        (ends[(first + last) // 2], panel[0]["short"], words(f"state.{state}"))
        for panel in panels
        for state, first, last in _spells(row["state"] for row in panel)
        if state != "shown"
    ]
    return go.Scatter(
        x=[x for x, _, _ in placed], y=[y for _, y, _ in placed], text=[text for _, _, text in placed],
        mode="text", textfont={"size": 11, "color": palette.quiet}, hoverinfo="skip",
    )  # fmt: skip


def _spells(states: Iterable[str]) -> list[tuple[str, int, int]]:
    """The longest spell of each state: its first and last place."""
    longest: dict[str, tuple[int, int]] = {}
    for state, spell in groupby(enumerate(states), key=lambda item: item[1]):
        places = [place for place, _ in spell]
        first, last = longest.get(state, (0, -1))
        if places[-1] - places[0] > last - first:
            longest[state] = places[0], places[-1]
    return [(state, *place) for state, place in longest.items()]


def _grid(panels: Panels, ends: Sequence[date], words: Words) -> dict[str, Any]:
    """Where the cells of a grid stand and what they say."""
    told = [words("curve.week", date=words.date(end)) for end in ends]
    return {
        "x": list(ends),
        "y": [panel[0]["short"] for panel in panels],
        "xgap": 0.5,
        "ygap": 1.5,
        "hovertext": [[panel[0]["district"]] * len(ends) for panel in panels],
        "customdata": [
            [_cell(row, week, words) for row, week in zip(panel, told, strict=True)] for panel in panels
        ],
        "hovertemplate": phrases.HOVER_OF_PLACE,
    }


def _steps(palette: Palette) -> list[list[object]]:
    """The scale from just above nothing: a week without records is the paper itself."""
    return [[0.02 + 0.98 * i / (len(palette.scale) - 1), hue] for i, hue in enumerate(palette.scale)]


def _cell(row: phrases.Row, week: str, words: Words) -> tuple[str, str, str]:
    """District, title and text of a cell; without a rate its state and, where they are known, its records."""
    if row["rate"] is not None:
        text = words("weeks.rate", added=words.integer(row["added"]), rate=words.decimal(row["rate"]))
    elif row["added"] is not None:
        text = words("weeks.no_people", added=words.integer(row["added"]))
    else:
        text = f"{words('state.' + row['state'])}<br>{phrases.reason(row, words)}"
    return row["district"], f"{row['short']}, {week}", text
