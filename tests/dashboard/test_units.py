"""Pages by the units of July 2025: the same totals, what was shared out is marked, what may not be told stays blank."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask import Flask

from analytics.generation import close_all
from dashboard import theme
from dashboard.access import Viewer
from dashboard.components import (
    legend,
    maps,
    ncd_sheets,
    overview_parts,
    overview_sheets,
    rollout_parts,
    rollout_sheets,
    sheets,
    statements,
)
from dashboard.data import ncd, overview, rollout, source, units
from dashboard.figures import compare, district_map, matrix, phrases, weeks
from dashboard.geometry import Drawing
from dashboard.selection.ncd import Choices
from dashboard.selection.ncd import resolve as resolve_ncd
from dashboard.selection.overview import resolve as resolve_overview
from dashboard.selection.rollout import resolve as resolve_rollout
from dashboard.words import words
from tests.support.components import told
from tests.support.home import pressure, record, resident, run_build, write_csv

VI, EN, LIGHT = words("vi"), words("en"), theme.LIGHT
EVERYBODY = Viewer()
#: An Đông is three whole wards of District 5; a ward of District 8 went to three units, two of them elsewhere.
WHOLE, WHOLE_WARD = "27316", "27316"
SPLIT_WARD, SPLIT_UNITS = "27430", {"27364", "27427", "27595"}
PEOPLE = 240
DRAWING = Drawing("/unit.json", "unit", "/district.json")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("units")
    homes = {"774": WHOLE_WARD, "776": SPLIT_WARD}
    people = [(f"{code}-{n:03}", code, ward, n) for code, ward in homes.items() for n in range(PEOPLE)]
    residents = [
        resident(ref, ward_code=ward, district_code=code, birth_date=f"{1950 + n % 40}-05-17")
        for ref, code, ward, n in people
    ]
    write_csv(folder / "in" / "resident.csv", residents)
    verified = {True: {"identity_verified_at": "2024-02-20"}, False: {}}
    write_csv(
        folder / "in" / "health_record.csv", [record(ref, **verified[n % 3 == 0]) for ref, *_, n in people]
    )
    readings = [
        row
        for ref, *_, n in people
        for day in ("2024-03-05", "2024-04-05")
        for row in pressure(ref, day, 150 if n % 3 == 0 else 120)
    ]
    write_csv(folder / "in" / "measurement.csv", readings)
    run_build(folder / "home", folder / "in", as_of=date(2024, 6, 30))
    return folder / "home"


@pytest.fixture
def city(server: Flask, built: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setitem(server.config, source.HOME, built)
    yield built
    close_all()


def opened(page: Any, viewer: Viewer = EVERYBODY, language: str = "en", **query: str) -> Any:
    found = page.open_page({"geography": "unit", **query}, viewer, language)
    assert found is not None
    return found.selection


def by_code(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["unit"]: row for row in frame.to_dicts()}


def test_the_geography_stands_in_the_url_and_falls_back_where_a_build_has_no_units() -> None:
    selection, fallbacks = resolve_overview({"geography": "unit"}, build="b", districts=(), language="en")
    assert (selection.geography, fallbacks) == ("unit", ())
    assert "geography=unit" in selection.as_query()
    old, [fallback] = resolve_overview(
        {"geography": "unit"}, build="b", districts=(), has_units=False, language="en"
    )
    assert (old.geography, fallback.name, fallback.used) == ("district", "geography", "district")
    choices = Choices(build="b", variants={"c": ("v",)}, periods=("2024Q2",), districts=())
    assert resolve_ncd({"geography": "country"}, choices, "en")[0].geography == "district"
    corrected, _ = resolve_ncd({"geography": "unit", "estimator": "weighted"}, choices, "en")
    assert (corrected.geography, corrected.mapped) == ("unit", "district")
    before, [fallback] = resolve_rollout(
        {"geography": "unit", "split": "unit"},
        build="b",
        districts=(),
        sources=(),
        has_units=False,
        language="en",
    )
    assert (before.geography, before.split, fallback.used) == ("district", "district", "district")


@pytest.mark.usefixtures("city")
def test_records_have_one_total_in_both_geographies_and_what_was_shared_out_is_told() -> None:
    frame, is_plan = overview.places(opened(overview), EVERYBODY)
    old, _ = overview.places(opened(overview, geography="district"), EVERYBODY)
    rows = by_code(frame)

    assert (frame.height, is_plan) == (102, False)
    assert frame["numerator"].sum() == old["numerator"].sum() == 2 * PEOPLE
    assert frame["denominator"].sum() == old["denominator"].sum()
    assert (rows[WHOLE]["numerator"], rows[WHOLE]["apportioned"]) == (PEOPLE, None)
    drawn = {code: row["apportioned"] for code, row in rows.items() if row["apportioned"]}
    assert drawn == dict.fromkeys(SPLIT_UNITS, 1.0)
    assert "100% of the people were shared out" in phrases.hover(rows["27427"], EN)
    assert "shared out" not in phrases.hover(rows[WHOLE], EN)
    assert (rows[WHOLE]["name"], rows["27595"]["name"]) == ("An Đông Ward", "Tân Nhựt Commune")
    assert (
        by_code(overview.places(opened(overview, language="vi"), EVERYBODY)[0])["27595"]["name"]
        == "Xã Tân Nhựt"
    )


@pytest.mark.usefixtures("city")
def test_the_sheet_and_the_texts_of_the_overview_say_so_too() -> None:
    selection = opened(overview)
    frame, _ = overview.places(selection, EVERYBODY)
    about = sheets.About(overview.build(selection), (), EN)
    sheet = overview_sheets.places(frame, about, is_plan=False)
    rows = {row["unit"]: row for row in sheet.rows}

    assert (sheet.name, sheet.title) == ("units", EN("overview.map_title_units"))
    assert "shared out" in rows["27427"]["note"]
    assert rows[WHOLE]["note"] == ""
    subtitle = overview_parts.map_subtitle(frame, "all", EN, kind="tiles", is_plan=False)
    assert "102 of the 168 units" in subtitle
    assert EN("map.no_tiles") in subtitle
    assert EN("legend.apportioned") in told(legend.legend(frame, EN, LIGHT))
    assert "units of July 2025" in statements.map_summary(frame, EN)
    assert overview.filters(selection)[EN("control.geography")] == EN("geography.unit")


@pytest.mark.usefixtures("city")
def test_a_health_number_is_told_of_whole_units_only() -> None:
    selection = opened(ncd, variant="measured_twice")
    rows = by_code(ncd.places(selection, EVERYBODY))

    assert rows[WHOLE]["state"] == "shown"
    assert {(rows[code]["state"], rows[code]["value"]) for code in SPLIT_UNITS} == {("suppressed", None)}
    assert EN("reason.other_geography") in phrases.hover(rows["27427"], EN)
    assert "only units made of whole wards" in statements.map_subtitle(ncd.subject(selection), selection, EN)


@pytest.mark.usefixtures("city")
def test_a_corrected_number_keeps_the_districts_and_says_so() -> None:
    selection = opened(ncd, variant="recommended", estimator="weighted")
    frame = ncd.places(selection, EVERYBODY)

    assert frame.columns[0] == "district"
    assert "exist by district only" in statements.map_subtitle(ncd.subject(selection), selection, EN)
    assert ncd.filters(selection)[EN("control.geography")] == EN("geography.district")


@pytest.mark.usefixtures("city")
def test_the_comparison_ranks_whole_units_and_says_why_others_are_blank() -> None:
    selection = opened(ncd, variant="measured_twice", district="776")
    frame, whole = ncd.places(selection, EVERYBODY), ncd.city(selection, EVERYBODY)
    figure = compare.compare(frame, whole, EN, LIGHT, selected="776")
    [dots] = figure.data
    order = list(figure.layout.yaxis.categoryarray)

    assert (list(dots.y), [data[0] for data in dots.customdata]) == (["An Đông"], ["774"])
    assert (len(order), len(set(order)), order[-1]) == (102, 102, "An Đông"), (
        "every unit has a line of its own"
    )
    hidden = {note.y: note.text for note in figure.layout.annotations}
    assert hidden["Phú Định *"] == EN("state.suppressed")
    assert hidden["Sài Gòn"] == EN("state.suppressed"), (
        "nobody was drawn into it here, yet it holds part of a ward"
    )
    assert figure.layout.xaxis.side == "top"
    assert statements.compare_title(frame, whole, EN).startswith("Units of July 2025 higher")
    told = statements.compare_subtitle(whole, selection, EN)
    assert "made of whole wards" in told
    assert "asterisk marks units part of whose people were shared out" in told


@pytest.mark.usefixtures("city")
def test_the_matrix_has_every_unit_once_in_bands_with_its_district_beside_it() -> None:
    selection = opened(ncd, variant="measured_twice", district="776")
    indicators, places = ncd.matrix(selection, EVERYBODY), ncd.short_names(selection, EVERYBODY)
    cells = statements.matrix_cells(indicators, EN)
    figure = matrix.matrix(
        cells, [(item.indicator, item.name) for item in indicators], places, EN, LIGHT, selected="776"
    )
    grids = [trace for trace in figure.data if trace.type == "heatmap"]
    coverage = {cell["code"]: cell for cell in cells if cell["indicator"] == "coverage"}
    health = [cell for cell in cells if cell["indicator"] != "coverage"]

    assert [len(grid.z[0]) for grid in grids] == [34, 34, 34]
    assert len(health) == 102 * (len(indicators) - 1)
    assert {cell["position"] for cell in health if cell["code"] in SPLIT_UNITS} == {"suppressed"}
    assert {coverage[code]["position"] for code in SPLIT_UNITS} <= {"count_higher", "count_lower", "similar"}
    assert sum(cell["row"]["numerator"] for cell in coverage.values()) == 2 * PEOPLE
    named, homes = dict(places), [units.homes()[code][0] for code, _ in places]
    assert (named["27427"], named[WHOLE]) == ("Phú Định *", "An Đông")
    assert homes == sorted(homes), "a district's units lie side by side"
    assert [code for grid in grids for code in grid.hovertext[0]] == homes, "a click chooses the district"
    assert len(figure.layout.shapes) == homes.count("776")
    assert "asterisk" in statements.matrix_subtitle(selection, EN)


@pytest.mark.usefixtures("city")
def test_files_of_comparison_and_matrix_are_by_unit_too() -> None:
    selection = opened(ncd, variant="measured_twice")
    about = ncd_sheets.About(
        selection, ncd.subject(selection), ncd.build(selection), "", tuple(ncd.filters(selection).items()),
        {"map": (), "matrix": ()}, EN,
    )  # fmt: skip
    frame, whole = ncd.places(selection, EVERYBODY), ncd.city(selection, EVERYBODY)
    compared = ncd_sheets.places(frame, whole, about)
    cells = ncd_sheets.matrix(statements.matrix_cells(ncd.matrix(selection, EVERYBODY), EN), about)

    assert len(compared.rows) == 103
    assert "unit" in [column.name for column in cells.columns if column.is_code]
    rows = {(row["unit"], row["indicator"]): row for row in cells.rows}
    of_coverage = rows["27427", EN("matrix.coverage")]
    assert (of_coverage["place"], of_coverage["denominator"] > 0) == ("Phú Định Ward", True)
    assert "shared out" in of_coverage["note"]
    hidden = [
        row for (code, name), row in rows.items() if code in SPLIT_UNITS and name != of_coverage["indicator"]
    ]
    assert {(row["numerator"], row["denominator"], row["value"]) for row in hidden} == {(None, None, None)}


@pytest.mark.usefixtures("city")
def test_corrected_numbers_keep_the_districts_on_every_card_and_say_so() -> None:
    selection = opened(ncd, variant="recommended", estimator="weighted")
    whole = ncd.city(selection, EVERYBODY)

    assert {item.rows.columns[0] for item in ncd.matrix(selection, EVERYBODY)} == {"district"}
    assert len(ncd.short_names(selection, EVERYBODY)) == 22
    assert "exist by district only" in statements.compare_subtitle(whole, selection, EN)
    assert "exist by district only" in statements.matrix_subtitle(selection, EN)


@pytest.mark.usefixtures("city")
def test_new_records_of_units_add_up_week_by_week() -> None:
    frame = rollout.by_week(opened(rollout), EVERYBODY)
    old = rollout.by_week(opened(rollout, geography="district"), EVERYBODY)
    added = dict(frame.group_by("week").agg(pl.col("added").sum()).iter_rows())

    assert sum(added.values()) == 2 * PEOPLE
    assert added == dict(old.group_by("week").agg(pl.col("added").sum()).iter_rows())
    assert frame["unit"].n_unique() == 102
    figure = weeks.heat(frame, EN, LIGHT)
    assert {"Phú Định *", "An Đông"} <= set(figure.data[0].y)
    assert len(figure.data[0].z) == 102
    homes = [codes[0] for codes in figure.data[0].hovertext]
    assert homes == sorted(homes)
    assert "asterisk" in rollout_parts.heat_subtitle(opened(rollout), "x", EN)
    about = sheets.About(rollout.build(opened(rollout)), (), EN)
    subtitle = rollout_parts.heat_subtitle(opened(rollout), "x", EN)
    sheet = rollout_sheets.heat(frame, "x", about, subtitle=subtitle)
    assert "asterisk" in sheet.subtitle, "a star is explained in the files too"
    assert (sheet.screen_rows, len(sheet.rows)) == (4 * 102, frame.height)
    assert dict(sheet.filters)[EN("control.geography")] == EN("geography.unit")


@pytest.mark.usefixtures("city")
def test_weeks_of_a_group_that_tells_a_disease_are_of_no_unit() -> None:
    """Also where it is whole, and whatever was drawn into it."""
    frame = rollout.by_week(opened(rollout, group="over_50"), EVERYBODY)

    assert frame["added"].null_count() == frame.height > 0
    assert set(frame["reason"]) == {"weeks_of_places"}


@pytest.mark.usefixtures("city")
def test_the_ladder_by_unit_adds_up_and_marks_what_was_shared_out() -> None:
    lines = rollout.split(opened(rollout, split="unit"), EVERYBODY)
    names = {code: name for code, name, rows in lines if rows["identity_verified"]["denominator"]}

    assert sum(rows["identity_verified"]["denominator"] for *_, rows in lines) == 2 * PEOPLE
    assert names == {WHOLE: "An Đông", "27364": "Bình Phú *", "27427": "Phú Định *", "27595": "Tân Nhựt *"}
    assert "asterisk" in rollout_parts.split_subtitle(opened(rollout, split="unit"), EN)
    of_district = opened(rollout, split="unit", district="774")
    assert [code for code, *_ in rollout.split(of_district, EVERYBODY)] == [
        code for code, homes in units.homes().items() if "774" in homes
    ]
    assert "each as a whole" in rollout_parts.split_subtitle(of_district, EN)


@pytest.mark.usefixtures("city")
def test_a_scope_shows_the_units_that_lie_in_it_whole() -> None:
    scoped = Viewer(districts=frozenset({"776"}))
    frame, _ = overview.places(opened(overview, viewer=scoped), scoped)

    assert "27427" in frame["unit"].to_list()
    assert not {WHOLE, "27364", "27595"} & set(frame["unit"]), "in another district, or partly"
    assert {code for code in units.homes() if units.homes()[code] == ("776",)} == set(frame["unit"])


@pytest.mark.usefixtures("city")
def test_the_map_draws_units_marks_the_shared_ones_and_rings_the_district() -> None:
    frame, _ = overview.places(opened(overview), EVERYBODY)
    figure = district_map.city_map(frame, EN, LIGHT, geometry=DRAWING, selected="776")
    areas = [trace for trace in figure.data if trace.type == "choropleth"]
    [dots] = [trace for trace in figure.data if trace.type == "scattergeo"]

    *places, ring = areas
    at = {
        code: data[0]
        for trace in places
        for code, data in zip(trace.locations, trace.customdata, strict=True)
    }
    assert len(at) == 102
    assert (at["27427"], at[WHOLE]) == ("776", "774"), "a click on a unit chooses its district"
    assert (ring.geojson, list(ring.locations)) == ("/district.json", ["776"])
    assert {trace.geojson for trace in places} == {"/unit.json"}
    shared = frame.filter(pl.col("unit").is_in(list(SPLIT_UNITS)))
    assert sorted(dots.lon) == sorted(shared["longitude"])


@pytest.mark.usefixtures("city")
def test_tiles_are_drawn_by_district_only() -> None:
    frame, _ = overview.places(opened(overview), EVERYBODY)
    city_figure, _, tiles, outlines_hidden, tiles_hidden = maps.figures(
        frame, EN, LIGHT, kind="tiles", geometry=DRAWING, selected=None
    )
    assert (outlines_hidden, tiles_hidden) == (False, True)
    assert city_figure.data
    assert not tiles.data
    assert maps.has_outlines("tiles", "unit")
    assert not maps.has_outlines("tiles", "district")
