"""The outlines of both geographies: valid, clockwise, one outer edge; which are served; windows of the card's shape."""

import json
import math
import re
import subprocess
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path

import pytest
import shapely
from flask import Flask

from dashboard import geometry
from dashboard.figures.district_map import CITY_WINDOW, INNER_WINDOW, Window, fitted
from dashboard.words import words
from tests.support.outlines import carried, write_geojson
from tests.support.tree import ROOT
from warehouse.boundaries import store
from warehouse.boundaries.coverage import square_km, touching
from warehouse.boundaries.importing import import_file
from warehouse.geography import Geography, areas, crosswalk, neighbours, outlines, outside, units, wards

CSS = Path(__file__).resolve().parents[2] / "dashboard" / "assets" / "atlas.css"
GEOGRAPHIES: tuple[Geography, ...] = ("district", "unit")
SHAPES = {geography: carried(geography) for geography in GEOGRAPHIES}
each_geography = pytest.mark.parametrize("geography", GEOGRAPHIES)


@each_geography
def test_one_valid_outline_per_place(geography: Geography) -> None:
    assert sorted(SHAPES[geography]) == list(areas(geography))
    assert [code for code, outline in SHAPES[geography].items() if not outline.is_valid] == []
    assert {outline.geom_type for outline in SHAPES[geography].values()} == {"Polygon"}
    assert len(outlines(geography)) < 150_000


@each_geography
def test_exterior_rings_run_clockwise(geography: Geography) -> None:
    assert [code for code, outline in SHAPES[geography].items() if outline.exterior.is_ccw] == []


@each_geography
def test_neighbours_are_the_places_that_share_a_border_line(geography: Geography) -> None:
    assert touching(SHAPES[geography]) == neighbours(geography)


@pytest.mark.slow
def test_the_outlines_of_the_units_are_those_the_script_draws(tmp_path: Path) -> None:
    try:
        metadata.distribution("vietnamadminunits")
    except metadata.PackageNotFoundError:
        pytest.skip("vietnamadminunits is not installed: the outlines of the units are not drawn again")
    subprocess.run([sys.executable, "scripts/unit_outlines.py", str(tmp_path)], cwd=ROOT, check=True)
    for name in ("unit_outlines.geojson", "unit_neighbours.csv"):
        assert (tmp_path / name).read_bytes() == (ROOT / "warehouse" / "geography" / name).read_bytes()


@each_geography
def test_outlines_share_their_borders_and_leave_no_gap(geography: Geography) -> None:
    shapes = list(SHAPES[geography].values())
    whole = shapely.union_all(shapes)

    assert shapely.coverage_is_valid(shapes)
    assert (whole.geom_type, len(whole.interiors)) == ("Polygon", 0)


def test_both_geographies_have_one_outer_edge_and_units_nest_in_districts() -> None:
    whole = {name: shapely.union_all(list(shapes.values())) for name, shapes in SHAPES.items()}
    assert square_km(whole["district"].symmetric_difference(whole["unit"])) < 0.01

    home = {ward.code: ward.district_code for ward in wards()}
    homes = {unit.code: shapely.union_all([]) for unit in units()}
    for part in crosswalk():
        district = SHAPES["district"][home[part.ward_code]]
        homes[part.unit_code] = shapely.union_all([homes[part.unit_code], district])
    beyond = {code: square_km(shape.difference(homes[code])) for code, shape in SHAPES["unit"].items()}
    assert max(beyond.values()) < 0.01


@each_geography
def test_the_area_of_each_place_is_near_the_official_one(geography: Geography) -> None:
    errors = {code: square_km(SHAPES[geography][code]) / area - 1 for code, area in areas(geography).items()}
    assert {code: error for code, error in errors.items() if abs(error) > 0.15} == {}


def test_the_units_of_the_merged_city_are_those_inside_and_those_outside() -> None:
    assert len(outside()) == 66
    assert not set(outside()) & set(areas("unit"))


@each_geography
def test_the_window_of_the_city_map_holds_every_outline(geography: Geography) -> None:
    (west, east), (south, north) = CITY_WINDOW
    box = shapely.total_bounds(list(SHAPES[geography].values()))

    assert (west <= box[0], south <= box[1], box[2] <= east, box[3] <= north) == (True,) * 4


@pytest.mark.parametrize(("window", "name"), [(CITY_WINDOW, "graph-city"), (INNER_WINDOW, "graph-inner")])
def test_the_card_of_a_map_has_the_shape_of_its_window(window: Window, name: str) -> None:
    (west, east), (south, north) = window
    found = re.search(rf"\.{name} {{ aspect-ratio: ([.\d]+);", CSS.read_text(encoding="utf-8"))
    drawn = (east - west) * math.cos(math.radians((south + north) / 2)) / (north - south)

    assert found
    assert float(found[1]) == pytest.approx(drawn, rel=0.03)


def test_the_window_of_imported_outlines_holds_them_in_the_same_shape() -> None:
    (west, east), (south, north) = CITY_WINDOW
    assert fitted((106.5, 10.5, 106.6, 10.6)) == (
        (pytest.approx(west), pytest.approx(east)),
        (pytest.approx(south), pytest.approx(north)),
    )
    (left, right), (bottom, top) = fitted((west - 0.2, south, east, north + 0.1))
    assert (left <= west - 0.2, bottom <= south, east <= right, north + 0.1 <= top) == (True,) * 4
    assert (right - left) / (top - bottom) == pytest.approx((east - west) / (north - south))


@each_geography
def test_the_outlines_are_served_under_their_version_for_a_year(server: Flask, geography: Geography) -> None:
    client = server.test_client()
    answer = client.get(geometry.url(geography))

    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.data == outlines(geography)
    assert client.get(f"/geometry/000000000000/{geography}.json").status_code == 404
    assert client.get(f"/geometry/{geometry.version(geography)}/country.json").status_code == 404


def test_imported_outlines_are_served_in_their_place_and_named(
    server: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.config, geometry.HOME, tmp_path)
    client, text = server.test_client(), words("en")
    before = geometry.drawing("district")
    assert (before.url, before.bounds) == (geometry.url("district"), None)
    assert geometry.told("district", text) == text("map.approximate")

    moved = {
        code: shapely.transform(shape, lambda c: c + 0.002) for code, shape in SHAPES["district"].items()
    }
    file = write_geojson(tmp_path / "official.geojson", moved.items())
    import_file(tmp_path, file, "district", now=datetime(2026, 11, 27, 8))
    after = geometry.drawing("district")
    assert after.url != before.url
    assert after.bounds == pytest.approx(shapely.total_bounds(list(moved.values())), abs=1e-5)
    features = json.loads(client.get(after.url).data)["features"]
    assert {item["id"] for item in features} == set(areas("district"))
    assert client.get(before.url).status_code == 404
    assert "official.geojson" in geometry.told("district", text)
    assert geometry.told("unit", text) == text("map.approximate")
    assert geometry.drawing("unit").districts == after.url

    store.reset(tmp_path, "district")
    assert geometry.drawing("district") == before
