"""The thirty indicators of the plan: each counted by hand, its states, its absence, and faults in its file."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.disclosure import SMALLEST_COUNT
from analytics.generation import Generation
from analytics.indicator import Polarity, Target, indicators
from analytics.indicator_page import indicator_page
from analytics.plan_indicator import Status, judged, parse_plan_indicators, plan_indicators
from analytics.query import answer, parse
from analytics.scorecard import scorecard
from tests.support.marts import write_generation
from tests.support.plan import plan_home
from warehouse.errors import Faults, UserError

PAGE = Path(__file__).parents[2] / "docs" / "indicators.md"
ASKED_AT = datetime(2025, 1, 2, 9, 0, 0)
#: Numerator and denominator of the city in 2024Q4, counted by hand from ``tests/support/plan.py``.
BY_HAND = {
    "I01": (6, 10530), "I02": (1, 3510), "I03": (1, 2), "I04": (1, 3), "I05": (2, 7020), "I06": None,
    "I07": (2, 5), "I08": (2, 6), "I09": (1, 6), "I10": (2, 4), "I11": (1, 2), "I12": (1, 3), "I13": (1, 273),
    "I14": (600, 3000), "I15": (15, 20), "I16": (18, 20), "I17": (11, 273), "I18": (2, 22), "I19": (1, 22),
    "I20": (10, 10), "I21": (2, 4), "I22": (1, 3), "I23": (6, 12), "I24": (30, 50), "I25": (1, 3), "I26": (1, 3),
    "I27": (3, 10), "I28": (3_500_000_000, 46_395_000_000), "I29": (2, 4), "I30": None,
}  # fmt: skip
#: What cannot be measured without a table of the extracts.
NEEDS = {
    "health_record": {*(f"I{number:02}" for number in range(1, 13)), "I22", "I23", "I25", "I26", "I29"},
    "record_section": {"I09"}, "target": {"I07"}, "insurance_spell": {"I03"}, "condition": {"I03"},
    "activity": {*(f"I{number}" for number in range(13, 21)), "I24", "I27"},
    "budget": {"I28"}, "facility": {"I21"}, "encounter": {"I22"},
}  # fmt: skip


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    return Generation.open(plan_home(tmp_path_factory.mktemp("plan")))


def rows(generation: Generation, measure: str, **words: Any) -> list[dict[str, Any]]:
    question = parse(measure=measure, **{"exact": True, **words})
    return answer(question, generation, asked_at=ASKED_AT, user="test").rows.to_dicts()


def counts(found: list[dict[str, Any]], name: str) -> dict[Any, tuple[Any, Any]]:
    return {row[name]: (row["numerator"], row["denominator"]) for row in found if row["state"] == "shown"}


def states(found: list[dict[str, Any]], name: str) -> dict[Any, tuple[str, str | None, str | None]]:
    return {row[name]: (row["state"], row["reason"], row["status"]) for row in found}


def test_there_are_thirty_in_their_order() -> None:
    assert list(plan_indicators()) == [f"I{number:02}" for number in range(1, 31)]
    assert set(BY_HAND) == set(plan_indicators())


@pytest.mark.parametrize("name", BY_HAND)
def test_the_city_as_counted_by_hand(generation: Generation, name: str) -> None:
    (row,) = rows(generation, name)
    expected = BY_HAND[name]
    if expected is None:
        assert (row["state"], row["reason"], row["status"]) == ("no_data", "not_measurable", "not_measurable")
        assert [row[key] for key in ("numerator", "denominator", "value")] == [None] * 3
    else:
        assert (row["numerator"], row["denominator"]) == expected
        assert row["value"] == pytest.approx(expected[0] / expected[1])
        assert (row["state"], row["lower"], row["method"]) == ("shown", None, "count")


def test_districts_have_their_own_and_the_acts_of_the_city_belong_to_none(generation: Generation) -> None:
    assert counts(rows(generation, "I14", by="district"), "district") == {
        "760": (500, 1000),
        "769": (0, 2000),
    }
    assert states(rows(generation, "I14", by="district"), "district")["761"][1] == "not_measurable"
    officers = counts(rows(generation, "I16", by="district"), "district")
    assert officers == {"760": (18, 20)}  # Thủ Đức does not say how many were assigned
    committees = counts(rows(generation, "I18", by="district"), "district")
    assert len(committees) == 22  # and not 23
    assert {code for code, (done, _) in committees.items() if done} == {"760", "769"}
    senders = counts(rows(generation, "I21", by="district"), "district")
    assert (senders["760"], senders["769"]) == ((1, 2), (0, 1))
    vulnerable = counts(rows(generation, "I29", by="district"), "district")
    assert vulnerable == {"760": (1, 3), "769": (1, 1)}


def test_stocks_grow_and_flows_begin_anew(generation: Generation) -> None:
    leaflets = counts(rows(generation, "I14", by="quarter", period="2024Q1..2024Q4"), "quarter")
    assert [done for done, _ in leaflets.values()] == [0, 300, 300, 600]
    wards = counts(rows(generation, "I13", by="month", period="2024Q4"), "month")
    assert wards == {"2024-10": (1, 273), "2024-11": (1, 273), "2024-12": (0, 273)}
    (first,) = rows(generation, "I13", period="2024Q2")
    assert first["numerator"] == 1
    spent = counts(rows(generation, "I28", by="quarter", period="2024Q1..2024Q4"), "quarter")
    assert [done for done, _ in spent.values()] == [10**9, 10**9, 10**9, 35 * 10**8]


def test_newborns_and_people_who_moved_in_are_judged_when_their_time_is_up(generation: Generation) -> None:
    births = rows(generation, "I25", by="month", period="2024Q4")
    assert counts(births, "month") == {"2024-10": (1, 2), "2024-11": (0, 1)}
    assert states(births, "month")["2024-12"] == ("no_data", "nobody_counted", "not_measurable")
    moved = counts(rows(generation, "I26", by="month", period="2024Q4"), "month")
    assert moved == {"2024-10": (0, 1), "2024-11": (1, 2)}


COUNTED = [name for name, item in plan_indicators().items() if item.top is not None and name != "I30"]


@pytest.mark.parametrize("name", [name for name in COUNTED if "month" in plan_indicators()[name].by])
def test_months_add_up_to_their_quarter_and_a_stock_ends_as_its_last_month(
    generation: Generation, name: str
) -> None:
    (quarter,) = rows(generation, name, period="2024Q4")
    months = [row["numerator"] or 0 for row in rows(generation, name, by="month", period="2024Q4")]
    item = plan_indicators()[name]
    if item.timing == "stock":
        assert months == sorted(months)
        assert months[-1] == quarter["numerator"]
    elif item.top is not None and item.top.take == "amount":
        assert sum(months) == (quarter["numerator"] if item.timing == "flow" else months[-1])


@pytest.mark.parametrize("name", [name for name in COUNTED if "district" in plan_indicators()[name].by])
def test_districts_never_add_up_to_more_than_the_city(generation: Generation, name: str) -> None:
    (city,) = rows(generation, name)
    districts = rows(generation, name, by="district")
    assert len(districts) == 22
    assert sum(row["numerator"] or 0 for row in districts) <= city["numerator"]
    (one,) = rows(generation, name, where=["district=760"])
    assert one["numerator"] == districts[0]["numerator"]
    both = rows(generation, name, where=["district=760,769"])[0]["numerator"]
    asked = [row["numerator"] or 0 for row in districts if row["district"] in ("760", "769")]
    assert both in (sum(asked), None)


def test_parts_of_an_indicator(generation: Generation) -> None:
    lines = counts(rows(generation, "I28", by="part"), "part")
    assert lines == {
        "hd1": (3 * 10**9, 35 * 10**9), "hd2_1": (5 * 10**8, 3_920_000_000), "hd2_2": (0, 2_184_000_000),
        "hd2_3": (0, 5_291_000_000),
    }  # fmt: skip
    assert counts(rows(generation, "I16", by="part"), "part") == {
        "training_officer": (8, 10), "training_investigator": (10, 10),
    }  # fmt: skip
    assert counts(rows(generation, "I29", by="part"), "part") == {
        "poor": (1, 2), "elderly": (1, 1), "disabled": (0, 1),
    }  # fmt: skip
    assert counts(rows(generation, "I23", by="part"), "part") == {"bhxh": (1, 1), "test": (5, 11)}
    assert counts(rows(generation, "I21", by="part"), "part") == {
        "health_station": (0, 2),
        "hospital": (2, 2),
    }
    (poor,) = rows(generation, "I29", where=["part=poor"])
    assert (poor["numerator"], poor["denominator"]) == (1, 2)
    sections = counts(rows(generation, "I09", by="section"), "section")
    assert sections["administrative"] == (2, 6)


def test_what_is_known_on_the_extract_date_only_is_not_measured_for_another_day(
    generation: Generation,
) -> None:
    found = states(rows(generation, "I21", by="quarter"), "quarter")
    assert found.pop("2024Q4")[0] == "shown"
    assert set(found.values()) == {("no_data", "not_measurable", "not_measurable")}


def test_health_counts_pass_the_gate_and_a_hidden_value_says_nothing_of_its_target(
    generation: Generation,
) -> None:
    for name in ("I03", "I04", "I29"):
        (row,) = rows(generation, name, exact=False)
        assert (row["state"], row["status"], row["numerator"]) == ("suppressed", None, None)
        assert "month" not in plan_indicators()[name].by
    assert BY_HAND["I03"] is not None
    assert BY_HAND["I03"][0] < SMALLEST_COUNT


@pytest.mark.parametrize("table", NEEDS)
def test_a_missing_table_is_not_measurable_and_changes_nothing_else(
    generation: Generation, tmp_path: Path, table: str
) -> None:
    lacking = Generation.open(plan_home(tmp_path, without=(table,)))
    for name in BY_HAND:
        (row,) = rows(lacking, name, period="2024Q4")
        if name in NEEDS[table]:
            assert (row["state"], row["reason"], row["status"]) == (
                "no_data", "not_measurable", "not_measurable",
            ), name  # fmt: skip
            assert row["numerator"] is None, name
        elif table not in (
            "condition",
            "record_section",
            "insurance_spell",
        ):  # these move records between groups
            assert row == rows(generation, name, period="2024Q4")[0], name


def test_builds_of_before_these_marts_answer_not_measurable(tmp_path: Path) -> None:
    write_generation(tmp_path)
    for name in ("I13", "I21", "I28"):
        (row,) = rows(Generation.open(tmp_path), name)
        assert (row["state"], row["status"]) == ("no_data", "not_measurable")


@pytest.mark.parametrize(
    ("faults", "expected"), [([[]], 0), ([["coverage"], []], 0), ([["coverage"]], None)], ids=str
)
def test_freshness_counts_from_the_newest_estimate_that_may_be_shown(
    tmp_path: Path, faults: list[list[str]], expected: int | None
) -> None:
    home = plan_home(tmp_path)
    generation = Generation.open(home)
    [newest] = generation.frame("select max(quarter_index) as q from mart_quarter")["q"]
    with duckdb.connect(str(generation.folder / "estimates.duckdb")) as connection:
        connection.execute("create table estimate_fit (quarter_index smallint, faults varchar[])").fetchall()
        for why in faults:
            values = {"quarter": newest, "why": why}
            connection.execute("insert into estimate_fit values ($quarter, $why)", values).fetchall()
    (row,) = rows(generation, "I30")
    assert row["numerator"] == expected
    assert row["status"] == ("not_measurable" if expected is None else "no_target")


def test_an_indicator_is_asked_in_its_one_way(generation: Generation) -> None:
    with pytest.raises(UserError, match="counted in one way"):
        rows(generation, "I02", ages="18+")
    with pytest.raises(UserError, match="one of quarter, district"):
        rows(generation, "I03", by="month")
    with pytest.raises(UserError, match="a month lies in one quarter"):
        rows(generation, "I13", by="quarter,month")
    with pytest.raises(UserError, match="one row stands for one period"):
        rows(generation, "I13", period="2024Q1..2024Q4")
    with pytest.raises(UserError, match="one of hd1, hd2_1"):
        rows(generation, "I28", where=["part=hd3"])
    with pytest.raises(UserError, match="one of 760"):
        rows(generation, "I13", where=["district=999"])


def test_all_at_once(generation: Generation) -> None:
    card = scorecard(generation, period="2024Q4")
    assert card["id"].to_list() == list(BY_HAND)
    by_id = {row["id"]: row for row in card.to_dicts()}
    assert (by_id["I20"]["status"], by_id["I18"]["status"]) == ("reached", "not_reached")
    assert by_id["I01"]["due"] == date(2025, 12, 31)
    assert (by_id["I29"]["state"], by_id["I29"]["status"]) == ("suppressed", None)
    of_district = scorecard(generation, period="2024Q4", district="760")
    assert set(of_district["id"]) == {
        name for name, item in plan_indicators().items() if "district" in item.by
    }


def test_every_answer_says_where_it_comes_from(generation: Generation) -> None:
    found = answer(parse(measure="I14"), generation)
    assert set(found.lineage["inputs"]["tables"]) == {"mart_activity", "mart_population"}
    assert found.definition["target"] is None
    assert json.dumps(dict(found.lineage), default=str)
    target = answer(parse(measure="I27"), generation).definition["target"]
    assert (target["value"], target["due"]) == (1.0, "2022-12-31")


@given(
    value=st.floats(0, 3),
    aim=st.one_of(st.none(), st.floats(0.1, 2)),
    polarity=st.sampled_from(Polarity),
    state=st.sampled_from(["shown", "suppressed", "no_data", "not_defined"]),
)
def test_status_follows_state_target_and_polarity(
    value: float, aim: float | None, polarity: Polarity, state: str
) -> None:
    import dataclasses

    import polars as pl

    item = dataclasses.replace(
        plan_indicators()["I13"], polarity=polarity, target=Target(aim, "a source") if aim else None
    )
    frame = pl.DataFrame({"value": [value if state == "shown" else None], "state": [state]})
    frame = frame.with_columns(pl.col("value").cast(pl.Float64))
    [status] = judged(frame, item)["status"]
    if state == "suppressed":
        assert status is None
    elif state != "shown":
        assert status == Status.NOT_MEASURABLE
    elif aim is None:
        assert status == Status.NO_TARGET
    else:
        is_reached = value <= aim if polarity is Polarity.LOWER else value >= aim
        assert status == (Status.REACHED if is_reached else Status.NOT_REACHED)


GOOD = """
id = "I90"
version = "1.0.0"
reviewed = 2026-11-27
plan_row = "x"
kind = "administrative"
unit = "proportion"
polarity = "neutral"
by = ["quarter"]
source = "x"
timing = "stock"
[counts.numerator]
mart = "activity"
items = ["leaflet"]
[counts.denominator]
mart = "place"
items = ["wards"]
""" + "".join(
    f'[{key}]\nvi = "a"\nen = "b"\n'
    for key in ("name", "numerator", "denominator", "caveats", "not_measurable")
)


def test_all_faults_of_all_files_are_told_at_once() -> None:
    assert set(parse_plan_indicators({"I90.toml": GOOD})) == {"I90"}
    with pytest.raises(Faults) as raised:
        parse_plan_indicators(
            {
                "I91.toml": GOOD,
                "I90.toml": GOOD.replace('"leaflet"', '"leaflets"')
                .replace('["quarter"]', '["weak", "part"]')
                .replace('polarity = "neutral"', 'polarity = "up"')
                .replace('en = "b"', "", 1)
                .replace('"stock"', '"stocks"'),
                "I92.toml": "id = ",
                "I93.toml": GOOD.replace("I90", "I93").replace('timing = "stock"', 'measure = "coverage"'),
                "I94.toml": GOOD.replace("I90", "I94") + "[target]\nvalue = 1.0\n[more]\n",
            }
        )
    text = str(raised.value)
    assert {fault.file for fault in raised.value.faults} == {f"I9{n}.toml" for n in range(5)}
    for words in (
        "did you mean leaflet?", "value weak", "place has no parts", "value up", "not a text in both languages",
        "did you mean stock?", "not valid TOML", "not the name of the file", "a measure or two counts",
        "field target.source", "field more",
    ):  # fmt: skip
        assert words in text, words


def test_texts_are_in_both_languages_and_targets_name_their_source() -> None:
    for item in plan_indicators().values():
        for text in (item.name, item.numerator, item.denominator, item.caveats, item.not_measurable):
            assert text.vi != text.en
            assert not any(mark in text.en for mark in "ăđơưạảấầẩậắằặẹẻẽềểễệỉịọỏốồổỗộớờởỡợụủứừửữự") or (
                "Thủ Đức" in text.en or "Sổ" in text.en
            )
        assert item.target is None or "/" in item.target.source or "target" in item.target.source
    # No source names a number for a disease, so no disease has a target; each says which way is better.
    assert {name for name, item in indicators().items() if item.target} == set()
    assert indicators()["prevalence"].polarity is Polarity.LOWER
    assert indicators()["treated"].polarity is Polarity.HIGHER


def test_the_page_of_indicators_is_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == indicator_page(), (
        "run: hssk indicators --definitions > docs/indicators.md"
    )
