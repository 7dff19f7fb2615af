"""A figure that has nothing to draw says so in words, where the drawing would stand."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures import phrases
from dashboard.theme import Palette
from dashboard.words import Words

#: Characters to a line: a card on a phone is some 300 pixels wide.
LINE = 38


def say(figure: go.Figure, rows: Sequence[phrases.Row], words: Words, palette: Palette) -> go.Figure:
    """State and reason of the first of ``rows`` (no data where there is none) in place of axes."""
    row = next(iter(rows), {"state": "no_data", "reason": "nobody_counted"})
    text = f"<b>{words('state.' + str(row['state']))}</b><br>{_wrapped(phrases.reason(row, words))}"
    figure.add_annotation(
        x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, text=text,
        font={"size": 13, "color": palette.quiet},
    )  # fmt: skip
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure


def _wrapped(text: str) -> str:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
