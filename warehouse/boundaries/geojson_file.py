"""GeoJSON (RFC 7946), read without GDAL so that a fault can be told of the feature it is in.

The standard knows longitude and latitude on WGS 84 only; the ``crs`` member of the older draft, which many programs
still write, is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from warehouse.boundaries.features import Feature, Table, broken

WGS84 = "OGC:CRS84"


def read(path: Path) -> Table:
    """The features of a FeatureCollection; raises UserError where the file is none."""
    document = _document(path)
    found = document.get("features") if isinstance(document, dict) else None
    if not isinstance(found, list) or document.get("type") != "FeatureCollection":
        raise broken(path.name, "this JSON is no GeoJSON", expected='an object of type "FeatureCollection"')
    features = tuple(_feature(number, item) for number, item in enumerate(found, start=1))
    return Table(features, _system(document))


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise broken(path.name, "the file is no UTF-8", action="Save it as GeoJSON in UTF-8") from None
    except json.JSONDecodeError as error:
        raise broken(
            path.name,
            f"the file is cut off or damaged at line {error.lineno}, column {error.colno}",
            action="Export or download it again",
        ) from None
    except RecursionError:
        raise broken(path.name, "the file is nested too deeply to be GeoJSON") from None


def _feature(number: int, item: Any) -> Feature:
    """One feature; its ``id`` is a field like the others. What is no feature has neither fields nor a shape."""
    if not isinstance(item, dict):
        return Feature(number, {}, None, "this is no Feature")
    properties = item.get("properties")
    fields = dict(properties) if isinstance(properties, dict) else {}
    if "id" in item:
        fields.setdefault("id", item["id"])
    try:
        geometry = item.get("geometry")
        with np.errstate(invalid="ignore"):  # a coordinate that is no number is told by the checks
            return Feature(number, fields, None if geometry is None else shapely.geometry.shape(geometry))
    except (
        TypeError,
        ValueError,
        KeyError,
        AttributeError,
        IndexError,
        shapely.errors.ShapelyError,
    ) as error:
        reason = str(error).split("\n")[0] or type(error).__name__
        return Feature(number, fields, None, f"its geometry cannot be read ({reason[:80]})")


def _system(document: dict[str, Any]) -> str:
    crs = document.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return str(name) if name else WGS84
