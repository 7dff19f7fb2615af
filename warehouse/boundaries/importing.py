"""From a file of official outlines to the outlines of a home: read, check, share borders, simplify, write."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely

from warehouse.boundaries import checks, reading, store
from warehouse.boundaries.codes import by_place, code, column_of_codes
from warehouse.boundaries.coverage import KM_PER_DEGREE, Shapes, noded, touching
from warehouse.boundaries.features import Feature
from warehouse.boundaries.simplify import simplified
from warehouse.errors import EXIT_DATA, Fault, Faults
from warehouse.geography import Geography, areas, neighbours

#: Places on faults are listed up to here; the rest is counted.
MOST_FAULTS = 200


@dataclass(frozen=True)
class Checked:
    """Sound outlines by code, where they came from, and what was noticed."""

    shapes: Shapes
    column: str
    system: str
    features: int
    notes: tuple[str, ...]


def import_file(
    home: Path,
    path: Path,
    geography: Geography,
    *,
    now: datetime,
    code_column: str | None = None,
    layer: str | None = None,
    system: str | None = None,
) -> dict[str, Any]:
    """Replace the outlines of a home by those of a file; what is written beside them is returned.

    Raises UserError for a file that cannot be read, Faults with everything that is wrong in one that can.
    """
    checked = check(path, geography, code_column=code_column, layer=layer, system=system)
    drawn = simplified(noded(checked.shapes))
    pairs, isolated = linked(drawn.shapes)
    about = {
        "geography": geography,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "imported_at": now.isoformat(timespec="seconds"),
        "system": checked.system,
        "code_column": checked.column,
        "features": checked.features,
        "places": len(drawn.shapes),
        "bytes": len(drawn.content),
        "tolerance_degrees": drawn.tolerance,
        "largest_area_change": round(drawn.area_change, 6),
        "bounds": [round(float(edge), 5) for edge in shapely.total_bounds(list(drawn.shapes.values()))],
        "notes": [*checked.notes, *isolated, *_moved(pairs, geography)],
        "neighbours": [list(pair) for pair in pairs],
    }
    store.write(home, geography, drawn.content, about)
    return about


def check(
    path: Path, geography: Geography, *, code_column: str | None, layer: str | None, system: str | None
) -> Checked:
    """Read and judge a file; all faults at once."""
    found = reading.read(path, layer=layer, system=system)
    features = found.table.features
    column = column_of_codes(features, geography, code_column, file=path.name)
    places, wrong_codes, notes = by_place(features, column, geography, file=path.name)
    codes = {item.number: code(item.fields.get(column)) for item in features}
    wrong_shapes = checks.each([item for items in places.values() for item in items], codes, path.name)
    shapes, numbers = _sound(places, {fault.row for fault in wrong_shapes})
    apart, closed = _together(shapes, numbers, geography, path.name)
    faults = [*wrong_codes, *wrong_shapes, *apart]
    if faults:
        raise Faults(_shortened(faults), exit_code=EXIT_DATA)
    if found.with_heights:
        notes.append(f"heights of {found.with_heights} features were dropped")
    notes += [*closed, *checks.differences(shapes, geography)]
    return Checked(shapes, column, found.system.to_string()[:200], len(features), tuple(notes))


def _sound(
    found: Mapping[str, Sequence[Feature]], broken: set[int | None]
) -> tuple[dict[str, shapely.Geometry], dict[str, int]]:
    """The places all of whose features are sound: their shapes in two dimensions, and the number of the first."""
    sound = {name: items for name, items in found.items() if not {item.number for item in items} & broken}
    shapes = {
        name: shapely.force_2d(shapely.union_all([item.shape for item in items]))
        for name, items in sound.items()
    }
    return shapes, {name: items[0].number for name, items in sound.items()}


def _together(
    shapes: Shapes, numbers: Mapping[str, int], geography: Geography, file: str
) -> tuple[list[Fault], list[str]]:
    """Faults of the places beside one another, and notes. What nobody covers is looked for once all are there."""
    faults = checks.astray(shapes, numbers, geography, file)
    laid_over, small_overlaps = checks.overlaps(shapes, numbers, file)
    is_whole = set(shapes) == set(areas(geography))
    uncovered, small_gaps = checks.gaps(shapes, file) if is_whole else ([], [])
    bitten, told = checks.bites(shapes, geography, file) if is_whole else ([], [])
    notes = [
        f"{len(small)} {word} below a hectare each were closed, {sum(small) * 1e6:,.0f} m2 together"
        for word, small in (("overlaps", small_overlaps), ("gaps", small_gaps))
        if small
    ]
    return [*faults, *laid_over, *uncovered, *bitten], [*notes, *told]


def _shortened(faults: Sequence[Fault]) -> list[Fault]:
    more = len(faults) - MOST_FAULTS
    return [*faults[:MOST_FAULTS], *([Fault(message=f"and {more} more")] if more > 0 else [])]


def linked(shapes: Shapes) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Neighbours by contiguity, and notes: a place that touches nobody is joined to the nearest."""
    pairs = list(touching(shapes))
    notes = []
    for code_ in sorted(set(shapes) - {name for pair in pairs for name in pair}):
        near = min(
            (name for name in shapes if name != code_), key=lambda name: shapes[code_].distance(shapes[name])
        )
        pairs.append((min(code_, near), max(code_, near)))
        away = float(shapes[code_].distance(shapes[near])) * KM_PER_DEGREE
        notes.append(f"{code_} touches nobody and is a neighbour of {near}, {away:.1f} km away")
    return tuple(sorted(set(pairs))), notes


def _moved(pairs: Sequence[tuple[str, str]], geography: Geography) -> list[str]:
    """How the neighbours differ from those carried along, which the models keep."""
    old, new = set(neighbours(geography)), set(pairs)
    if old == new:
        return []
    return [
        f"{len(new - old)} pairs of neighbours are new and {len(old - new)} gone against the approximate outlines; "
        "the models keep the pairs carried along"
    ]
