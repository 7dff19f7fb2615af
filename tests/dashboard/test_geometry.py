"""The outlines: one per district, valid, clockwise, inside the map's window; the window has the card's shape."""

import json
import math
import re
from pathlib import Path

import pytest
import shapely
from flask import Flask

from dashboard import geometry
from dashboard.figures.district_map import CITY_WINDOW, INNER_WINDOW
from warehouse.geography import districts, neighbours

CSS = Path(__file__).resolve().parents[2] / "dashboard" / "assets" / "atlas.css"
FEATURES = json.loads(geometry.outlines())["features"]
SHAPES = {feature["id"]: shapely.geometry.shape(feature["geometry"]) for feature in FEATURES}


def test_one_valid_outline_per_district() -> None:
    assert sorted(SHAPES) == sorted(item.code for item in districts())
    assert [code for code, outline in SHAPES.items() if not outline.is_valid] == []


def test_exterior_rings_run_clockwise() -> None:
    parts = [part for outline in SHAPES.values() for part in getattr(outline, "geoms", [outline])]

    assert [part for part in parts if part.exterior.is_ccw] == []


def test_neighbours_are_the_districts_whose_outlines_touch() -> None:
    codes = sorted(SHAPES)
    touching = [
        (one, other)
        for place, one in enumerate(codes)
        for other in codes[place + 1 :]
        if SHAPES[one].distance(SHAPES[other]) == 0
    ]
    assert touching == list(neighbours())


def test_outlines_do_not_overlap() -> None:
    whole = shapely.union_all(list(SHAPES.values()))

    assert sum(outline.area for outline in SHAPES.values()) == pytest.approx(whole.area, rel=1e-6)


def test_the_area_of_each_district_is_near_the_official_one() -> None:
    km_per_degree = 111.32
    scale = km_per_degree**2 * math.cos(math.radians(10.75))
    errors = {item.code: SHAPES[item.code].area * scale / item.area_km2 - 1 for item in districts()}

    assert {code: error for code, error in errors.items() if abs(error) > 0.15} == {}


def test_the_window_of_the_city_map_holds_every_outline() -> None:
    (west, east), (south, north) = CITY_WINDOW
    box = shapely.union_all(list(SHAPES.values())).bounds

    assert west <= box[0]
    assert south <= box[1]
    assert box[2] <= east
    assert box[3] <= north


@pytest.mark.parametrize(("window", "name"), [(CITY_WINDOW, "graph-city"), (INNER_WINDOW, "graph-inner")])
def test_the_card_of_a_map_has_the_shape_of_its_window(
    window: tuple[tuple[float, float], tuple[float, float]], name: str
) -> None:
    (west, east), (south, north) = window
    found = re.search(rf"\.{name} {{ aspect-ratio: ([.\d]+);", CSS.read_text(encoding="utf-8"))
    drawn = (east - west) * math.cos(math.radians((south + north) / 2)) / (north - south)

    assert found
    assert float(found[1]) == pytest.approx(drawn, rel=0.03)


def test_the_outlines_are_served_under_their_version_for_a_year(server: Flask) -> None:
    client = server.test_client()
    answer = client.get(geometry.url())

    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert len(answer.data) < 150_000
    assert client.get("/geometry/000000000000/districts.json").status_code == 404
