"""Colours, type and the plotly template, in a light and a dark palette. Nothing else in the dashboard names a colour.

Every text colour has a contrast of at least 4.5 to 1 on the paper of its palette (WCAG 2.2 AA); a test computes it.
The style sheet repeats them as variables; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import plotly.graph_objects as go

FONT = "'Be Vietnam Pro', 'Noto Sans', system-ui, sans-serif"
CLEAR = "rgba(0,0,0,0)"


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The colours of one theme. ``scale`` runs from low to high; its lowest still stands apart from the paper.

    ``suppressed``: CSS draws a hatch over exactly this colour. ``lower`` to ``higher`` are the neutral hues of a
    comparison: much lower, lower, similar, higher, much higher.
    """

    name: str
    ink: str
    quiet: str
    rule: str
    paper: str
    accent: str
    selected: str
    scale: tuple[str, ...]
    suppressed: str
    border: str
    border_no_data: str
    interval: str
    city: str
    male: str
    female: str
    band_opacity: float
    comparison: tuple[str, str, str, str, str]

    @property
    def no_data(self) -> str:
        """No data is the paper itself."""
        return self.paper


LIGHT = Palette(
    name="light",
    ink="#16211f",
    quiet="#5a6966",
    rule="#e3e9e7",
    paper="#ffffff",
    accent="#0f766e",
    selected="#c2410c",
    scale=("#d5e6e2", "#a9cec7", "#77b1a8", "#4b9890", "#1d6f6a", "#0b4a47"),
    suppressed="#cdd2d1",
    border="#ffffff",
    border_no_data="#b9c4c1",
    interval="#87bab6",
    city="#7b8a87",
    male="#2563a8",
    female="#b4540a",
    band_opacity=0.14,
    comparison=("#6f94c4", "#c3d3e8", "#f0f2f1", "#f1d3b4", "#d9955a"),
)
DARK = Palette(
    name="dark",
    ink="#e7eeec",
    quiet="#9fb0ac",
    rule="#2b3735",
    paper="#17201f",
    accent="#5cc4b6",
    selected="#ff9a62",
    scale=("#20443f", "#275a53", "#2e6f66", "#45998e", "#67b9ad", "#9adbd0"),
    suppressed="#3b4645",
    border="#17201f",
    border_no_data="#4b5a57",
    interval="#2f6f67",
    city="#8fa09c",
    male="#7db2ec",
    female="#f2a663",
    band_opacity=0.2,
    comparison=("#38699f", "#2b4a6b", "#26302f", "#66482b", "#8f5826"),
)
#: Mantine asks for ten shades of the one accent, light to dark.
ACCENT_SHADES = [
    *("#eef6f4", "#dcebe8", "#b6d8d2", "#8cc3ba", "#5cc4b6"),
    *("#34908a", "#1b7f78", LIGHT.accent, "#0c5f59", "#094945"),
]


def palette(name: str) -> Palette:
    """The palette of a theme."""
    return DARK if name == "dark" else LIGHT


def in_light() -> dict[str, str]:
    """Colour of the dark palette to the light one's in the same place: paper and pictures are light in both themes."""
    pairs: dict[str, str] = {}
    for item in fields(Palette):
        dark, light = getattr(DARK, item.name), getattr(LIGHT, item.name)
        if isinstance(dark, tuple):
            pairs |= dict(zip(dark, light, strict=True))
        elif isinstance(dark, str) and dark.startswith("#"):
            pairs[dark] = light
    return pairs


def mantine() -> dict[str, Any]:
    """The theme of dash-mantine-components."""
    return {
        "colors": {"atlas": ACCENT_SHADES},
        "primaryColor": "atlas",
        "primaryShade": {"light": 7, "dark": 4},
        "fontFamily": FONT,
        "defaultRadius": "sm",
        "black": LIGHT.ink,
        "respectReducedMotion": True,
    }


def colours(classes: int, scale: tuple[str, ...]) -> list[str]:
    """``classes`` (1 to 6) steps of the scale, spread over its whole length."""
    last = len(scale) - 1
    if classes == 1:
        return [scale[last // 2]]
    return [scale[round(i * last / (classes - 1))] for i in range(classes)]


def faded(colour: str, opacity: float) -> str:
    """A colour of the palette, let through."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def layout(separators: str, colours_of: Palette) -> go.Layout:
    """The quiet base of every figure. ``separators``: decimal and thousands sign, as plotly wants them."""
    return go.Layout(
        template=None,
        font={"family": FONT, "size": 12, "color": colours_of.ink},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        margin={"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        showlegend=False,
        separators=separators,
        dragmode=False,
        hoverlabel={
            "bgcolor": colours_of.paper,
            "bordercolor": colours_of.rule,
            "font": {"family": FONT, "size": 13, "color": colours_of.ink},
            "align": "left",
        },
    )


def axis(colours_of: Palette, **more: Any) -> dict[str, Any]:
    """An axis of values: quiet grid, no zero line, nothing to drag."""
    return {
        "gridcolor": colours_of.rule,
        "zeroline": False,
        "fixedrange": True,
        "ticklen": 4,
        "tickcolor": CLEAR,
        "tickfont": {"color": colours_of.quiet},
        **more,
    }
