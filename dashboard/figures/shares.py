"""A grid of shares: one line a place (or group, or source), one column a step, the share in every cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from dashboard import theme
from dashboard.figures import empty, phrases
from dashboard.figures.tile_map import contrast
from dashboard.theme import Palette
from dashboard.words import Words

Line = tuple[str, str, Mapping[str, phrases.Row]]


def shares(lines: Sequence[Line], steps: Sequence[str], words: Words, palette: Palette) -> go.Figure:
    """``lines``: code, name and the row of each step. Colours run over each column by itself, not over all of them."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if not lines:
        return empty.say(figure, [], words, palette)
    grid = [[_value(rows.get(step)) for step in steps] for _, _, rows in lines]
    ranks = [_ranked(grid, column) for column in range(len(steps))]
    figure.add_trace(_fills(ranks, lines, steps, words, palette))
    figure.add_trace(_numbers(grid, ranks, words, palette))
    figure.update_xaxes(
        tickvals=list(range(len(steps))), ticktext=[words(f"step_short.{step}") for step in steps], side="top",
        fixedrange=True, showgrid=False, zeroline=False, tickfont={"size": 11}, range=[-0.5, len(steps) - 0.5],
        tickangle=0,
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(lines))), ticktext=[name for _, name, _ in lines], fixedrange=True,
        range=[len(lines) - 0.5, -0.5], showgrid=False, zeroline=False, automargin=True, tickfont={"size": 12},
        ticklen=4, tickcolor=theme.CLEAR,
    )  # fmt: skip
    figure.update_layout(margin={"l": 4, "r": 8, "t": 44, "b": 8})
    return figure


def _value(row: phrases.Row | None) -> float | None:
    return row["value"] if row and phrases.is_shown(row) else None


def _fills(
    ranks: Sequence[Sequence[float | None]],
    lines: Sequence[Line],
    steps: Sequence[str],
    words: Words,
    palette: Palette,
) -> go.Heatmap:
    """The colours, column by column."""

    def cell(line: Line, step: str) -> tuple[str, str, str]:
        code, name, rows = line
        row = rows.get(step)
        return (
            code,
            f"{name}: {words('step.' + step)}",
            phrases.hover(row, words) if row else words("state.no_data"),
        )

    return go.Heatmap(
        z=ranks,
        transpose=True,
        zmin=0,
        zmax=1,
        colorscale=[[i / (len(palette.scale) - 1), hue] for i, hue in enumerate(palette.scale)],
        showscale=False,
        xgap=2,
        ygap=2,
        customdata=[[cell(line, step) for line in lines] for step in steps],
        hovertemplate=phrases.HOVER_OF_PLACE,
    )


def _ranked(grid: Sequence[Sequence[float | None]], column: int) -> list[float | None]:
    """The shares of a column from 0 at its lowest to 1 at its highest; columns differ too much for one scale."""
    values = [row[column] for row in grid]
    known = [value for value in values if value is not None]
    if not known or max(known) - min(known) < 1e-9:
        return [None if value is None else 0.5 for value in values]
    low, high = min(known), max(known)
    return [None if value is None else (value - low) / (high - low) for value in values]


def _numbers(
    grid: Sequence[Sequence[float | None]],
    ranks: Sequence[Sequence[float | None]],
    words: Words,
    palette: Palette,
) -> go.Scatter:
    points = [(column, place) for place, row in enumerate(grid) for column in range(len(row))]
    values = [grid[place][column] for column, place in points]
    return go.Scatter(
        x=[column for column, _ in points],
        y=[place for _, place in points],
        mode="text",
        text=["–" if value is None else words.percent(value, 0) for value in values],
        textfont={"size": 11, "color": [_ink(ranks[column][place], palette) for column, place in points]},
        hoverinfo="skip",
    )


def _ink(rank: float | None, palette: Palette) -> str:
    """Ink or paper, whichever is read better on the colour of a cell."""
    if rank is None:
        return palette.ink
    fill = palette.scale[min(int(rank * len(palette.scale)), len(palette.scale) - 1)]
    return max((palette.ink, palette.paper), key=lambda ink: contrast(ink, fill))
