"""Draw the units of July 2025: warehouse/geography/unit_outlines.geojson and unit_neighbours.csv.

    .venv-check/bin/python scripts/unit_outlines.py [FOLDER]

An approximation, grown inside the outlines of the districts so that both geographies have one outer edge and units nest
in districts. What it starts from are the boxes of the wards in the package ``vietnamadminunits`` (MIT, in the check
environment only). Each district is cut on a fine grid: a cell goes to the unit whose wards it is nearest to, where a
ward ends at a superellipse in its box and a ward that was split leans towards the centres of its units. A weight per
unit is moved until the areas are in the ratio of the official ones. Then every border is smoothed, simplified once for
both sides, and clipped to the district.
"""

from __future__ import annotations

import csv
import json
import math
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from warehouse.boundaries.coverage import KM_PER_DEGREE, LATITUDE, geojson, noded, touching

ROOT = Path(__file__).resolve().parents[1]
GEOGRAPHY = ROOT / "warehouse" / "geography"
PACKAGE = "vietnamadminunits"
#: Width of a cell, degrees (55 m), and what is drawn beyond a district so that clipping finds no gap.
CELL, MARGIN_CELLS = 0.0005, 8
#: Exponent of the superellipse in a ward's box: between an ellipse (2) and the box.
EXPONENT = 3.0
#: Pull towards the centre of the unit, per radius of a disc of its area: of any ward, and of one that was split.
PULL, PULL_OF_SPLIT = 0.3, 1.0
#: District and unit of two parts of ward 27430 (1.4 and 0.3 km2) that would be islands far from the rest of their unit:
#: they are left to the other units of the district.
NOT_DRAWN = {("776", "27364"), ("776", "27595")}
ROUNDS, CORRECTIONS = 60, 4
#: Standard deviation of the smoothing of borders in cells, and the simplification (degrees: root of an area).
SMOOTHING_CELLS, TOLERANCE = 2.2, 0.0012

Floats = NDArray[np.float64]
Grid = NDArray[np.int_]
#: West, south, east, north.
Box = tuple[float, float, float, float]


def main(folder: Path = GEOGRAPHY) -> None:
    """Write both files."""
    districts = outlines_of_districts()
    pieces: dict[str, list[shapely.Geometry]] = defaultdict(list)
    targets = target_areas(districts)
    for district, outline in districts.items():
        for unit, piece in cut(outline, targets[district], district).items():
            pieces[unit].append(piece)
    units = without_slivers(noded({code: shapely.union_all(found) for code, found in pieces.items()}))
    (folder / "unit_outlines.geojson").write_bytes(geojson(units))
    write_neighbours(units, folder / "unit_neighbours.csv")


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a table of the geography."""
    return list(csv.DictReader((GEOGRAPHY / name).read_text(encoding="utf-8").splitlines()))


def outlines_of_districts() -> dict[str, shapely.Geometry]:
    """The outlines the dashboard draws."""
    found = json.loads((GEOGRAPHY / "district_outlines.geojson").read_text(encoding="utf-8"))
    return {item["id"]: shapely.geometry.shape(item["geometry"]) for item in found["features"]}


@cache
def ward_boxes() -> dict[str, Box]:
    """Box of every ward, from the package."""
    data = Path(str(metadata.distribution(PACKAGE).locate_file(PACKAGE))) / "data" / "dataset.db"
    with sqlite3.connect(data) as store:
        found = store.execute(
            "select wardCode, wardBounds from admin_units_legacy where provinceCode = '79'"
        ).fetchall()
    boxes = {}
    for code, text in found:
        (south, west), (north, east) = (map(float, corner.split(",")) for corner in text.split("–"))
        boxes[code] = (west, south, east, north)
    return boxes


HOME = {row["ward_code"]: row["district_code"] for row in rows("wards.csv")}
UNITS = {row["unit_code"]: row for row in rows("units.csv")}
PARTS = rows("crosswalk.csv")
#: Sum of the weights of a ward's parts.
WHOLE = {ward: sum(int(part["weight"]) for part in PARTS if part["ward_code"] == ward) for ward in HOME}


def target_areas(districts: Mapping[str, shapely.Geometry]) -> dict[str, dict[str, float]]:
    """District -> unit -> its area there in square degrees: official areas fitted to the drawn districts.

    A unit in several districts starts as its wards' boxes; rows and columns are then scaled in turn (raking).
    """
    shares: dict[tuple[str, str], float] = defaultdict(float)
    for part in PARTS:
        west, south, east, north = ward_boxes()[part["ward_code"]]
        weight = int(part["weight"]) / WHOLE[part["ward_code"]]
        key = HOME[part["ward_code"]], part["unit_code"]
        if key not in NOT_DRAWN:
            shares[key] += (east - west) * (north - south) * weight
    for _ in range(200):
        scale(shares, 1, {code: float(unit["area_km2"]) for code, unit in UNITS.items()})
        scale(shares, 0, {code: outline.area for code, outline in districts.items()})
    targets: dict[str, dict[str, float]] = defaultdict(dict)
    for (district, unit), area in shares.items():
        targets[district][unit] = area
    return targets


def scale(shares: dict[tuple[str, str], float], axis: int, totals: Mapping[str, float]) -> None:
    """Multiply so that the sums along an axis are the totals."""
    sums: dict[str, float] = defaultdict(float)
    for key, area in shares.items():
        sums[key[axis]] += area
    for key in shares:
        shares[key] *= totals[key[axis]] / sums[key[axis]]


def cut(
    outline: shapely.Geometry, targets: Mapping[str, float], district: str
) -> dict[str, shapely.Geometry]:
    """The outline of a district cut into its units."""
    codes = sorted(targets)
    west, south, east, north = outline.bounds
    reach = MARGIN_CELLS * CELL
    longitudes = np.arange(west - reach, east + reach, CELL)
    latitudes = np.arange(south - reach, north + reach, CELL)
    x, y = np.meshgrid(longitudes, latitudes)
    inside = shapely.contains_xy(outline, x, y)
    costs = np.stack([cost(code, district, x, y) for code in codes])
    wanted = np.array([targets[code] for code in codes]) / CELL**2
    aim = wanted.copy()
    for _ in range(CORRECTIONS):
        labels = smooth(balanced(costs, inside, aim), inside, costs)
        got = np.maximum(np.bincount(labels[inside], minlength=len(codes)), 1)
        aim *= np.clip(wanted / got, 0.8, 1.25)
    return vectors(labels, codes, longitudes, latitudes, outline)


def cost(unit: str, district: str, x: Floats, y: Floats) -> Floats:
    """How far each cell is from a unit: from the nearest of its wards here, and a little from its centre."""
    row = UNITS[unit]
    away = np.hypot(
        (x - float(row["longitude"])) * math.cos(math.radians(LATITUDE)), y - float(row["latitude"])
    )
    away *= KM_PER_DEGREE / math.sqrt(float(row["area_km2"]) / math.pi)
    found = []
    for part in PARTS:
        if part["unit_code"] == unit and HOME[part["ward_code"]] == district:
            west, south, east, north = ward_boxes()[part["ward_code"]]
            across = np.abs(x - (west + east) / 2) / ((east - west) / 2)
            along = np.abs(y - (south + north) / 2) / ((north - south) / 2)
            is_split = int(part["weight"]) < WHOLE[part["ward_code"]]
            pull = PULL_OF_SPLIT if is_split else PULL
            found.append((across**EXPONENT + along**EXPONENT) ** (1 / EXPONENT) + pull * away)
    return np.min(found, axis=0)


def balanced(costs: Floats, inside: NDArray[np.bool_], wanted: Floats) -> Grid:
    """The nearest unit of every cell, by weights that give each the number of cells that is wanted."""
    weights = np.zeros(len(costs))
    share = wanted / wanted.sum()
    for turn in range(ROUNDS):
        labels = np.argmin(costs + weights[:, None, None], axis=0)
        got = np.bincount(labels[inside], minlength=len(costs)) / inside.sum()
        weights += 0.5 * 0.97**turn * np.clip(np.log(np.maximum(got, 1e-4) / share), -0.5, 0.5)
    return np.asarray(labels)


def smooth(labels: Grid, inside: NDArray[np.bool_], costs: Floats) -> Grid:
    """Every cell to the unit that prevails around it; each unit in one piece, holes filled."""
    near = ndimage.binary_dilation(inside, iterations=MARGIN_CELLS)
    for _ in range(3):
        around = np.stack(
            [
                ndimage.gaussian_filter((labels == number).astype(float), SMOOTHING_CELLS, mode="nearest")
                for number in range(len(costs))
            ]
        )
        labels = np.argmax(around, axis=0)
        for number in range(len(costs)):
            pieces, _count = ndimage.label((labels == number) & near)
            sizes = np.bincount(pieces[inside & (pieces > 0)], minlength=_count + 1)
            stray = (pieces > 0) & (pieces != np.argmax(sizes))
            around[number][stray] = -1
            labels[stray] = np.argmax(around, axis=0)[stray]
    return labels


def vectors(
    labels: Grid, codes: list[str], longitudes: Floats, latitudes: Floats, outline: shapely.Geometry
) -> dict[str, shapely.Geometry]:
    """Polygons of the labels with simplified shared borders, clipped to the outline."""
    faces = polygons(labels, longitudes, latitudes)
    simple = shapely.coverage_simplify(faces, TOLERANCE, simplify_boundary=False)
    grouped: dict[str, list[shapely.Geometry]] = defaultdict(list)
    for face in simple:
        point = face.representative_point()
        column = round((point.x - longitudes[0]) / CELL)
        line = round((point.y - latitudes[0]) / CELL)
        grouped[codes[labels[line, column]]].append(face)
    return {code: shapely.union_all(found).intersection(outline) for code, found in grouped.items()}


def polygons(labels: Grid, longitudes: Floats, latitudes: Floats) -> list[shapely.Geometry]:
    """The faces between cells of different labels."""
    padded = np.pad(labels, 1, constant_values=-1)
    edges = []
    for line, column in zip(*np.nonzero(padded[1:, :] != padded[:-1, :]), strict=True):
        edges.append(((column, line + 1), (column + 1, line + 1)))
    for line, column in zip(*np.nonzero(padded[:, 1:] != padded[:, :-1]), strict=True):
        edges.append(((column + 1, line), (column + 1, line + 1)))
    corners = np.array(edges, dtype=float)
    corners[..., 0] = longitudes[0] + (corners[..., 0] - 1.5) * CELL
    corners[..., 1] = latitudes[0] + (corners[..., 1] - 1.5) * CELL
    merged = shapely.line_merge(shapely.multilinestrings(shapely.linestrings(np.round(corners, 9))))
    return list(shapely.polygonize([merged]).geoms)


def without_slivers(units: Mapping[str, shapely.Geometry]) -> dict[str, shapely.Geometry]:
    """Each unit in one piece: what else clipping left of it goes to the unit it has most border with."""
    whole = {code: max(shapely.get_parts(unit), key=shapely.area) for code, unit in units.items()}
    for code, unit in units.items():
        for piece in shapely.get_parts(unit):
            if piece is not whole[code] and not piece.equals(whole[code]):
                taker = max(whole, key=lambda other: whole[other].intersection(piece).length)
                whole[taker] = shapely.union_all([whole[taker], piece])
    return whole


def write_neighbours(units: Mapping[str, shapely.Geometry], path: Path) -> None:
    """Pairs of units whose outlines touch along a line, the lower code first."""
    lines = ["unit_code,neighbour_code", *(f"{one},{other}" for one, other in touching(units))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
