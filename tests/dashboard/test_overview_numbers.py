"""The overview's numbers by hand, in a city with a plan for one phase of three; and what its sentences say."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from analytics.generation import close_all
from dashboard import theme
from dashboard.access import Viewer
from dashboard.components import overview_parts, overview_sheets
from dashboard.data import overview as data
from dashboard.data import source
from dashboard.figures.sparkline import sparkline
from dashboard.selection.overview import PHASES, STEPS, OverviewSelection, Phase
from dashboard.words import Words, words
from tests.support.marts import Step, Target, write_generation

VI, EN = words("vi"), words("en")
EVERYBODY = Viewer()
#: The extract is of Friday 10 February 2023, so the last complete week ends on Sunday the fifth.
SUNDAY, GOAL = date(2023, 2, 5), date(2023, 3, 31)
STEPS_TAKEN = [
    Step(date(2022, 10, 3), "760", "over_50", "bhxh", "created", 100),
    Step(date(2022, 10, 3), "760", "other", "bhxh", "created", 500),
    Step(date(2022, 11, 7), "761", "over_50", "exam", "created", 60),
    Step(date(2022, 12, 5), "760", "over_50", "bhxh", "all_sections", 80),
    Step(date(2023, 1, 9), "760", "over_50", "bhxh", "created", 40),
    Step(date(2023, 1, 30), "760", "over_50", "bhxh", "created", 8),
    Step(date(2023, 2, 6), "760", "over_50", "bhxh", "created", 900),
]
TARGETS: list[Target] = [
    (unit, "p1", "over_50", quarter, people * scale, "test")
    for unit, scale in (("760", 1), ("761", 2), ("79", 3))
    for quarter, people in (("2022Q4", 100), ("2023Q1", 200))
]
#: Of the 90 days of the first quarter 36 are over on that Sunday: 100 + 36/90 of the next 100, in each third.
DUE = {"760": 140, "761": 280, None: 420}


@pytest.fixture
def city(server: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    write_generation(tmp_path, steps=STEPS_TAKEN, targets=TARGETS)
    monkeypatch.setitem(server.config, source.HOME, tmp_path)
    yield tmp_path
    close_all()


def opened(**query: str) -> OverviewSelection:
    page = data.open_page(query, EVERYBODY, "vi")
    assert page is not None
    return page.selection


def phase(**changed: Any) -> Phase:
    values: dict[str, Any] = {
        "phase": "p1",
        "records": 50,
        "due": 100,
        "pace": 2.0,
        "needed": 9.0,
        "goal": GOAL,
    }
    return Phase(**{**values, **changed})


@pytest.mark.usefixtures("city")
def test_everything_is_counted_to_the_last_complete_week() -> None:
    weeks = data.weeks(opened(), None, "p1")

    assert data.last_week(opened()) == SUNDAY
    # The 900 records of the week that has just begun are not there.
    assert weeks.row(-1, named=True) == {"week": date(2023, 1, 30), "records": 208, "due": 420}


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("district", [None, "760", "761"])
def test_a_phase_stands_against_its_own_target(district: str | None) -> None:
    records = {None: 208, "760": 148, "761": 60}[district]
    (_, first, second, third) = data.phases(opened(), district)

    assert (first.records, first.due, first.goal) == (records, DUE[district], GOAL)
    assert (second.due, third.due, third.needed) == (None, None, None)


@pytest.mark.usefixtures("city")
def test_pace_and_need_are_divisions_to_the_same_day() -> None:
    first = data.phases(opened(), "760")[1]

    # Four weeks back the stock was 100; 48 came since. 52 are missing to 200, with 54 days to go.
    assert first.pace == 48 / 4
    assert first.needed == pytest.approx(52 / (54 / 7))


@pytest.mark.usefixtures("city")
def test_all_phases_are_those_that_have_a_target() -> None:
    """The 500 records of phase 3 must not make the city look ahead of a plan that asks for nobody of them."""
    whole = data.phases(opened(), None)[0]

    assert (whole.records, whole.due) == (208, 420)
    assert overview_parts.standing(whole) == "behind"


@pytest.mark.usefixtures("city")
def test_the_map_shows_the_share_of_the_plan_and_flags_what_exceeds_it() -> None:
    frame, is_plan = data.by_district(opened(), EVERYBODY)
    rows = {row["district"]: row for row in frame.to_dicts()}

    assert is_plan
    assert (rows["760"]["numerator"], rows["760"]["denominator"]) == (148, 140)
    assert rows["760"]["reason"] == "over_100_percent"
    assert rows["761"]["value"] == pytest.approx(60 / 280)
    assert (rows["764"]["state"], rows["764"]["value"]) == ("no_data", None)


@pytest.mark.usefixtures("city")
def test_only_districts_behind_their_plan_need_attention() -> None:
    (found,) = data.behind(opened(), EVERYBODY)

    assert (found.district, found.missing) == ("761", 220)
    assert found.reached == pytest.approx(60 / 280)
    assert data.has_plan(opened())
    assert [code for code, _, _ in found.reasons] == ["pace_too_slow", "incomplete"]
    assert data.behind(opened(), Viewer(districts=frozenset({"760"}))) == []


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("name", PHASES)
def test_headline_numbers_follow_the_phase(name: str) -> None:
    steps = {step.step: step for step in data.ladder(opened(), None, name)}

    assert tuple(steps) == STEPS
    assert steps["created"].records == {"all": 708, "p1": 208, "p2": 0, "p3": 500}[name]
    assert steps["created"].added == {"all": 48, "p1": 48, "p2": 0, "p3": 0}[name]
    assert steps["updated_12m"].weekly == ()


def test_without_any_target_coverage_is_shown_and_nobody_is_behind(
    server: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_generation(tmp_path, steps=STEPS_TAKEN)
    monkeypatch.setitem(server.config, source.HOME, tmp_path)
    whole = data.phases(opened(), None)[0]

    assert (whole.records, whole.due, whole.needed) == (708, None, None)
    assert data.by_district(opened(), EVERYBODY)[1] is False
    assert data.behind(opened(), EVERYBODY) == []
    assert not data.has_plan(opened())
    said = str(overview_parts.attention([], opened(), EN, has_plan=False))
    assert EN("attention.no_plan") in said
    assert EN("attention.none") not in said
    assert "%" not in overview_parts.headline([whole], "X", VI)
    close_all()


def test_the_build_before_tells_records_and_refused_rows(city: Path) -> None:
    assert data.changed(opened()) is None
    more = [*STEPS_TAKEN, Step(date(2023, 1, 2), "761", "over_50", "exam", "created", 25)]
    write_generation(city, steps=more, targets=TARGETS, build_id="20230210-0123abce")
    path = city / "builds" / "20230210-0123abce" / "manifest.json"
    path.write_text(
        path.read_text()
        .replace("2023-02-10T08", "2023-02-11T08")
        .replace('"rows": 1}]', '"quarantined": 7}]')
    )
    found = data.changed(opened())

    assert found is not None
    assert (found.records_added, found.refused_old, found.refused) == (25, 0, 7)
    assert "7" in str(overview_parts.changes(found, EN)[1])


@pytest.mark.parametrize(
    ("records", "due", "expected"),
    [(97, 100, "behind"), (98, 100, "on"), (102, 100, "ahead"), (5, 0, "not_due"), (5, None, "unknown")],
)
def test_where_a_phase_stands(records: int, due: int | None, expected: str) -> None:
    assert overview_parts.standing(phase(records=records, due=due)) == expected


@pytest.mark.parametrize("language", [VI, EN])
def test_no_sentence_gives_a_number_that_cannot_be_measured(language: Words) -> None:
    card = str(overview_parts.phase_card(phase(due=None, needed=None), language))

    assert "50" in card
    assert "%" not in card


def test_a_small_line_ends_on_the_last_sunday_and_one_value_is_no_line() -> None:
    figure = sparkline((10, 20, 30), SUNDAY, EN, theme.LIGHT)

    assert list(figure.data[0].x) == [date(2023, 1, 22), date(2023, 1, 29), SUNDAY]
    assert "5 February 2023: 30" in figure.data[0].customdata[-1]
    assert len(sparkline((10,), SUNDAY, EN, theme.LIGHT).data) == 0


@pytest.mark.usefixtures("city")
def test_the_sheets_hold_what_the_figures_show() -> None:
    chosen = opened(phase="p1")
    about = overview_sheets.About(data.build(chosen), tuple(data.filters(chosen).items()), EN)
    steps = overview_sheets.steps(data.ladder(chosen, None, "p1"), about)
    weeks = overview_sheets.curve(data.weeks(chosen, None, "p1"), "city", about)

    assert [(row["step_code"], row["records"]) for row in steps.rows][:1] == [("created", 208)]
    assert weeks.rows[-1] == {"week_ends": SUNDAY, "records": 208, "due": 420}
    assert steps.notice == EN("shell.synthetic")
