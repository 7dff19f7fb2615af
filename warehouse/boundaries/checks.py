"""What is wrong with outlines: each by itself, each against where it should be, all against one another.

Nothing is repaired in silence: a fault is told with the feature (its number is the fault's row), its code, place
and size. What is smaller than a hectare between two neighbours is taken for the drawing's own inaccuracy,
closed, and told in a note.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import shapely

from warehouse.boundaries.coverage import KM_PER_DEGREE, Shapes, square_km
from warehouse.boundaries.features import CITY, Feature, is_inside
from warehouse.errors import Fault
from warehouse.geography import Geography, areas, outlines

#: Overlaps and gaps below this are closed, from here on they are faults: a hectare.
TOLERATED_KM2 = 0.01
#: An outline farther than this from where its place lies has the code of another place.
ASTRAY_KM = 2.0
#: A difference from the official area that is worth telling.
AREA_DIFFERENCE = 0.10
#: A disc of this radius that the approximate city has and an imported one has not is a bite out of its edge. On the
#: other hand the approximate edge itself strays: from a mapped one (corners of Thu Duc and Can Gio) by 0.7 km in the
#: middle and up to 2.6 km, a strip that holds no disc of more than 1.3.
EDGE_KM = 1.5
#: A bite is judged by the places with most of it: the largest parts that make up this share. Its rim may reach into a
#: neighbour that is short of its area for a reason of its own.
MOST = 0.75
POLYGONS = ("Polygon", "MultiPolygon")


def each(features: Iterable[Feature], codes: Mapping[int, str], file: str) -> list[Fault]:
    """Faults of single shapes: none, no polygon, a coordinate that is no number, a ring that crosses itself."""
    found = []
    for item in features:
        message, action = (item.unread, None) if item.unread else _wrong(item.shape)
        if message:
            found.append(
                Fault(
                    message=message, file=file, row=item.number, value=codes.get(item.number), action=action
                )
            )
    return found


def _wrong(shape: shapely.Geometry | None) -> tuple[str, str | None]:
    if shape is None or shape.is_empty:
        return "this feature has no geometry", None
    if shape.geom_type not in POLYGONS:
        return f"the geometry is a {shape.geom_type}, not a polygon", None
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        return "a coordinate is no number, or lies outside what its coordinate system can describe", None
    if not shape.is_valid:
        return (
            f"the outline is not valid: {shapely.is_valid_reason(shape)}",
            "Mend it in a GIS: it is not guessed here",
        )
    return "", None


def astray(shapes: Shapes, numbers: Mapping[str, int], geography: Geography, file: str) -> list[Fault]:
    """Places that are not where they should be: codes mixed up, or a part far out."""
    found = []
    for code, shape in shapes.items():
        away = float(shape.distance(carried(geography)[code])) * KM_PER_DEGREE
        message = None
        if away > ASTRAY_KM:
            message = f"the outline lies {away:.0f} km from this place: is it another's code?"
        elif not is_inside(shape.bounds, CITY):
            message = "a part of the outline lies outside the city"
        if message:
            found.append(Fault(message=message, file=file, row=numbers[code], value=code))
    return found


@cache
def carried(geography: Geography) -> Mapping[str, shapely.Geometry]:
    """The approximate outlines that stand in until others are imported."""
    features = json.loads(outlines(geography))["features"]
    return {item["id"]: shapely.geometry.shape(item["geometry"]) for item in features}


def overlaps(shapes: Shapes, numbers: Mapping[str, int], file: str) -> tuple[list[Fault], list[float]]:
    """Faults of places that lie over one another, and the sizes in km2 of those that are tolerated."""
    codes = list(shapes)
    pairs = shapely.STRtree(list(shapes.values())).query(list(shapes.values()), predicate="intersects")
    faults, small = [], []
    for one, other in sorted((codes[a], codes[b]) for a, b in pairs.T if codes[a] < codes[b]):
        size = square_km(shapes[one].intersection(shapes[other]))
        if size >= TOLERATED_KM2:
            message = f"overlaps {other} (feature {numbers[other]}) by {size:.3f} km2"
            faults.append(Fault(message=message, file=file, row=numbers[one], value=one))
        elif size > 0:
            small.append(size)
    return faults, small


def gaps(shapes: Shapes, file: str) -> tuple[list[Fault], list[float]]:
    """Faults of what nobody covers inside the city, and the sizes in km2 of gaps that are tolerated."""
    whole = shapely.union_all(list(shapes.values()))
    faults, small = [], []
    for hole in (ring for part in shapely.get_parts(whole) for ring in part.interiors):
        gap = shapely.Polygon(hole)
        size = square_km(gap)
        if size < TOLERATED_KM2:
            small.append(size)
            continue
        around = [code for code, shape in shapes.items() if shape.intersects(hole)]
        point = gap.representative_point()
        message = f"{size:.3f} km2 at {point.x:.4f} {point.y:.4f} belong to nobody"
        faults.append(Fault(message=message, file=file, value=", ".join(around)))
    return faults, small


def bites(shapes: Shapes, geography: Geography, file: str) -> tuple[list[Fault], list[str]]:
    """What nobody covers at the outer edge of the city: faults, and notes where it cannot be told for sure.

    The edge it is held against is approximate, so it is a fault only where a place with most of it is also short of its
    official area. A bite smaller than a disc of :data:`EDGE_KM` shows in the area of its place, if at all.
    """
    whole = shapely.union_all([shapely.Polygon(ring) for ring in _exteriors(shapes)])
    city, radius = carried(geography), EDGE_KM / KM_PER_DEGREE
    missing = shapely.union_all(list(city.values())).difference(whole)
    wide = missing.buffer(-radius).buffer(radius).intersection(missing)
    faults, notes = [], []
    for bite in shapely.get_parts(wide) if wide else ():
        parts = {code: square_km(shape.intersection(bite)) for code, shape in city.items()}
        around = [code for code, size in parts.items() if size >= TOLERATED_KM2]
        point = bite.representative_point()
        message = (
            f"about {square_km(bite):.0f} km2 at {point.x:.4f} {point.y:.4f}, at the edge of the city, "
            "belong to nobody"
        )
        if any(_apart(shapes, geography, code) < -AREA_DIFFERENCE for code in _most(parts)):
            faults.append(Fault(message=message, file=file, value=", ".join(around)))
        else:
            notes.append(f"{', '.join(around)}: {message}, by the approximate outlines")
    return faults, notes


def _most(parts: Mapping[str, float]) -> list[str]:
    """The places with the largest parts of a bite, until these are most of it."""
    found, wanted = [], MOST * sum(parts.values())
    for code, size in sorted(parts.items(), key=lambda item: -item[1]):
        found.append(code)
        wanted -= size
        if wanted <= 0:
            break
    return found


def _exteriors(shapes: Shapes) -> list[shapely.LinearRing]:
    """The outer rings of all places together: holes between them are :func:`gaps`."""
    return [part.exterior for part in shapely.get_parts(shapely.union_all(list(shapes.values())))]


def differences(shapes: Shapes, geography: Geography) -> list[str]:
    """Notes on places whose area is far from the official one."""
    official = areas(geography)
    return [
        f"{code}: {square_km(shape):.2f} km2 where the official area is {official[code]:.2f}"
        for code, shape in shapes.items()
        if abs(_apart(shapes, geography, code)) > AREA_DIFFERENCE
    ]


def _apart(shapes: Shapes, geography: Geography, code: str) -> float:
    """How much larger a place is than its official area, as a share of it."""
    return square_km(shapes[code]) / areas(geography)[code] - 1
