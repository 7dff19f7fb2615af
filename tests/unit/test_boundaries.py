"""Official outlines: every format and fault, borders stay shared, nothing is written unless all is well."""

from __future__ import annotations

import json
import os
import random
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.outlines import carried, detailed, square, write_gdal, write_geojson
from tests.unit.test_command_line import run
from warehouse.boundaries import checks, store
from warehouse.boundaries.coverage import KM_PER_DEGREE, geojson, noded, square_km, touching
from warehouse.boundaries.importing import import_file, linked
from warehouse.boundaries.simplify import AREA_TOLERANCE, simplified
from warehouse.errors import EXIT_DATA, Faults, UserError
from warehouse.geography import Geography, neighbours, outlines, outside

NOW = datetime(2026, 11, 27, 8)
CITY = carried()
UNITS = carried("unit")


def imported(home: Path, file: Path, geography: Geography = "district", **how: Any) -> dict[str, Any]:
    return import_file(home, file, geography, now=NOW, **how)


def faults_of(home: Path, file: Path, geography: Geography = "district", **how: Any) -> list[str]:
    """What an import says is wrong; nothing has been written then."""
    with pytest.raises(UserError) as caught:
        imported(home, file, geography, **how)
    assert caught.value.exit_code == EXIT_DATA
    assert not (home / "boundaries").exists()
    found = caught.value.faults if isinstance(caught.value, Faults) else [caught.value.fault]
    return [str(fault) for fault in found]


def drawn(home: Path, geography: Geography = "district") -> dict[str, shapely.Geometry]:
    features = json.loads(store.current(home, geography).content)["features"]
    return {item["id"]: shapely.geometry.shape(item["geometry"]) for item in features}


def zipped(path: Path) -> Path:
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as target:
        for part in path.parent.glob(f"{path.stem}.[dsp]*"):
            target.write(part, f"folder/{part.name}")
    return archive


def in_some_format(folder: Path, kind: str) -> Path:
    match kind:
        case "geojson":
            return write_geojson(folder / "d.geojson", CITY.items())
        case "gpkg":
            return write_gdal(folder / "d.gpkg", CITY)
        case "zip":
            return zipped(in_some_format(folder, "shp"))
        case _:
            return write_gdal(folder / "d.shp", CITY, codes=[int(code) for code in CITY])


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "shp", "zip"])
def test_every_format_and_system_gives_the_same_outlines(tmp_path: Path, kind: str) -> None:
    about = imported(tmp_path, in_some_format(tmp_path / "in", kind))

    assert about["code_column"] in ("ma_huyen", "MAHUYEN")
    assert (about["features"], about["places"], about["tolerance_degrees"]) == (22, 22, 0)
    found = drawn(tmp_path)
    assert all(shapely.hausdorff_distance(found[code], shape) < 2e-5 for code, shape in CITY.items())
    assert shapely.coverage_is_valid(list(found.values()))


def test_a_detailed_file_is_simplified_until_it_fits_and_borders_stay_shared(tmp_path: Path) -> None:
    shapes = detailed(CITY, 0.0001)
    assert len(geojson(shapes)) > 300_000
    about = imported(tmp_path, write_geojson(tmp_path / "d.geojson", shapes.items()))
    found = drawn(tmp_path)

    assert about["bytes"] == len(store.current(tmp_path, "district").content) <= 150_000
    assert about["bytes"] > 120_000, "no more was taken away than had to be"
    assert shapely.coverage_is_valid(list(found.values()))
    assert all(shape.is_valid for shape in found.values())
    assert not any(part.exterior.is_ccw for shape in found.values() for part in shapely.get_parts(shape))
    for code, shape in found.items():
        assert square_km(shape) == pytest.approx(square_km(shapes[code]), rel=AREA_TOLERANCE)
    assert touching(found) == neighbours("district") == tuple(map(tuple, about["neighbours"]))


def test_what_would_fit_only_distorted_is_refused() -> None:
    with pytest.raises(UserError, match="without changing an area by more than 3%"):
        simplified(noded(CITY), limit=3_000)


def faulty() -> list[tuple[Any, Any]]:
    """Every fault of a feature once, on codes of their own."""
    rows: dict[str, Any] = dict(CITY)
    rows["760"] = None
    rows["761"] = shapely.Point(106.65, 10.87)
    centre = CITY["764"].representative_point()
    x, y = centre.x, centre.y
    rows["764"] = shapely.Polygon([(x, y), (x + 0.01, y + 0.01), (x + 0.01, y), (x, y + 0.01)])
    ring = [list(corner) for corner in CITY["765"].exterior.coords]
    rows["765"] = {"type": "Polygon", "coordinates": [[ring[0], [float("nan"), 10.8], *ring[2:]]]}
    rows["766"], rows["787"] = CITY["787"], CITY["766"]
    border = CITY["773"].intersection(CITY["778"]).interpolate(0.5, normalized=True)
    rows["773"] = shapely.union_all([CITY["773"], square(border.x, border.y, 30)])
    rows["783"] = {"type": "Polygon", "coordinates": "?"}
    rows["784"] = shapely.union_all([CITY["784"], shapely.box(106.0, 10.9, 106.5, 10.91)])
    found = [
        *rows.items(),
        ("999", square(106.7, 10.8, 1)),
        ("777", square(106.6, 10.7, 1)),
        (None, square(106.6, 10.8, 1)),
    ]
    return [(code, shape) for code, shape in found if code != "786"]


def test_every_fault_is_told_at_once_with_feature_and_code(tmp_path: Path) -> None:
    rows = faulty()
    told = faults_of(tmp_path / "home", write_geojson(tmp_path / "d.geojson", rows))
    number = {code: place for place, (code, _) in enumerate(rows, start=1)}

    def says(code: str, words: str) -> bool:
        return any(f"row {number[code]}, value {code}: " in line and words in line for line in told)

    assert says("760", "no geometry")
    assert says("761", "a Point, not a polygon")
    assert says("764", "Self-intersection")
    assert says("765", "no number")
    assert says("766", "km from this place")
    assert says("787", "km from this place")
    assert says("773", f"overlaps 778 (feature {number['778']}) by 0.1")
    assert says("784", "outside the city")
    assert says("999", "none of the places")
    assert any("value 777: this code is there 2 times" in line for line in told)
    assert any(f"row {number[None]}: this feature has no code" in line for line in told)
    assert says("783", "its geometry cannot be read")
    assert any("value 786: no feature has this code" in line for line in told)
    assert len(told) == 13


def test_a_gap_is_told_with_its_size_and_who_borders_it(tmp_path: Path) -> None:
    border = CITY["773"].intersection(CITY["778"]).interpolate(0.5, normalized=True)
    hole = square(border.x, border.y, 3)
    rows = {code: shape.difference(hole) for code, shape in CITY.items()}
    [told] = faults_of(tmp_path / "home", write_geojson(tmp_path / "d.geojson", rows.items()))

    assert "0.029 km2" in told
    assert "value 773, 778" in told


def bitten(shapes: Mapping[str, Any], where: tuple[float, float], hectares: float, folder: Path) -> Path:
    """A file of outlines without a square around a point."""
    hole = square(*where, hectares)
    rows = {code: shape.difference(hole) for code, shape in shapes.items()}
    return write_geojson(folder / "d.geojson", rows.items())


#: On the western edge of Cần Giờ, and near that of Củ Chi.
WEST, NORTH = (106.75, 10.435), (106.45, 11.12)


@pytest.mark.parametrize(("geography", "place"), [("district", "787"), ("unit", "27673")])
def test_a_bite_out_of_the_edge_is_told_and_refused_where_the_area_says_so_too(
    tmp_path: Path, geography: Geography, place: str
) -> None:
    shapes = {"district": CITY, "unit": UNITS}[geography]
    small = imported(tmp_path / "a", bitten(shapes, WEST, 4_900, tmp_path), geography)
    assert [note for note in small["notes"] if note.startswith(f"{place}: about 2")]
    [large] = faults_of(tmp_path / "b", bitten(shapes, WEST, 40_000, tmp_path), geography)
    assert f"value {place}: about 1" in large
    assert "at the edge of the city, belong to nobody" in large


def test_a_bite_is_judged_by_the_place_with_most_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 46 km2 of Cần Giờ 2 reach into Nhà Bè, which is short for a reason of its own; then it has 18 of 47."""
    official = checks.areas("district")
    short = {"district": {**official, "786": official["786"] * 1.5}}
    monkeypatch.setattr(checks, "areas", lambda geography: short[geography])

    def found(longitude: float, latitude: float) -> tuple[list[Any], list[str]]:
        hole = square(longitude, latitude, 4_900)
        return checks.bites(
            {code: shape.difference(hole) for code, shape in CITY.items()}, "district", "d.geojson"
        )

    faults, [note] = found(106.7982, 10.632)
    assert (faults, note.partition(":")[0]) == ([], "786, 787")
    [fault], notes = found(106.7682, 10.642)
    assert (fault.value, notes) == ("786, 787", [])


def test_an_edge_that_strays_as_maps_do_is_no_bite(tmp_path: Path) -> None:
    strip = shapely.union_all(list(CITY.values())).boundary.buffer(2.4 / KM_PER_DEGREE / 2)
    rows = {code: shape.difference(strip) for code, shape in CITY.items()}
    about = imported(tmp_path, write_geojson(tmp_path / "d.geojson", rows.items()))
    assert not [note for note in about["notes"] if "edge of the city" in note]


def test_a_bite_beside_another_fault_is_told_with_it(tmp_path: Path) -> None:
    border = CITY["773"].intersection(CITY["778"]).interpolate(0.5, normalized=True)
    holes = shapely.union_all([square(*NORTH, 15_000), square(border.x, border.y, 3)])
    rows = {code: shape.difference(holes) for code, shape in CITY.items()}
    told = faults_of(tmp_path / "home", write_geojson(tmp_path / "d.geojson", rows.items()))
    assert len(told) == 2
    assert any("value 783: about" in line for line in told)


def test_slivers_below_a_hectare_are_closed_and_told(tmp_path: Path) -> None:
    border = CITY["773"].intersection(CITY["778"]).interpolate(0.5, normalized=True)
    other = CITY["783"].intersection(CITY["784"]).interpolate(0.5, normalized=True)
    rows = {code: shape.difference(square(border.x, border.y, 0.5)) for code, shape in CITY.items()}
    rows["783"] = shapely.union_all([rows["783"], square(other.x, other.y, 0.5)])
    about = imported(tmp_path, write_geojson(tmp_path / "d.geojson", rows.items()))

    assert any(note.startswith("1 gaps below a hectare") and "4,912 m2" in note for note in about["notes"])
    assert any(note.startswith("1 overlaps below a hectare") for note in about["notes"])
    found = drawn(tmp_path)
    assert shapely.coverage_is_valid(list(found.values()))
    assert len(shapely.union_all(list(found.values())).interiors) == 0


def write(name: str, content: bytes | str) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return made


def cut_off(kind: str, *, keep: float) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        path = in_some_format(folder, kind)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
        return path

    return made


def without(suffix: str) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        path = in_some_format(folder, "shp")
        path.with_suffix(suffix).unlink()
        return path

    return made


def moved(change: Callable[[Any], Any], **more: Any) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        rows = {code: shapely.transform(shape, change) for code, shape in CITY.items()}
        return write_geojson(folder / "d.geojson", rows.items(), **more)

    return made


def two_shapefiles(folder: Path) -> Path:
    write_gdal(folder / "other.shp", CITY)
    path = in_some_format(folder, "shp")
    with zipfile.ZipFile(folder / "both.zip", "w") as target:
        for part in folder.glob("*.[sd][hb][pxf]"):
            target.write(part, part.name)
    assert path.exists()
    return folder / "both.zip"


def two_layers(folder: Path) -> Path:
    write_gdal(folder / "d.gpkg", CITY, layer="districts")
    return write_gdal(folder / "d.gpkg", CITY, layer="old")


NAMED = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::99999"}}}
FILES = {
    "not there": (lambda folder: folder / "d.geojson", "there is no such file"),
    "empty": (write("d.geojson", ""), "not what the name says, or the file is empty"),
    "text": (write("d.shp", "shapefile, really"), "not what the name says"),
    "other json": (write("d.geojson", '{"type": "Topology", "features": []}'), "this JSON is no GeoJSON"),
    "a list": (write("d.geojson", "[1, 2]"), "this JSON is no GeoJSON"),
    "latin": (write("d.geojson", '{"type": "ấ"}'.encode("utf-16")[2:].replace(b"{\0", b"{\xff", 1)), "no UTF-8"),
    "cut json": (cut_off("geojson", keep=0.5), "cut off or damaged at line 1, column"),
    "cut gpkg": (cut_off("gpkg", keep=0.3), "damaged or cut off"),
    "cut shp": (cut_off("shp", keep=0.5), "the Shapefile is cut off"),
    "cut zip": (cut_off("zip", keep=0.5), "the archive is damaged"),
    "no shx": (without(".shx"), "parts of the Shapefile are missing: .shx"),
    "no dbf": (without(".dbf"), "parts of the Shapefile are missing: .dbf"),
    "no prj": (without(".prj"), "state it: --crs EPSG:9210"),
    "two in a zip": (two_shapefiles, "several Shapefiles"),
    "two layers": (two_layers, "expected districts, old. Name it with --layer"),
    "unknown system": (moved(lambda c: c, **NAMED), "this coordinate system is not known"),
    "swapped": (moved(lambda c: c[:, ::-1]), "the axes are swapped"),
    "abroad": (moved(lambda c: c - [100, 5]), "outside Viet Nam"),
    "elsewhere": (moved(lambda c: c - [0, -5]), "in Viet Nam, but outside Ho Chi Minh City"),
    "metres": (moved(lambda c: c * 10_000), "state the system with --crs"),
    "no codes": (
        lambda folder: write_geojson(folder / "d.geojson", [("x", shape) for shape in CITY.values()]),
        "no column holds the codes of the districts",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "words"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_used_says_why(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    [told] = faults_of(tmp_path / "home", make(tmp_path))
    assert words in told
    assert str(tmp_path) not in told.replace(str(tmp_path / "d.geojson"), "")


def test_what_the_file_does_not_say_can_be_stated(tmp_path: Path) -> None:
    assert imported(tmp_path / "a", without(".prj")(tmp_path), system="EPSG:9210")["places"] == 22
    (tmp_path / "d.gpkg").unlink(missing_ok=True)
    assert imported(tmp_path / "b", two_layers(tmp_path), layer="districts")["places"] == 22
    rows = [(code, shape) for code, shape in CITY.items()]
    file = write_geojson(tmp_path / "d.geojson", rows)
    [told] = faults_of(tmp_path / "c", file, code_column="ma_huyenn")
    assert "did you mean ma_huyen?" in told


def test_districts_of_before_2021_are_dissolved_and_told(tmp_path: Path) -> None:
    west, south, east, north = CITY["769"].bounds
    third = (east - west) / 3
    parts = {
        code: CITY["769"].intersection(shapely.box(west + third * n, south, west + third * (n + 1), north))
        for n, code in enumerate(("762", "763", "769"))
    }
    about = imported(tmp_path, write_geojson(tmp_path / "d.geojson", {**CITY, **parts}.items()))
    assert (about["features"], about["places"]) == (24, 22)
    assert any("dissolved into 769" in note for note in about["notes"])
    assert square_km(drawn(tmp_path)["769"]) == pytest.approx(square_km(CITY["769"]), rel=1e-3)

    half = {**CITY, **parts}
    del half["763"]
    told = faults_of(tmp_path / "home", write_geojson(tmp_path / "e.geojson", half.items()))
    assert [line for line in told if "value 763: no feature" in line]


def test_heights_are_dropped_and_told(tmp_path: Path) -> None:
    rows = {code: shapely.force_3d(shape, 7.0) for code, shape in CITY.items()}
    about = imported(tmp_path, write_geojson(tmp_path / "d.geojson", rows.items()))
    assert "heights of 22 features were dropped" in about["notes"]
    assert not any(shape.has_z for shape in drawn(tmp_path).values())


def test_units_beyond_the_old_city_are_left_out_and_told(tmp_path: Path) -> None:
    more = dict.fromkeys(outside(), square(106.7, 11.2, 5))
    about = imported(tmp_path, write_geojson(tmp_path / "u.geojson", {**UNITS, **more}.items()), "unit")
    assert (about["features"], about["places"]) == (168, 102)
    assert any(note.startswith("66 units") for note in about["notes"])
    assert tuple(map(tuple, about["neighbours"])) == neighbours("unit")


def test_an_island_is_the_neighbour_of_the_nearest() -> None:
    shapes = {"1": shapely.box(0, 0, 1, 1), "2": shapely.box(1, 0, 2, 1), "3": shapely.box(2.1, 0, 3, 1)}
    shapes["4"] = shapely.box(0, 1, 1, 2)
    pairs, notes = linked(shapes)
    assert pairs == (("1", "2"), ("1", "4"), ("2", "3")), "2 and 4 meet in a corner only"
    assert notes == ["3 touches nobody and is a neighbour of 2, 11.1 km away"]


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_order_and_direction_of_what_is_drawn_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, seed: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("order")
    rows = [
        (code, shapely.reverse(shape) if data.draw(st.booleans()) else shape) for code, shape in CITY.items()
    ]
    random.Random(seed).shuffle(rows)
    imported(folder, write_geojson(folder / "d.geojson", rows))
    assert store.current(folder, "district").content == geojson(noded(CITY))


def test_a_pair_of_files_that_does_not_fit_is_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.current(tmp_path, "district").about is None
    imported(tmp_path, write_geojson(tmp_path / "d.geojson", CITY.items()))
    about = store.current(tmp_path, "district").about
    assert about is not None
    assert about["file"] == "d.geojson"

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    written: list[Path] = []
    replace = store._replace

    def once(path: Path, content: bytes) -> None:
        if written:
            fail()
        written.append(path)
        replace(path, content)

    monkeypatch.setattr(store, "_replace", once)
    with pytest.raises(KeyboardInterrupt):
        imported(tmp_path, write_geojson(tmp_path / "d.geojson", detailed(CITY).items()))
    assert store.current(tmp_path, "district") == store.Outlines(outlines("district"), None)
    monkeypatch.undo()
    imported(tmp_path, write_geojson(tmp_path / "d.geojson", CITY.items()))
    assert store.current(tmp_path, "district").about is not None
    assert sorted(os.listdir(tmp_path / "boundaries")) == ["district.geojson", "district.json"]
    assert store.reset(tmp_path, "district")
    assert not store.reset(tmp_path, "district")
    assert store.current(tmp_path, "district").about is None


def test_the_command_imports_shows_and_resets(tmp_path: Path) -> None:
    home, file = tmp_path / "home", write_geojson(tmp_path / "d.geojson", CITY.items())
    about = json.loads(run(home, "boundaries", "import", str(file), "--format", "json").stdout)
    assert (about["places"], about["notes"]) == (22, ["773: 4.60 km2 where the official area is 4.18"])
    assert json.loads(run(home, "boundaries", "show", "--format", "json").stdout) == about | {
        "content_sha256": store.current(home, "district").sha256
    }
    assert "22 outlines from d.geojson" in run(home, "boundaries", "show").stdout
    assert "shown again" in run(home, "boundaries", "reset").stdout
    assert "approximate" in run(home, "boundaries", "show").stdout
    wrong = run(home, "boundaries", "import", str(file), "--geography", "unit")
    assert getattr(wrong.exception, "exit_code", None) == EXIT_DATA


def test_both_geographies_hang_together_by_their_neighbours() -> None:
    geographies: Mapping[Geography, Mapping[str, Any]] = {"district": CITY, "unit": UNITS}
    for geography, shapes in geographies.items():
        reached, edge = {min(shapes)}, {min(shapes)}
        while edge:
            edge = {b for pair in neighbours(geography) for a, b in (pair, pair[::-1]) if a in edge} - reached
            reached |= edge
        assert reached == set(shapes)
