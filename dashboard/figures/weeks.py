"""New records by week: as bars of one place, and as a grid of places x weeks. The lunar new year is marked."""

from __future__ import annotations

from datetime import timedelta

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, phrases, tet
from dashboard.theme import Palette
from dashboard.words import Words

#: Weeks of the mean drawn over the bars.
MEAN_WEEKS = 4
#: The colours end at this quantile of the cells, so that one week of a campaign does not make all others pale.
SCALE_END = 0.98


def flow(frame: pl.DataFrame, words: Words, palette: Palette) -> go.Figure:
    """``frame``: week (a Monday) and added, ascending."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if not frame.height:
        return empty.say(figure, [], words, palette)
    ends = [day + timedelta(days=6) for day in frame["week"]]
    tet.mark(figure, ends[0], ends[-1], words, palette)
    added = frame["added"].to_list()
    figure.add_trace(
        go.Bar(
            x=ends,
            y=added,
            marker={"color": palette.interval, "line_width": 0},
            customdata=[
                (
                    words("curve.week", date=words.date(end)),
                    words("weeks.added", added=phrases.count(count, words)),
                )
                for end, count in zip(ends, added, strict=True)
            ],
            hovertemplate=phrases.HOVER,
        )
    )
    mean = frame["added"].cast(pl.Float64).rolling_mean(MEAN_WEEKS).to_list()
    figure.add_trace(
        go.Scatter(
            x=ends, y=mean, mode="lines", line={"color": palette.accent, "width": 2.2}, hoverinfo="skip"
        )
    )
    figure.update_xaxes(**theme.axis(palette, showgrid=False, tickformat="%m/%Y", nticks=6))
    figure.update_yaxes(
        **theme.axis(palette, tickformat=",.0f", rangemode="tozero", nticks=5, automargin=True)
    )
    figure.update_layout(margin={"l": 4, "r": 14, "t": 14, "b": 24}, showlegend=False, bargap=0.15)
    return figure


def heat(frame: pl.DataFrame, words: Words, palette: Palette) -> go.Figure:
    """``frame``: unit or district first; short, week, added, rate (per 1,000 residents); every place in every week."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if not frame.height or frame["rate"].null_count() == frame.height:
        return empty.say(figure, [], words, palette)
    panels = frame.partition_by(frame.columns[0], maintain_order=True)
    ends = [day + timedelta(days=6) for day in panels[0]["week"]]
    told = [words("curve.week", date=words.date(end)) for end in ends]
    figure.add_trace(
        go.Heatmap(
            x=ends,
            y=[panel["short"][0] for panel in panels],
            z=[panel["rate"].to_list() for panel in panels],
            zmin=0,
            zmax=frame["rate"].quantile(SCALE_END),
            colorscale=[[0, palette.paper], *_steps(palette)],
            showscale=True,
            colorbar={
                "thickness": 9, "len": 0.6, "outlinewidth": 0, "tickfont": {"size": 11}, "nticks": 4, "x": 1.01,
            },
            xgap=0.5,
            ygap=1.5,
            hovertext=[[code] * len(ends) for code in (panel["district"][0] for panel in panels)],
            customdata=[
                [_cell(row, week, words) for row, week in zip(panel.to_dicts(), told, strict=True)]
                for panel in panels
            ],
            hovertemplate=phrases.HOVER_OF_PLACE,
        )
    )  # fmt: skip
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
    figure.update_layout(margin={"l": 4, "r": 8, "t": 20, "b": 24})
    return figure


def _steps(palette: Palette) -> list[list[object]]:
    """The scale from just above nothing: a week without records is the paper itself."""
    return [[0.02 + 0.98 * i / (len(palette.scale) - 1), hue] for i, hue in enumerate(palette.scale)]


def _cell(row: phrases.Row, week: str, words: Words) -> tuple[str, str, str]:
    if row["rate"] is None:
        return row["district"], f"{row['short']}, {week}", words("state.suppressed")
    text = words("weeks.rate", added=words.integer(row["added"]), rate=words.decimal(row["rate"]))
    return row["district"], f"{row['short']}, {week}", text
