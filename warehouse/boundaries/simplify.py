"""Fewer corners, borders still shared: what a browser fetches stays below a limit."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from warehouse.boundaries.coverage import Shapes, geojson, square_km
from warehouse.errors import EXIT_DATA, UserError

LIMIT_BYTES = 150_000
#: Tolerances tried in turn, in degrees: the root of the area a corner may take away (Visvalingam and Whyatt 1993,
#: Cartographic Journal). The first is five metres, each is a fifth larger.
FIRST, FACTOR, TURNS = 0.00005, 1.2, 40
#: What a corner takes at least, in bytes: ``[106.7,10.8],``.
LEAST_BYTES = 13
#: An area may move by this share.
AREA_TOLERANCE = 0.03


@dataclass(frozen=True)
class Simplified:
    """``tolerance`` in degrees, 0 where nothing was taken away; ``area_change``: the largest of a place, as a share."""

    shapes: Shapes
    content: bytes
    tolerance: float
    area_change: float


def simplified(shapes: Shapes, limit: int = LIMIT_BYTES) -> Simplified:
    """The shapes with the least simplification that fits ``limit`` bytes of GeoJSON.

    ``shapes`` share every corner of their borders. Raises UserError where only a distorted drawing would fit.
    """
    drawn = dict(shapes)
    for tolerance in (0.0, *(FIRST * FACTOR**turn for turn in range(TURNS))):
        drawn = _simplified(drawn, tolerance)
        corners = sum(shapely.get_num_coordinates(list(drawn.values())))
        if corners * LEAST_BYTES > limit:
            continue
        content = geojson(drawn)
        change = max(abs(square_km(drawn[code]) / square_km(shapes[code]) - 1) for code in shapes)
        if change > AREA_TOLERANCE:
            break
        if len(content) <= limit:
            return Simplified(drawn, content, tolerance, change)
    raise UserError(
        f"the outlines do not fit {limit:,} bytes without changing an area by more than {AREA_TOLERANCE:.0%}",
        action="Leave out islets and other small parts in a GIS first",
        exit_code=EXIT_DATA,
    )


def _simplified(shapes: Shapes, tolerance: float) -> dict[str, shapely.Geometry]:
    if tolerance == 0:
        return dict(shapes)
    codes = list(shapes)
    return dict(
        zip(codes, shapely.coverage_simplify([shapes[code] for code in codes], tolerance), strict=True)
    )
