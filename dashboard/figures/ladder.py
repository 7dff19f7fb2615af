"""The ladder of records: how many took each step, as bars from the first to the last."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import theme
from dashboard.figures import empty, phrases
from dashboard.theme import Palette
from dashboard.words import Words

#: The mandatory sections stand between the steps in a paler hue: all of them make the next step.
_PALE = 2


def ladder(rows: Sequence[phrases.Row], sections: Sequence[str], words: Words, palette: Palette) -> go.Figure:
    """``rows``: step and the columns of an estimate, in order; the first is the whole."""
    figure = go.Figure(layout=theme.layout(words.separators, palette))
    if not any(phrases.is_shown(row) for row in rows):
        return empty.say(figure, rows[:1], words, palette)
    names = [words(f"step.{row['step']}") for row in rows]
    figure.add_trace(
        go.Bar(
            orientation="h",
            x=[row["value"] if phrases.is_shown(row) else 0 for row in rows],
            y=names,
            marker={
                "color": [
                    palette.scale[_PALE] if row["step"] in sections else palette.accent for row in rows
                ],
                "line_width": 0,
            },
            text=[_text(row, words) for row in rows],
            textposition="outside",
            textfont={"size": 12, "color": palette.ink},
            cliponaxis=False,
            customdata=[(name, phrases.hover(row, words)) for name, row in zip(names, rows, strict=True)],
            hovertemplate=phrases.HOVER,
        )
    )
    figure.update_xaxes(
        **theme.axis(palette, tickformat=".0%", range=[0, 1.3], tickvals=[0, 0.25, 0.5, 0.75, 1])
    )
    figure.update_yaxes(
        autorange="reversed", automargin=True, fixedrange=True, tickfont={"size": 12}, ticklen=4,
        tickcolor=theme.CLEAR, showgrid=False,
    )  # fmt: skip
    figure.update_layout(margin={"l": 4, "r": 8, "t": 4, "b": 24}, bargap=0.32, showlegend=False)
    return figure


def _text(row: phrases.Row, words: Words) -> str:
    if not phrases.is_shown(row):
        return words(f"state.{row['state']}")
    return words.percent(row["value"])
