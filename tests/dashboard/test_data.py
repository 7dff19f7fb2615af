"""Numbers reach the page through one door, with the viewer's scope, from the build the page names.

Counts carry the noise of the tests' own key: always the same, at most three off what the city was made with.
"""

import polars as pl
import pytest
from flask import Flask

from dashboard.access import Viewer
from dashboard.data import ncd as data
from dashboard.data import source
from dashboard.selection.ncd import NcdSelection
from warehouse.errors import Defect, UserError

EVERYBODY = Viewer()
SCOPED = Viewer(districts=frozenset({"761"}))


def opened(viewer: Viewer = EVERYBODY, **query: str) -> NcdSelection:
    page = data.open_page({"variant": "measured_twice", **query}, viewer, "vi")
    assert page is not None
    return page.selection


@pytest.mark.usefixtures("server")
def test_every_district_has_a_row_with_its_state() -> None:
    frame = data.by_district(opened(), EVERYBODY)
    rows = {row["district"]: row for row in frame.to_dicts()}

    assert frame.height == 22
    assert (rows["760"]["numerator"], rows["760"]["denominator"]) == (43, 80)
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
        data.by_age_and_sex(opened(), SCOPED, "760")


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
def test_age_and_sex_and_quarters_come_from_the_same_definition() -> None:
    selection = opened(district="761", period="2024Q2")
    curve = data.by_age_and_sex(selection, EVERYBODY, "761")
    quarters = data.by_quarter(selection, EVERYBODY, "761")

    assert set(curve["sex"]) == {"male", "female"}
    assert quarters["quarter"].to_list() == sorted(quarters["quarter"].to_list())
    newest = quarters.filter(pl.col("quarter") == "2024Q2").row(0, named=True)
    assert (newest["numerator"], newest["denominator"]) == (33, 122)


@pytest.mark.usefixtures("server")
def test_the_matrix_compares_every_district_with_the_city_at_two_levels() -> None:
    found = {item.indicator: item for item in data.matrix(opened(), EVERYBODY)}
    measured = found["hypertension/diagnosis"]

    assert "bmi/obese_30plus" in found
    assert measured.wide is not None
    assert measured.rows.height == measured.wide.height == 22
    assert found["coverage"].wide is None
    shown = [
        (near, far)
        for item in found.values()
        if item.wide is not None
        for near, far in zip(item.rows.to_dicts(), item.wide.to_dicts(), strict=True)
        if near["state"] == "shown"
    ]
    assert all(far["lower"] <= near["lower"] <= near["upper"] <= far["upper"] for near, far in shown)


@pytest.mark.usefixtures("server")
def test_a_distribution_is_of_the_chosen_quantity() -> None:
    selection = opened(quantity="systolic")
    classes = data.distribution(selection, EVERYBODY, None, classes="who")
    counts = dict(zip(classes["bin_from"], classes["numerator"], strict=True))

    assert (counts[120.0], counts[140.0]) == (143, 77)
    assert [scheme.scheme for scheme in data.schemes_of(selection)] == ["who"]


@pytest.mark.usefixtures("server")
def test_a_link_from_another_build_is_told_only_when_that_build_is_known() -> None:
    page = data.open_page({"seen": "19990101-00000000"}, EVERYBODY, "en")

    assert page is not None
    assert page.moved is None


def test_without_a_build_there_is_nothing_to_open(
    server: Flask, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.config, source.HOME, tmp_path)

    assert data.open_page({}, EVERYBODY, "vi") is None
    assert not source.has_build()


@pytest.mark.usefixtures("server")
def test_a_definition_that_cannot_be_corrected_is_blank_and_never_the_crude_number() -> None:
    selection = opened(estimator="weighted")

    for row in (data.city(selection, EVERYBODY), *data.by_district(selection, EVERYBODY).to_dicts()):
        assert row["reason"] == "not_corrected"
        assert row["state"] == "not_defined"
        assert row["numerator"] is row["denominator"] is row["value"] is row["lower"] is None


@pytest.mark.usefixtures("server")
def test_a_corrected_number_stands_beside_the_counts_it_was_learned_from() -> None:
    weighted = data.by_district(opened(variant="recommended", estimator="weighted"), EVERYBODY)
    crude = data.by_district(opened(variant="recommended"), EVERYBODY)

    assert weighted["denominator"].to_list() == crude["denominator"].to_list()
    assert set(weighted.columns) == set(crude.columns)
