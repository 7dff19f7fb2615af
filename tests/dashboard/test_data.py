"""Numbers reach the page through one door, with the viewer's scope, from the build the page names."""

import pytest
from flask import Flask

from dashboard import data
from dashboard.access import Viewer
from dashboard.selection import Selection
from warehouse.errors import Defect, UserError

EVERYBODY = Viewer()
SCOPED = Viewer(districts=frozenset({"761"}))


def opened(viewer: Viewer = EVERYBODY, **query: str) -> Selection:
    page = data.open_page({"variant": "measured_twice", **query}, viewer, "vi")
    assert page is not None
    return page.selection


@pytest.mark.usefixtures("server")
def test_every_district_has_a_row_with_its_state() -> None:
    frame = data.by_district(opened(), EVERYBODY)
    rows = {row["district"]: row for row in frame.to_dicts()}

    assert frame.height == 22
    assert (rows["760"]["numerator"], rows["760"]["denominator"]) == (40, 80)
    assert (rows["764"]["state"], rows["764"]["value"]) == ("suppressed", None)
    assert rows["787"]["state"] == "no_data"
    assert rows["760"]["lower"] < rows["760"]["value"] < rows["760"]["upper"]


@pytest.mark.usefixtures("server")
def test_a_scope_shows_its_districts_and_the_city() -> None:
    selection = opened(SCOPED, district="760")

    assert selection.district is None
    assert data.by_district(selection, SCOPED)["district"].to_list() == ["761"]
    assert data.city(selection, SCOPED) == data.city(opened(), EVERYBODY)


@pytest.mark.usefixtures("server")
def test_a_scope_is_held_even_against_a_forged_store() -> None:
    forged = {"condition": "hypertension", "variant": "measured_twice", "district": "760", "lang": "vi"}

    assert data.read_selection(forged, SCOPED).district is None
    with pytest.raises(Defect):
        data.by_group(opened(district="760"), SCOPED)


@pytest.mark.usefixtures("server")
def test_an_administrator_sees_no_health_numbers() -> None:
    with pytest.raises(UserError, match="no health numbers"):
        data.by_district(opened(), Viewer(role="admin"))


@pytest.mark.usefixtures("server")
def test_an_unknown_build_and_language_fall_back_and_are_named() -> None:
    page = data.open_page({"build": "19990101-00000000", "asked_lang": "fr"}, EVERYBODY, "en")

    assert page is not None
    assert [item.name for item in page.fallbacks] == ["build", "lang"]
    assert page.build.is_latest


@pytest.mark.usefixtures("server")
def test_the_profile_splits_by_sex_then_by_age() -> None:
    groups = data.by_group(opened(district="761"), EVERYBODY)

    assert groups["group"].to_list() == ["male", "female", "18-39", "40-59", "60-69", "70+"]


def test_without_a_build_there_is_nothing_to_open(
    server: Flask, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.config, data.HOME, tmp_path)

    assert data.open_page({}, EVERYBODY, "vi") is None
    assert not data.has_build()
