"""Colours, type and the plotly template. Nothing else in the dashboard names a colour.

Every text colour has a contrast of at least 4.5 to 1 on white (WCAG 2.2 AA).
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

FONT = "'Be Vietnam Pro', 'Noto Sans', system-ui, sans-serif"
INK = "#16211f"
INK_QUIET = "#5a6966"
RULE = "#e3e9e7"
PAPER = "#ffffff"
ACCENT = "#0f766e"
#: Light to dark; the lightest still stands apart from the white of "no data".
SCALE = ("#d5e6e2", "#a9cec7", "#77b1a8", "#44908a", "#1d6f6a", "#0b4a47")
#: CSS draws a hatch over exactly this colour (``assets/atlas.css``); legends use the same class.
SUPPRESSED = "#cdd2d1"
NO_DATA = "#ffffff"
BORDER = "#ffffff"
BORDER_NO_DATA = "#b9c4c1"
SELECTED = "#c2410c"

#: Mantine asks for ten shades of the one accent, light to dark.
ACCENT_SHADES = [
    "#eef6f4",
    "#dcebe8",
    "#b6d8d2",
    "#8cc3ba",
    "#5ea89f",
    "#34908a",
    "#1b7f78",
    ACCENT,
    "#0c5f59",
    "#094945",
]


def mantine() -> dict[str, Any]:
    """The theme of dash-mantine-components."""
    return {
        "colors": {"atlas": ACCENT_SHADES},
        "primaryColor": "atlas",
        "primaryShade": 7,
        "fontFamily": FONT,
        "defaultRadius": "sm",
        "black": INK,
        "respectReducedMotion": True,
    }


def colours(classes: int) -> list[str]:
    """``classes`` (1 to 6) steps of the scale, spread over its whole length."""
    last = len(SCALE) - 1
    if classes == 1:
        return [SCALE[last // 2]]
    return [SCALE[round(i * last / (classes - 1))] for i in range(classes)]


def layout(separators: str) -> go.Layout:
    """The quiet base of every figure. ``separators``: decimal and thousands sign, as plotly wants them."""
    return go.Layout(
        template=None,
        font={"family": FONT, "size": 12, "color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        showlegend=False,
        separators=separators,
        dragmode=False,
        hoverlabel={
            "bgcolor": PAPER,
            "bordercolor": RULE,
            "font": {"family": FONT, "size": 13, "color": INK},
            "align": "left",
        },
        transition={"duration": 0},
    )
