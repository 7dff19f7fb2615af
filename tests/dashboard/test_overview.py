"""The overview's sentences say what the numbers say, and nothing about the future."""

from datetime import date

import pytest
from flask import Flask

from dashboard.access import Viewer
from dashboard.components import overview_parts as parts
from dashboard.data import overview as data
from dashboard.selection.overview import Behind, Changed, Phase
from dashboard.words import words
from tests.support.components import told

VI, EN = words("vi"), words("en")


def phase(
    records: int, due: int | None, *, name: str = "p1", pace: float = 10, needed: float | None = 5
) -> Phase:
    return Phase(
        phase=name,
        records=records,
        due=due,
        pace=pace,
        needed=needed,
        goal=date(2025, 3, 31),
    )


@pytest.mark.parametrize(
    ("records", "due", "expected"),
    [(98, 100, "on"), (102, 100, "ahead"), (97, 100, "behind"), (10, None, "unknown"), (10, 0, "not_due")],
)
def test_a_phase_stands_where_its_records_stand(records: int, due: int | None, expected: str) -> None:
    assert parts.standing(phase(records, due)) == expected


def test_the_headline_names_the_phases_that_are_behind() -> None:
    phases = [phase(90, 100), phase(99, 100), phase(50, 100, name="p2"), phase(80, 90, name="p3")]

    assert parts.headline(phases, "Toàn thành phố", VI).endswith("Chậm: giai đoạn 2, giai đoạn 3.")
    assert "90%" in parts.headline(phases, "Whole city", EN)
    assert "without a target" in parts.headline([phase(9, None)], "Whole city", EN)


def test_pace_is_compared_and_nothing_is_forecast() -> None:
    assert parts.pace(phase(1, 2, pace=4, needed=5), EN).endswith("needs 5: not enough.")
    assert parts.pace(phase(1, 2, pace=5, needed=5), EN).endswith("needs 5: enough.")
    assert "needs" not in parts.pace(phase(1, None, needed=None), EN)
    assert "forecasts nothing" in EN("overview.caution")


def test_a_phase_without_a_target_cannot_be_measured() -> None:
    shown = told(parts.phase_card(phase(7, None), EN))

    assert "cannot be measured" in shown
    assert "meter" not in shown


def test_reasons_are_told_with_both_numbers() -> None:
    found = [Behind(district="760", name="Quận 1", reached=0.34, missing=936,
                    reasons=(("pace_too_slow", 6.2, 102.4), ("incomplete", 0.12, 0.25)))]  # fmt: skip
    selection = data.OverviewSelection(language="vi", build="b")
    shown = "".join(told(part) for part in parts.attention(found, selection, VI, has_plan=True))

    assert "Mỗi tuần thêm 6, cần 102." in shown
    assert "12\u00a0% (toàn thành phố 25\u00a0%)" in shown
    assert "/ncd?lang=vi&district=760" in shown
    assert VI("attention.none") in told(parts.attention([], selection, VI, has_plan=True)[0])


def test_changes_name_definitions_and_the_first_build_says_so() -> None:
    found = Changed(
        old_build="20241130-0123abcd", old_extract_date=date(2024, 11, 30), extract_date=date(2024, 12, 31),
        files_new=1, files_replaced=2, files_gone=0, records_added=-5, records=100, refused_old=2, refused=7,
        quarters_added=("2024Q4",),
        definitions=(("Hypertension", "1.0.0", "1.1.0"), ("New", None, "1.0.0"), ("Old", "1.0.0", None)),
    )  # fmt: skip
    shown = "".join(told(part) for part in parts.changes(found, EN))

    assert "from version 1.0.0 to 1.1.0" in shown
    assert "\u22125, now 100" in shown
    assert "New definition: “New”" in shown
    assert "No longer there: definition “Old”" in shown
    assert EN("changes.first") in "".join(told(part) for part in parts.changes(None, EN))


@pytest.mark.usefixtures("server")
def test_without_targets_the_map_shows_coverage_and_nobody_is_behind() -> None:
    page = data.open_page({}, Viewer(), "en")
    assert page is not None
    frame, is_plan = data.by_district(page.selection, Viewer())

    assert not is_plan
    assert frame.height == 22
    assert data.behind(page.selection, Viewer()) == []
    assert {item.due for item in data.phases(page.selection, None)} == {None}


@pytest.mark.usefixtures("server")
def test_a_scope_holds_on_the_overview(server: Flask) -> None:
    page = data.open_page({"district": "760"}, Viewer(districts=frozenset({"761"})), "en")

    assert page is not None
    assert page.selection.district is None
    assert [option["value"] for option in page.districts] == ["761"]
