"""Names of lines at their right end, in the colour of the line, moved apart where they would touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Two labels nearer than this share of the axis would overlap.
GAP = 0.075


@dataclass(frozen=True, kw_only=True)
class End:
    """Where a line ends on the axis of values, what it is called and its colour."""

    text: str
    value: float
    colour: str


def at_ends(ends: Sequence[End], top: float) -> list[dict[str, object]]:
    """Annotations in the right margin. ``top``: the highest value of the axis, which begins at nought."""
    ordered = sorted(ends, key=lambda end: end.value)
    places = _apart([end.value for end in ordered], top)
    return [
        {"x": 1, "xref": "paper", "y": place, "xanchor": "left", "xshift": 4, "showarrow": False,
         "text": end.text, "font": {"color": end.colour, "size": 12}}
        for place, end in zip(places, ordered, strict=True)
    ]  # fmt: skip


def _apart(values: Sequence[float], top: float) -> list[float]:
    """Ascending ``values``, each at least a gap above the one before: pushed up, then down from the top of the axis."""
    gap, places = GAP * top, list(values)
    if len(places) == 2 and places[1] - places[0] < gap:
        centre = sum(places) / 2
        places = [centre - gap / 2, centre + gap / 2]
    highest = top
    for i in reversed(range(len(places))):
        places[i] = highest = min(places[i], highest)
        highest -= gap
    lowest = 0.0
    for i in range(len(places)):
        places[i] = max(places[i], lowest)
        lowest = places[i] + gap
    return places
