"""S-curves of all districts side by side: records and plan, each district in a panel of its own, on one scale.

A panel shows the share of what its plan asks for at its last week, so that large and small districts can be compared;
a district without a plan shows the share of its own records.
"""

from __future__ import annotations

from datetime import timedelta

import plotly.graph_objects as go
import polars as pl

from dashboard import theme
from dashboard.figures import empty, phrases
from dashboard.theme import Palette
from dashboard.words import Words

COLUMNS = 6
#: Share of its cell a panel takes; the name stands above it.
WIDTH, HEIGHT = 0.86, 0.62
#: Panels are small: every second week is drawn.
EVERY = 2
#: The scale of all panels reaches at least here, and at most there: one district far ahead must not flatten the rest.
LEAST_TOP, MOST_TOP = 1.1, 2.0


def multiples(frame: pl.DataFrame, words: Words, palette: Palette, *, selected: str | None) -> go.Figure:
    """``frame``: district, short, week, records, due (null without a target)."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    panels = frame.partition_by("district", maintain_order=True)
    if not panels:
        return empty.say(figure, [], words, palette)
    reached = [panel["records"][-1] / _whole(panel.row(-1, named=True)) for panel in panels]
    top = min(max([*reached, LEAST_TOP]), MOST_TOP)
    for place, panel in enumerate(panels):
        is_selected = panel["district"][0] == selected
        _panel(figure, panel, place, words, palette, top=top, is_selected=is_selected)
    lines = -(-len(panels) // COLUMNS)
    figure.update_xaxes(visible=False, range=[-0.02, COLUMNS - 0.1], fixedrange=True)
    figure.update_yaxes(visible=False, range=[-lines + 0.02, 0.02], fixedrange=True)
    figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 4}, showlegend=False, hovermode="closest")
    return figure


def _panel(
    figure: go.Figure,
    panel: pl.DataFrame,
    place: int,
    words: Words,
    palette: Palette,
    *,
    top: float,
    is_selected: bool,
) -> None:
    column, line = place % COLUMNS, place // COLUMNS
    rows = panel[::-1][::EVERY][::-1].to_dicts()
    whole = _whole(rows[-1])
    left, floor = float(column), -(line + 1) + 0.04

    def points(name: str) -> tuple[list[float], list[float]]:
        known = [(i, row[name]) for i, row in enumerate(rows) if row[name] is not None]
        across = [left + WIDTH * i / max(len(rows) - 1, 1) for i, _ in known]
        return across, [floor + HEIGHT * min(value / whole, top) / top for _, value in known]

    across, up = points("due")
    if any(row["due"] is not None for row in rows):
        figure.add_trace(
            go.Scatter(
                x=across, y=up, mode="lines", hoverinfo="skip",
                line={"color": palette.city, "width": 1.4, "dash": "dot"},
            )
        )  # fmt: skip
    across, up = points("records")
    code, name = rows[-1]["district"], rows[-1]["short"]
    figure.add_trace(
        go.Scatter(
            x=across,
            y=up,
            mode="lines",
            line={"color": palette.selected if is_selected else palette.accent, "width": 2},
            customdata=[(code, name, _hover(row, words)) for row in rows],
            hovertemplate=phrases.HOVER_OF_PLACE,
        )
    )
    figure.add_shape(
        type="line", x0=left, x1=left + WIDTH, y0=floor, y1=floor, line={"color": palette.rule, "width": 1}
    )
    figure.add_annotation(
        x=left, y=floor + HEIGHT + 0.03, xanchor="left", yanchor="bottom", showarrow=False, align="left",
        text=f"<b>{name}</b> {_share(rows[-1], words)}",
        font={"size": 11, "color": palette.selected if is_selected else palette.ink},
    )  # fmt: skip


def _whole(row: phrases.Row) -> float:
    """What a panel is a share of: the plan at its last week, else its own records."""
    return float(row["due"] or max(row["records"], 1))


def _share(row: phrases.Row, words: Words) -> str:
    return words.percent(row["records"] / row["due"], 0) if row["due"] else ""


def _hover(row: phrases.Row, words: Words) -> str:
    week = words("curve.week", date=words.date(row["week"] + timedelta(days=6)))
    lines = [week, f"{words('curve.records')}: {words.integer(row['records'])}"]
    if row["due"] is not None:
        lines.append(f"{words('curve.plan')}: {words.integer(round(row['due']))}")
    return "<br>".join(lines)


def below_plan(frame: pl.DataFrame) -> tuple[int, int]:
    """Districts under their plan in the last week, and districts that have one."""
    last = frame.filter(pl.col("week") == pl.col("week").max(), pl.col("due") > 0)
    return last.filter(pl.col("records") < pl.col("due")).height, last.height
