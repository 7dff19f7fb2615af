"""The legend both maps share: classes in words, and the states that are no class."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import polars as pl
from dash import html
from dash.development.base_component import Component

from dashboard import theme
from dashboard.components.attributes import aria
from dashboard.figures import classes, matrix, phrases
from dashboard.theme import Palette
from dashboard.words import Words


def legend(frame: pl.DataFrame, words: Words, palette: Palette) -> Component:
    """One entry per class that the map uses, then hidden and missing where they occur."""
    edges = classes.breaks([row["value"] for row in frame.to_dicts() if phrases.is_shown(row)])
    digits = 0 if all(abs(edge * 100 - round(edge * 100)) < 1e-9 for edge in edges) else 1
    entries = [
        _entry(
            f"{words.decimal(100 * low, digits)}–{words.percent(high, digits)}", {"backgroundColor": colour}
        )
        for (low, high), colour in zip(
            pairwise(edges), theme.colours(len(edges) - 1, palette.scale) if edges else [], strict=True
        )
    ]
    states = set(frame["state"])
    if "suppressed" in states:
        entries.append(_entry(words("legend.suppressed"), {}, "hatched"))
    if states & {"no_data", "not_defined"}:
        entries.append(_entry(words("legend.no_data"), {}, "empty"))
    if any(row.get("apportioned") and phrases.is_shown(row) for row in frame.to_dicts()):
        entries.append(_entry(words("legend.apportioned"), {}, "dotted"))
    return html.Ul(entries, className="legend", **aria(label=words("legend.label")))


def marks(used: Collection[str], words: Words, palette: Palette) -> Component:
    """One entry per position that the matrix uses: its colour, its mark, its words."""
    fills = matrix.colours(palette)
    shown = (*reversed(matrix.POSITIONS), *reversed(matrix.COUNTED), *matrix.UNJUDGED)
    entries = [
        _entry(
            f"{matrix.MARKS[position]} {words(f'position.{position}')}", {"backgroundColor": fills[position]}
        )
        for position in shown
        if position in used
    ]
    return html.Ul(entries, className="legend", **aria(label=words("matrix.legend")))


def _entry(text: str, style: dict[str, str], name: str = "") -> Component:
    return html.Li([html.Span(className=f"swatch {name}".strip(), style=style), text])
