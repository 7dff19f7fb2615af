"""The rollout page's numbers by hand, in a city with a plan for one phase; what figures and sentences say of them."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask import Flask

from analytics.generation import close_all
from dashboard import theme
from dashboard.access import Viewer
from dashboard.components import rollout_parts as parts
from dashboard.components import rollout_sheets as sheets
from dashboard.data import rollout as data
from dashboard.data import source
from dashboard.figures import ladder, multiples, shares, targets, tet, weeks
from dashboard.pages import rollout as page
from dashboard.selection.base import Build
from dashboard.selection.rollout import LADDER, SECTIONS, RolloutSelection
from dashboard.words import words
from tests.support.marts import Step, Target, reference_population, write_generation
from warehouse.noise import noise_table

VI, EN = words("vi"), words("en")
EVERYBODY = Viewer()
#: The extract is of Friday 10 February 2023, so the last complete week ends on Sunday the fifth.
STEPS_TAKEN = [
    Step(date(2022, 10, 3), "760", "over_50", "bhxh", "created", 100),
    Step(date(2022, 10, 3), "760", "over_50", "bhxh", "identity_verified", 90),
    Step(date(2022, 10, 3), "760", "over_50", "bhxh", "activated", 20),
    Step(date(2022, 11, 7), "760", "over_50", "bhxh", "section_blood_group", 10),
    Step(date(2022, 11, 7), "760", "over_50", "bhxh", "section_administrative", 80),
    Step(date(2022, 11, 7), "760", "over_50", "bhxh", "all_sections", 8),
    Step(date(2022, 11, 7), "761", "over_50", "exam", "created", 60),
    Step(date(2022, 11, 7), "761", "over_50", "exam", "all_sections", 30),
    Step(date(2023, 1, 30), "760", "over_50", "bhxh", "created", 40),
    Step(date(2023, 2, 6), "760", "over_50", "bhxh", "created", 900),
]
TARGETS: list[Target] = [
    ("760", "p1", "over_50", "2022Q4", 100, "test"),
    ("761", "p1", "over_50", "2022Q4", 70, "t"),
]


@pytest.fixture
def city(server: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    write_generation(tmp_path, steps=STEPS_TAKEN, targets=TARGETS)
    monkeypatch.setitem(server.config, source.HOME, tmp_path)
    yield tmp_path
    close_all()


def opened(**query: str) -> RolloutSelection:
    page = data.open_page(query, EVERYBODY, "en")
    assert page is not None
    return page.selection


def row(value: float | None, **more: Any) -> dict[str, Any]:
    shown = value is not None
    return {
        "district": "760", "name": "District 1", "short": "D. 1", "value": value, "lower": None, "upper": None,
        "numerator": 50 if shown else None, "denominator": 100 if shown else None,
        "state": "shown" if shown else "not_defined", "reason": None if shown else "not_measurable", **more,
    }  # fmt: skip


@pytest.mark.usefixtures("city")
def test_the_ladder_counts_every_step_of_every_record() -> None:
    """Of 1,100 records created up to the day of the data (900 of them in the week that is not over)."""
    found = {row["step"]: row for row in data.ladder(opened())}
    assert [step for step in LADDER if step in found] == list(found)
    assert (found["identity_verified"]["numerator"], found["identity_verified"]["denominator"]) == (90, 1100)
    assert found["all_sections"]["numerator"] == 38
    assert "created" not in {row["step"] for row in data.ladder(opened(group="over_50"))}
    one = {row["step"]: row for row in data.ladder(opened(district="761", source="exam"))}
    assert (one["all_sections"]["value"], one["identity_verified"]["value"]) == (0.5, 0.0)


@pytest.mark.usefixtures("city")
def test_a_split_has_a_line_for_everything_that_has_records() -> None:
    lines = {code: rows for code, _, rows in data.split(opened(split="source"), EVERYBODY)}
    assert set(lines) == {"bhxh", "exam"}
    assert lines["exam"]["all_sections"]["value"] == 0.5
    districts = data.split(opened(), EVERYBODY)
    assert {"760", "761"} <= {code for code, *_ in districts}
    assert data.split(opened(split="ward"), EVERYBODY) == []


@pytest.mark.usefixtures("city")
def test_a_district_reaches_its_plan_does_not_or_cannot_be_measured() -> None:
    """760: 140 of 100; 761: 60 of 70; the others have no target."""
    frame = data.against_plan(opened(), EVERYBODY)
    states = {row["district"]: targets.state_of(row) for row in frame.to_dicts()}
    assert (states["760"], states["761"], states["787"]) == ("reached", "not_reached", "not_measurable")
    assert parts.plan_title(frame, EN) == "Plan due reached: 1; not reached: 1; not measurable: 20"
    told = {row["district"]: row["reached"] for row in sheets.plan(frame, about()).rows}
    assert told["787"] == "not measurable: no target"


@pytest.mark.usefixtures("city")
def test_a_district_without_a_target_has_its_records_and_no_plan() -> None:
    frame = data.curves(opened(), EVERYBODY)
    last = {row["district"]: row for row in frame.filter(pl.col("week") == frame["week"].max()).to_dicts()}
    assert (last["760"]["records"], last["760"]["due"]) == (140, 100)
    assert (last["787"]["records"], last["787"]["due"]) == (0, None)
    assert multiples.multiples(frame, EN, theme.LIGHT, selected="787").data


@pytest.mark.usefixtures("city")
def test_weeks_tell_what_came_in_each_and_leave_out_the_one_that_is_not_over() -> None:
    flow = data.flow(opened())
    assert flow["week"][-1] == date(2023, 1, 30)
    assert dict(flow.filter(pl.col("added") > 0).select("week", "added").iter_rows()) == {
        date(2022, 10, 3): 100, date(2022, 11, 7): 60, date(2023, 1, 30): 40,
    }  # fmt: skip
    assert set(flow["state"]) == {"shown"}
    assert parts.flow_title(flow, "Records created", EN).startswith(
        "Records created: 40 in the week ending 5 February 2023; 10 a week"
    )
    heat = data.by_week(opened(), EVERYBODY)
    last = heat.filter((pl.col("district") == "760") & (pl.col("week") == date(2023, 1, 30))).row(
        0, named=True
    )
    assert last["added"] == 40
    # This build knows no population of the year: a rate is not made up.
    assert (last["people"], last["rate"]) == (None, None)
    assert (last["state"], last["reason"]) == ("no_data", "not_measurable")
    assert parts.heat_title(heat, "Records created", EN) == EN("reason.not_measurable").removesuffix(".")


@pytest.mark.usefixtures("city")
def test_a_later_step_has_its_own_weeks() -> None:
    flow = data.flow(opened(step="all_sections"))
    assert dict(flow.filter(pl.col("added") > 0).select("week", "added").iter_rows()) == {
        date(2022, 11, 7): 38
    }


@pytest.fixture
def steady(server: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A group to which records come by tens, then for a week none, and once more tens; two in three are verified."""
    came = [60, 30, 30, 0, 30]
    taken = [
        Step(date(2022, 12, 26) + timedelta(weeks=week), "760", "underlying_condition", "bhxh", step, count)
        for week, new in enumerate(came)
        for step, count in (("created", new), ("identity_verified", new * 2 // 3))
        if count
    ]
    people = reference_population(2022, 100)
    write_generation(
        tmp_path, steps=taken, population=people, noise=noise_table(bytes(32)).rows(), targets=TARGETS
    )
    monkeypatch.setitem(server.config, source.HOME, tmp_path)
    yield came
    close_all()


def test_weeks_of_a_group_are_those_of_the_city_and_hidden_where_few_came(steady: list[int]) -> None:
    """The week without any is hidden, and the one after it, whose number would be that of both."""
    flow = data.flow(opened(group="underlying_condition"))
    added = flow["added"].to_list()
    assert [count is None for count in added] == [False, False, False, True, True]
    assert added[:3] == [pytest.approx(new, abs=6) for new in steady[:3]]
    assert flow["reason"].to_list() == [None, None, None, "small_week", "small_week"]
    assert parts.flow_title(flow, "Records created", EN) == EN("rollout.flow_hidden")
    assert "hidden for privacy" in parts.flow_subtitle(flow, "District 1", "Records created", EN)
    bars, _, marks = weeks.flow(flow, EN, theme.LIGHT).data
    assert (len(bars.y), list(marks.text)) == (3, ["×", "×"])
    notes = [row["note"] for row in sheets.flow(flow, "x", about(), of_group=True).rows]
    assert ["Hidden for privacy" in note for note in notes] == [False, False, False, True, True]


@pytest.mark.usefixtures("steady")
@pytest.mark.parametrize("geography", ["district", "unit"])
@pytest.mark.parametrize("step", ["created", "identity_verified"])
def test_no_week_of_a_place_is_shown_of_a_group_and_every_card_says_so(geography: str, step: str) -> None:
    chosen = opened(group="underlying_condition", geography=geography, step=step, district="760")
    heat, flow = data.by_week(chosen, EVERYBODY), data.flow(chosen)
    said = EN("reason.weeks_of_places")

    assert heat.height
    # A short frame with the reason, not a hundred empty lines.
    assert page._lines(heat) == page.NO_LINES < page._lines(data.by_week(opened(), EVERYBODY))
    assert heat["added"].null_count() == heat["rate"].null_count() == heat.height
    assert set(heat["state"]) == set(flow["state"]) == {"suppressed"}
    assert flow["added"].null_count() == flow.height
    assert parts.heat_title(heat, "x", EN) == parts.flow_title(flow, "x", EN) == said.removesuffix(".")
    for figure in (weeks.heat(heat, EN, theme.LIGHT), weeks.flow(flow, EN, theme.LIGHT)):
        assert not figure.data
        assert "whole city only" in figure.layout.annotations[0].text.replace("<br>", " ")
    for sheet in (
        sheets.heat(heat, "x", about(), of_group=True),
        sheets.flow(flow, "x", about(), of_group=True),
    ):
        assert {row["note"] for row in sheet.rows} == {f"{EN('state.suppressed')}. {said}"}
        assert "moved slightly at random" in sheet.caution
    assert "of all groups together" in parts.curves_subtitle(chosen, EN)
    assert "of all groups together" not in parts.curves_subtitle(opened(), EN)
    curves = sheets.curves(data.curves(chosen, EVERYBODY), about(), of_group=True)
    assert EN("rollout.curves_all_groups").removesuffix(".") in curves.subtitle
    assert curves.caution == EN("rollout.caution")


@pytest.mark.usefixtures("steady")
def test_what_is_said_of_the_counts_is_true_of_one_group_and_of_all() -> None:
    group, everybody = opened(group="underlying_condition"), opened(split="group")
    assert "complete counts" in parts.caution(EN, of_group=everybody.is_of_group)
    assert "moved slightly at random" in parts.caution(EN, of_group=group.is_of_group)
    assert EN("rollout.split_groups") in parts.split_subtitle(everybody, EN)
    assert "moved slightly at random" in sheets.split([], about(), of_group=True).caution


def grid_of(**cells: tuple[int | None, float | None, str, str | None]) -> pl.DataFrame:
    """A grid of three places and one state each, over four weeks."""
    rows = [
        {"district": code, "short": code, "week": date(2024, 1, 1) + timedelta(weeks=week), "added": added,
         "people": None, "rate": rate, "state": state, "reason": reason}
        for code, (added, rate, state, reason) in cells.items()
        for week in range(4)
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def test_nobody_hidden_and_unknown_are_three_different_things_in_the_grid() -> None:
    frame = grid_of(
        none=(0, 0.0, "shown", None), few=(7, 1.5, "shown", None),
        hidden=(None, None, "suppressed", "weeks_of_places"), unknown=(7, None, "no_data", "not_measurable"),
    )  # fmt: skip
    rates, others, labels = weeks.heat(frame, EN, theme.LIGHT).data

    assert [row[0] for row in rates.z] == [0.0, 1.5, None, None]
    assert [row[0] for row in others.z] == [None, None, 1, 0]
    assert [colour for _, colour in others.colorscale] == [theme.LIGHT.no_data, theme.LIGHT.suppressed]
    assert dict(zip(labels.y, labels.text, strict=True)) == {
        "hidden": EN("state.suppressed"), "unknown": EN("state.no_data"),
    }  # fmt: skip
    said = {row[0][1].partition(",")[0]: row[0][2] for row in others.customdata}
    assert "whole city only" in said["hidden"]
    assert said["unknown"] == "7 in this week; population unknown"
    notes = {row["short"]: row["note"] for row in sheets.heat(frame, "x", plain_about()).rows}
    assert notes == {
        "none": "", "few": "", "hidden": f"{EN('state.suppressed')}. {EN('reason.weeks_of_places')}",
        "unknown": f"{EN('state.no_data')}. {EN('reason.not_measurable')}",
    }  # fmt: skip


@pytest.mark.usefixtures("city")
def test_an_unknown_source_falls_back_and_says_so() -> None:
    page = data.open_page({"source": "fax"}, EVERYBODY, "en")
    assert page is not None
    assert (page.selection.source, [item.name for item in page.fallbacks]) == ("all", ["source"])


def about() -> sheets.About:
    return sheets.About(data.build(opened()), (), EN)


def plain_about() -> sheets.About:
    """Of no build that is there."""
    day = date(2024, 6, 30)
    return sheets.About(
        Build(build_id="b", extract_date=day, created=day, is_synthetic=False, is_latest=True, days_old=0),
        (),
        EN,
    )


def test_the_sentences_name_where_records_stop_and_the_rarest_section() -> None:
    steps = {"created": 1.0, "identity_verified": 0.9, "activated": 0.2, "blood_group": 0.1, "administrative": 0.8,
             "all_sections": 0.08}  # fmt: skip
    rows = [row(value, step=step, numerator=round(value * 100)) for step, value in steps.items()]
    assert (
        parts.headline(rows, "District 1", EN)
        == "District 1: 100 records, 8% of them with every mandatory section"
    )
    assert "blood group (10.0% have it)" in parts.lead(rows, EN)
    assert (
        parts.ladder_title(rows, EN)
        == "Most records stop between “identity verified” and “activated by the citizen”: 70"
    )
    assert parts.headline([], "District 1", EN) == "District 1: no records match this choice"
    assert "hồ sơ" in parts.headline(rows, "Quận 1", VI)


def test_the_three_states_differ_by_form_and_word() -> None:
    frame = pl.DataFrame(
        [row(1.2), row(0.7, short="D. 3", district="770"), row(None, short="D. 4", district="773")]
    )
    figure = targets.targets(frame, EN, theme.LIGHT, selected=None)
    fills = dict(zip(figure.data[1].y, figure.data[1].marker.color, strict=True))
    assert fills == {"D. 1": theme.LIGHT.accent, "D. 3": theme.LIGHT.paper}
    assert [note.text for note in figure.layout.annotations] == ["not measurable: no target"]


def test_a_hidden_step_is_a_word_and_not_a_bar() -> None:
    rows = [row(1.0, step="created"), row(None, step="activated", state="suppressed", reason="small_count")]
    bars = ladder.ladder(rows, SECTIONS, EN, theme.LIGHT).data[0]
    assert (list(bars.x), list(bars.text)) == ([1.0, 0], ["100.0%", "Hidden for privacy"])


def test_each_column_of_a_grid_has_a_scale_of_its_own() -> None:
    lines = [
        ("760", "D. 1", {"activated": row(0.1), "all_sections": row(0.90)}),
        ("770", "D. 3", {"activated": row(0.3), "all_sections": row(0.92)}),
        ("773", "D. 4", {"activated": row(None), "all_sections": row(0.91)}),
    ]
    grid = shares.shares(lines, ("activated", "all_sections"), EN, theme.LIGHT)
    assert [list(column) for column in grid.data[0].z] == [[0.0, 1.0, None], [0.0, 1.0, pytest.approx(0.5)]]
    assert list(grid.data[1].text) == ["10%", "90%", "30%", "92%", "–", "91%"]
    assert "Nobody" in shares.shares([], ("activated",), EN, theme.LIGHT).layout.annotations[0].text


def test_curves_are_drawn_as_shares_of_their_own_plan() -> None:
    days = [date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 15)]
    frame = pl.DataFrame(
        {
            "district": ["760"] * 3,
            "short": ["D. 1"] * 3,
            "week": days,
            "records": [10, 20, 50],
            "due": [30.0, 60.0, 100.0],
        }
    )
    figure = multiples.multiples(frame, EN, theme.LIGHT, selected=None)
    assert "50%" in figure.layout.annotations[0].text
    assert multiples.below_plan(frame) == (1, 1)
    plan, records = figure.data
    assert records.y[-1] - records.y[0] == pytest.approx(0.4 * multiples.HEIGHT / multiples.LEAST_TOP)
    assert plan.y[-1] > records.y[-1]


def test_tet_is_marked_where_it_lies_in_the_weeks_drawn() -> None:
    days = pl.date_range(date(2024, 1, 1), date(2024, 3, 4), "1w", eager=True)
    frame = pl.DataFrame({"week": days, "added": range(len(days))})
    frame = frame.with_columns(state=pl.lit("shown"), reason=pl.lit(None, pl.String))
    assert [note.text for note in weeks.flow(frame, VI, theme.LIGHT).layout.annotations] == [VI("curve.tet")]
    assert not weeks.flow(
        frame.filter(pl.col("week") < tet.DAYS[1].replace(day=1)), VI, theme.LIGHT
    ).layout.annotations
