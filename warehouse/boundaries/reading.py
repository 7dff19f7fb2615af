"""A file of outlines by what it is, its coordinates as longitude and latitude on WGS 84."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from warehouse.boundaries import gdal_file, geojson_file
from warehouse.boundaries.features import CITY, COUNTRY, LIMIT_BYTES, Table, broken, is_inside
from warehouse.errors import EXIT_DATA, UserError

#: The projection of most official files of the city.
USUAL_SYSTEM = "EPSG:9210"
Onto = Callable[[NDArray[np.float64]], NDArray[np.float64]]
WGS84 = pyproj.CRS.from_user_input(geojson_file.WGS84)


@dataclass(frozen=True)
class Read:
    """The features on WGS 84, the system they came in, and how many had heights, which are dropped."""

    table: Table
    system: pyproj.CRS
    with_heights: int


def read(path: Path, *, layer: str | None = None, system: str | None = None) -> Read:
    """``system`` stands in where the file says none.

    Raises UserError where the file is missing, damaged, of another kind, its system is not known, or all of it lies
    elsewhere than in the city.
    """
    table = _table(path, layer)
    source = _system(path.name, table.system, system)
    way = pyproj.Transformer.from_crs(source, WGS84, always_xy=True)

    def onto(corners: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(way.transform(corners[:, 0], corners[:, 1]))

    shapes = [item.shape for item in table.features]
    _refuse_elsewhere(shapes, onto, is_geographic=source.is_geographic, file=path.name)
    features = tuple(
        replace(item, shape=item.shape and shapely.transform(item.shape, onto, include_z=False))
        for item in table.features
    )
    return Read(replace(table, features=features), source, int(shapely.has_z(shapes).sum()))


def _refuse_elsewhere(
    shapes: Sequence[shapely.Geometry | None], onto: Onto, *, is_geographic: bool, file: str
) -> None:
    """Raises UserError where no shape lies in the city, with the reason as far as it can be told."""
    if any(shape and is_inside(_bounds(shape, onto), CITY) for shape in shapes):
        return
    edges = shapely.total_bounds([shape for shape in shapes if shape])
    if not np.isfinite(edges).all():
        return  # the coordinates themselves are told one by one
    west, south, east, north = edges.tolist()
    is_far = is_geographic and max(abs(edge) for edge in edges) > 180
    if is_inside(_corners([[south, west], [north, east]], onto), COUNTRY):
        raise broken(
            file, "the axes are swapped: coordinates stand as latitude, longitude (or north, east)",
            expected="longitude, latitude (or east, north)", action="Export it again with the usual order",
        )  # fmt: skip
    found = _corners([[west, south], [east, north]], onto)
    country = "in Viet Nam, but outside Ho Chi Minh City" if is_inside(found, COUNTRY) else "outside Viet Nam"
    raise broken(
        file,
        f"the outlines lie {country}: {west:.6g} {south:.6g} to {east:.6g} {north:.6g} as the file has them",
        action="These are no degrees: state the system with --crs"
        if is_far
        else "Is it the right file and system?",
    )


def _bounds(shape: shapely.Geometry, onto: Onto) -> list[float]:
    west, south, east, north = shape.bounds or (np.nan,) * 4
    return _corners([[west, south], [east, north]], onto)


def _corners(corners: list[list[float]], onto: Onto) -> list[float]:
    return [float(edge) for edge in onto(np.array(corners)).ravel()]


def _table(path: Path, layer: str | None) -> Table:
    if not path.is_file():
        raise broken(str(path), "there is no such file")
    if path.stat().st_size > LIMIT_BYTES:
        raise broken(path.name, "the file is larger than 500 MB")
    with path.open("rb") as stream:
        start = stream.read(64)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return geojson_file.read(path)
    return gdal_file.read(path, layer)


def _system(file: str, found: str | None, stated: str | None) -> pyproj.CRS:
    """The system of the coordinates. What the file says goes before what is stated."""
    name = found or stated
    if name is None:
        raise broken(
            file,
            "the file does not say its coordinate system (a Shapefile says it in its .prj)",
            action=f"Add the .prj, or state it: --crs {USUAL_SYSTEM} (VN-2000, Ho Chi Minh City) or --crs EPSG:4326",
        )
    try:
        system = pyproj.CRS.from_user_input(name)
        pyproj.Transformer.from_crs(system, WGS84, always_xy=True)
    except pyproj.exceptions.ProjError:
        raise UserError(
            "this coordinate system is not known",
            file=file,
            field="crs",
            value=name[:60],
            expected=f"a code like {USUAL_SYSTEM} or EPSG:4326",
            exit_code=EXIT_DATA,
        ) from None
    return system
