"""GeoPackage and Shapefile, read by GDAL (pyogrio) once the first bytes say what they are.

GDAL guesses the format from the content and some of its formats name further files or commands, so nothing is handed
over that does not begin like the one or the other. A zipped Shapefile is unpacked here, member by member, under a size.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyogrio
import shapely
from pyogrio import errors

from warehouse.boundaries.features import LIMIT_BYTES, Feature, Table, broken

GEOPACKAGE, SHAPEFILE, ZIP = b"SQLite format 3\x00", b"\x00\x00\x27\x0a", b"PK\x03\x04"
#: Parts of a Shapefile that are read; the first three must be there.
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
NEEDED = PARTS[:3]
_FAILURES = (
    *(errors.DataSourceError, errors.DataLayerError, errors.FeatureError, errors.GeometryError),
    *(errors.FieldError, errors.CRSError, shapely.errors.ShapelyError, ValueError, OSError),
)


def read(path: Path, layer: str | None) -> Table:
    """The features of a layer; raises UserError where the file is damaged or the layer is not told."""
    with _opened(path) as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # GDAL's asides; what matters is checked on the shapes
                chosen = _layer(file, layer, path.name)
                meta, _, shapes, columns = pyogrio.raw.read(file, layer=chosen)
                geometries = shapely.from_wkb(shapes)
        except _FAILURES as error:
            raise broken(
                path.name,
                f"the file is damaged or cut off: {_without_path(error, file)}",
                action="Export or download it again",
            ) from None
    return Table(tuple(_features(meta["fields"], columns, geometries)), meta["crs"] or None)


def _features(names: Any, columns: Any, geometries: Any) -> Iterator[Feature]:
    for place, shape in enumerate(geometries):
        fields = {str(name): column[place] for name, column in zip(names, columns, strict=True)}
        yield Feature(place + 1, fields, shape)


def _layer(file: Path, asked: str | None, name: str) -> str:
    layers = [str(item) for item, kind in pyogrio.list_layers(file) if kind is not None]
    if asked in layers or (asked is None and len(layers) == 1):
        return asked or layers[0]
    told = "is not in this file" if asked else "must be told: the file has several"
    raise broken(
        name,
        f"the layer {asked or ''} {told}".replace("  ", " "),
        expected=", ".join(layers),
        action="Name it with --layer",
    )


def _without_path(error: Exception, file: Path) -> str:
    return str(error).replace(str(file.parent) + "/", "").split("\n")[0]


@contextmanager
def _opened(path: Path) -> Iterator[Path]:
    """The path GDAL may open: checked, and of an archive its one Shapefile."""
    with path.open("rb") as stream:
        start = stream.read(16)
    if start == GEOPACKAGE:
        yield path
    elif start.startswith(SHAPEFILE):
        beside = {item.suffix.lower(): item for item in path.parent.glob(f"{path.stem}.*")}
        _require(beside, path)
        _whole(path, path.name)
        yield path
    elif start.startswith(ZIP):
        with TemporaryDirectory() as folder:
            unpacked = _unpacked(path, Path(folder))
            _whole(unpacked, path.name)
            yield unpacked
    else:
        raise broken(
            path.name,
            "the content is not what the name says, or the file is empty",
            expected="GeoJSON, GeoPackage or Shapefile (.shp or zipped)",
        )


def _require(parts: Mapping[str, Any], path: Path) -> None:
    missing = [suffix for suffix in NEEDED if suffix not in parts]
    if missing:
        raise broken(
            path.name,
            f"parts of the Shapefile are missing: {', '.join(missing)}",
            action="Put all its files beside each other, or send them in one zip",
        )


def _whole(path: Path, name: str) -> None:
    """Refuse a .shp that is shorter than its header says: GDAL would give the rest as features without a shape."""
    with path.open("rb") as stream:
        said = int.from_bytes(stream.read(28)[24:], "big") * 2
    if path.stat().st_size < said:
        raise broken(name, "the Shapefile is cut off", action="Export or download it again")


def _unpacked(path: Path, folder: Path) -> Path:
    """The one Shapefile of an archive, under a name of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if item.filename.lower().endswith(PARTS)]
            members = [item for item in members if not item.filename.startswith("__MACOSX")]
            parts = {Path(item.filename).suffix.lower(): item for item in members}
            if sum(item.filename.lower().endswith(".shp") for item in members) > 1:
                raise broken(path.name, "the archive holds several Shapefiles", expected="one")
            _require(parts, path)
            if sum(item.file_size for item in parts.values()) > LIMIT_BYTES:
                raise broken(path.name, "the archive unpacks to more than 500 MB")
            for suffix, item in parts.items():
                (folder / f"outlines{suffix}").write_bytes(archive.read(item))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise broken(path.name, f"the archive is damaged: {error}", action="Pack it again") from None
    return folder / "outlines.shp"
