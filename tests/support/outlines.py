"""Files of outlines in every format, made from the approximate ones that are carried along."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray

from warehouse.geography import Geography, outlines

#: The system of official files of the city, metres.
VN2000 = "EPSG:9210"
#: Metres of a degree; good enough for the tests, which measure areas to a few per cent.
METRES = 111_320.0


def carried(geography: Geography = "district") -> dict[str, shapely.Geometry]:
    """The approximate outlines by code."""
    features = json.loads(outlines(geography))["features"]
    return {item["id"]: shapely.geometry.shape(item["geometry"]) for item in features}


def detailed(shapes: Mapping[str, shapely.Geometry], step: float = 0.0004) -> dict[str, shapely.Geometry]:
    """The same places with thousands of corners: every border winds by up to 40 m, alike on both sides."""

    def wind(corners: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = corners[:, 0] * 2000, corners[:, 1] * 2000
        return corners + 0.0002 * np.column_stack([np.sin(x + 1.7 * y), np.cos(1.3 * x - y)])

    return {code: shapely.transform(shapely.segmentize(shape, step), wind) for code, shape in shapes.items()}


def square(longitude: float, latitude: float, hectares: float) -> shapely.Geometry:
    """A square of a size around a point."""
    half = math.sqrt(hectares * 10_000) / METRES / 2
    return shapely.box(longitude - half, latitude - half, longitude + half, latitude + half)


def write_geojson(path: Path, rows: Iterable[tuple[Any, Any]], **more: Any) -> Path:
    """A FeatureCollection of (code, shape) with the code as ``ma_huyen``; a shape may be a mapping, or None."""
    features = [
        {
            "type": "Feature",
            "properties": {"ten": f"n{number}", "ma_huyen": code},
            "geometry": _mapping(shape),
        }
        for number, (code, shape) in enumerate(rows)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}), encoding="utf-8")
    return path


def _mapping(shape: Any) -> Any:
    return shapely.geometry.mapping(shape) if isinstance(shape, shapely.Geometry) else shape


def write_gdal(
    path: Path, shapes: Mapping[str, shapely.Geometry], *, layer: str | None = None, codes: Sequence[Any] = ()
) -> Path:
    """A GeoPackage or Shapefile in VN-2000 metres, by the name of the file."""
    way = pyproj.Transformer.from_crs("OGC:CRS84", VN2000, always_xy=True)
    projected = [
        shapely.transform(shape, lambda c: np.column_stack(way.transform(c[:, 0], c[:, 1])))
        for shape in shapes.values()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(projected),
        field_data=[np.array(list(codes or shapes), dtype=None if codes else object)],
        fields=["MAHUYEN"],
        geometry_type="MultiPolygon" if path.suffix == ".shp" else "Polygon",
        crs=VN2000,
        layer=layer,
        append=layer is not None and path.exists(),
        driver={".gpkg": "GPKG", ".shp": "ESRI Shapefile"}[path.suffix],
    )
    return path
