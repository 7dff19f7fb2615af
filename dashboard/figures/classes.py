"""Classes of a map: round, equally wide steps that cover every shown value, at most six."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from dashboard import theme
from dashboard.theme import Palette

MOST_CLASSES = len(theme.LIGHT.scale)
#: Widths of a class in shares, smallest first: 0.2 to 50 percentage points.
WIDTHS = (0.002, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5)


def breaks(values: Sequence[float]) -> tuple[float, ...]:
    """Edges of the classes, lowest first; one more than there are classes. Empty when nothing is shown.

    Round equal steps, not quantiles: districts are not spread over the colours when they hardly differ.
    """
    if not values:
        return ()
    for width in WIDTHS:
        first = math.floor(min(values) / width + 1e-9)
        last = max(math.ceil(max(values) / width - 1e-9), first + 1)
        if last - first <= MOST_CLASSES:
            break
    return tuple(round(i * width, 6) for i in range(first, last + 1))


def colour_scale(edges: Sequence[float], palette: Palette) -> list[tuple[float, str]]:
    """A stepped plotly colour scale over the span of ``edges``."""
    shades = theme.colours(len(edges) - 1, palette.scale)
    low, span = edges[0], edges[-1] - edges[0]
    scale: list[tuple[float, str]] = []
    for (start, end), shade in zip(pairwise(edges), shades, strict=True):
        scale += [((start - low) / span, shade), ((end - low) / span, shade)]
    scale[0], scale[-1] = (0.0, scale[0][1]), (1.0, scale[-1][1])
    return scale


def shade_of(value: float, edges: Sequence[float], palette: Palette) -> str:
    """The colour of one value; the upper edge belongs to the class above, the last one to the last."""
    shades = theme.colours(len(edges) - 1, palette.scale)
    place = sum(value >= edge for edge in edges[1:-1])
    return shades[place]
