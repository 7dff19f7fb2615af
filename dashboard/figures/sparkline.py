"""A line no taller than text, as an SVG picture: the way of a number over the weeks."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from dashboard.theme import Palette, faded

WIDTH, HEIGHT = 160, 34


def sparkline(values: Sequence[float], palette: Palette) -> str:
    """A data address of the picture; empty for fewer than two values."""
    if len(values) < 2:
        return ""
    top = max(values) or 1
    step = WIDTH / (len(values) - 1)
    points = [(i * step, HEIGHT - 2 - (HEIGHT - 5) * value / top) for i, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f'<polygon points="0,{HEIGHT} {line} {WIDTH},{HEIGHT}" fill="{faded(palette.accent, 0.12)}"/>'
        f'<polyline points="{line}" fill="none" stroke="{palette.accent}" stroke-width="2" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
