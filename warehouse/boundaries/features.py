"""What a file of outlines holds once it is read, whatever its format: features with their fields, and the system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from warehouse.errors import EXIT_DATA, UserError

#: A file above this is no outline of a city.
LIMIT_BYTES = 500_000_000
#: West, south, east, north of Viet Nam, and of the city with a margin of 10 km.
COUNTRY = (102.0, 8.0, 110.0, 24.0)
CITY = (106.25, 10.28, 107.12, 11.26)


@dataclass(frozen=True)
class Feature:
    """One feature: its place in the file from 1, its fields, its shape in the file's system (None: none was given).

    ``unread``: why the shape that was given cannot be read; empty when it can.
    """

    number: int
    fields: Mapping[str, Any]
    shape: shapely.Geometry | None
    unread: str = ""


@dataclass(frozen=True)
class Table:
    """A file as read. ``system``: a name or WKT that pyproj knows, None where the file says none."""

    features: tuple[Feature, ...]
    system: str | None


def broken(file: str, message: str, *, expected: str | None = None, action: str | None = None) -> UserError:
    """The error of a file that cannot be read as a whole."""
    return UserError(message, file=file, expected=expected, action=action, exit_code=EXIT_DATA)


def is_inside(bounds: Sequence[float], box: tuple[float, float, float, float]) -> bool:
    """Whether bounds lie in a box, both west, south, east, north."""
    return bool(box[0] <= bounds[0] and box[1] <= bounds[1] and bounds[2] <= box[2] and bounds[3] <= box[3])
