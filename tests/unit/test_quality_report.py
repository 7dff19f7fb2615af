"""The report on the quality of the data: effects, digits, arrivals, coverage, counted by hand and on a built city."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import hssk
from analytics import arrivals, quality
from analytics.generation import Generation, close_all
from analytics.query import answer
from analytics.question import Question
from hssk_data import PARTS
from tests.support.city import city_home
from tests.support.home import count, environment, pressure, record, resident, run_build, write_csv
from tests.support.marts import ASSESSED, CASE, SURVEY, Somebody, reference_population, write_generation
from warehouse.errors import UserError
from warehouse.quality_checks import check_table

SWAPPED = (
    "pressure_swapped",
    "conformance",
    "measurement",
    "repaired",
    "rows",
    "ngược",
    "swapped",
    "không",
    "none",
)
LATE = ("after_end", "plausibility", "measurement", "used", "rows", "muộn", "late", "hỏi", "ask")
QUIET = ("ahead", "plausibility", "measurement", "unused", "unread", "sau", "ahead", "hỏi", "ask")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()


def people(count: int, cases: int, **changes: Any) -> list[Somebody]:
    """Adults of one quarter, the newest of the marts."""
    values = {
        "quarter": "2023Q1",
        "district": "760",
        "ward": None,
        "sex": "male",
        "age": 40,
        "is_assessed": True,
    }
    return [Somebody(**{**values, **changes}, is_case=number < cases) for number in range(count)]


def counts(basis: str = "rows", **changes: int) -> dict[str, Any]:
    """Of the touched everybody is judged as before where nothing is changed."""
    row: dict[str, Any] = {
        "findings": 9, "basis": basis, "cases": 4000, "counted": 20_000, "touched_cases": 300, "touched": 1000,
        **changes,
    }  # fmt: skip
    return {"without_cases": row["touched_cases"], "without": row["touched"], **row}


def by(rows: pl.DataFrame, *names: str) -> dict[Any, dict[str, Any]]:
    keyed = ((tuple(row[name] for name in names), row) for row in rows.to_dicts())
    return {key[0] if len(key) == 1 else key: row for key, row in keyed}


def test_an_effect_is_the_share_of_all_less_that_without_what_was_found() -> None:
    # 4000 of 20,000 are 20 %. Of the 300 cases among the touched 90 rest on the rows found: 3910 of 20,000, 0.45 less.
    found = quality.effect(counts(without_cases=210))
    assert (found["effect_points"], found["rounded_to"], found["state"]) == (0.45, 0.05, "shown")
    # Without their rows 500 of the touched have no test, 50 cases of them: 3950 of 19,500, 20.256 %.
    assert quality.effect(counts(without_cases=250, without=500))["effect_points"] == -0.25
    # Where nothing can be left out but the people: 3700 of 19,000, 19.474 %.
    left_out = counts(basis="people", without_cases=0, without=0)
    assert quality.effect(left_out)["effect_points"] == 0.55
    # In a city of millions, to a hundredth.
    large = counts(
        cases=1_000_000, counted=4_000_000, touched=40_000, touched_cases=20_000, without_cases=10_000
    )
    assert (quality.effect(large)["effect_points"], quality.effect(large)["rounded_to"]) == (0.25, 0.01)


def test_who_is_judged_as_before_moves_nothing_however_ill() -> None:
    """Who is measured often has more faults and is iller: that is no effect of the faults."""
    assert quality.effect(counts(touched_cases=900))["effect_points"] == 0


def test_what_no_number_reads_has_no_effect_of_however_few() -> None:
    found = quality.effect(counts(basis="unread", touched=3, touched_cases=1))
    assert (found["state"], found["effect_points"]) == ("shown", 0)


@given(st.integers(0, 300), st.integers(0, 700), st.integers(-2, 2))
def test_two_people_move_an_effect_by_a_step_at_most(cases: int, others: int, more: int) -> None:
    without = {"without_cases": cases, "without": cases + others}
    one = quality.effect(counts(**without))
    other = quality.effect(counts(**{**without, "without_cases": min(max(cases + more, 0), cases + others)}))
    assert abs(one["effect_points"] - other["effect_points"]) <= one["rounded_to"] * (1 + 1e-6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"touched": 29, "touched_cases": 10}, "small_denominator"),
        ({"touched": 0, "touched_cases": 0}, "small_denominator"),
        ({"touched_cases": 4}, "small_count"),
        ({"touched_cases": 996}, "small_count"),
        ({"touched": 19_980, "touched_cases": 3990}, "small_denominator"),
        ({"touched_cases": 300, "cases": 304}, "small_count"),
    ],
)
def test_an_effect_of_few_people_is_hidden_not_nought(changes: Mapping[str, int], reason: str) -> None:
    found = quality.effect(counts(**changes))
    assert (found["state"], found["reason"], found["effect_points"]) == ("suppressed", reason, None)


def test_a_check_that_found_nothing_has_no_effect() -> None:
    found = quality.effect(counts(findings=0, touched=0, touched_cases=0))
    assert (found["state"], found["effect_points"]) == ("shown", 0)


@given(st.integers(30, 10_000_000))
def test_five_people_are_never_more_than_a_step(counted: int) -> None:
    step = quality.step_of(counted)
    assert step >= 0.01
    assert 100 * 5 / counted <= step * (1 + 1e-9)
    assert step <= max(0.01, 2.5 * 100 * 5 / counted)


def test_the_report_has_a_row_a_check_with_the_definition_it_moves_most(tmp_path: Path) -> None:
    write_generation(
        tmp_path,
        [*people(1000, 400), *people(50, 20, quarter="2022Q4")],
        more={
            "mart_check": [(*QUIET, 0, 0), (*LATE, 4, 4), (*SWAPPED, 120, 100)],
            "mart_check_history": [(QUIET[0], 0, 0, 3), (LATE[0], 4, 0, 0), (SWAPPED[0], 20, 100, 0)],
            "mart_check_effect": [
                ("pressure_swapped", ASSESSED, 100, 80), ("pressure_swapped", CASE, 90, 20),
                ("pressure_swapped", SURVEY, 5, 5), ("after_end", ASSESSED, 4, 4), ("after_end", CASE, 1, 1),
            ],
        },
    )  # fmt: skip
    found = quality.checks(Generation.open(tmp_path))
    rows = by(found.rows, "check_id")

    assert found.about["quarter"] == "2023Q1"
    assert list(rows) == ["pressure_swapped", "after_end", "ahead"]
    # 400 of 1000; without those rows 330 of 980, 33.67 %; five of 980 people are a step of a whole point.
    swapped = rows["pressure_swapped"]
    assert (swapped["effect_points"], swapped["rounded_to"]) == (6, 1)
    assert (swapped["condition"], swapped["definition"]) == ("hypertension", "recommended")
    assert (swapped["new"], swapped["existing"], swapped["resolved"]) == (20, 100, 0)
    assert (rows["after_end"]["state"], rows["after_end"]["effect_points"]) == ("suppressed", None)
    assert rows["after_end"]["findings"] == 4
    assert (rows["ahead"]["effect_points"], rows["ahead"]["condition"], rows["ahead"]["resolved"]) == (
        0,
        None,
        3,
    )
    effects = quality.effects(Generation.open(tmp_path)).rows
    assert set(effects["check_id"]) == {"pressure_swapped", "after_end"}


def test_the_largest_effect_that_may_be_shown_is_told() -> None:
    rows = pl.DataFrame(
        [
            {"check_id": "a", "condition": "x", "definition": "x", "effect_points": None, "rounded_to": None,
             "state": "suppressed", "reason": "small_count"},
            {"check_id": "a", "condition": "y", "definition": "y", "effect_points": 0.2, "rounded_to": 0.1,
             "state": "shown", "reason": None},
            {"check_id": "a", "condition": "z", "definition": "z", "effect_points": -0.5, "rounded_to": 0.1,
             "state": "shown", "reason": None},
        ]
    )  # fmt: skip
    [row] = quality.most_moved(rows).to_dicts()
    assert (row["condition"], row["effect_points"]) == ("z", -0.5)


def test_digits_are_counted_by_district_and_for_all(tmp_path: Path) -> None:
    digits = [("760", "systolic", digit, 10) for digit in range(10)]
    digits += [("761", "systolic", 0, 60), ("761", "systolic", 4, 40), ("", "systolic", 0, 29)]
    write_generation(tmp_path, more={"mart_digit": digits})
    rows = by(quality.digits(Generation.open(tmp_path)).rows, "district")

    assert list(rows) == ["city", "", "760", "761"]
    assert (rows["760"]["value"], rows["760"]["index"]) == (0.1, 100)
    # Wilson's limits of 10 of 100, as in Newcombe (1998).
    assert (rows["760"]["lower"], rows["760"]["upper"]) == (
        pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4),
    )  # fmt: skip
    assert (rows["761"]["value"], rows["761"]["index"]) == (pytest.approx(0.6), pytest.approx(600))
    assert (rows["city"]["numerator"], rows["city"]["denominator"]) == (99, 229)
    assert (rows[""]["state"], rows[""]["value"], rows[""]["denominator"]) == ("suppressed", None, None)


def test_arrivals_go_by_table_and_folder_and_say_why_rows_were_refused() -> None:
    files: list[dict[str, Any]] = [
        {"logical_name": "a/one", "table_name": "resident", "received": 100, "accepted": 90, "duplicate": 2,
         "quarantined": 8, "last_date": "2024-11-30"},
        {"logical_name": "a/two", "table_name": "resident", "received": 100, "accepted": 98, "duplicate": 0,
         "quarantined": 2, "last_date": "2024-12-20"},
        {"logical_name": "b/one", "table_name": "resident", "received": 10, "accepted": 10, "duplicate": 0,
         "quarantined": 0, "last_date": "2031-01-01"},
        {"logical_name": "target", "table_name": "target", "received": 0, "accepted": 0, "last_date": None},
    ]  # fmt: skip
    names = ("table_name", "logical_name", "column_name", "rule", "rows")
    refused = pl.DataFrame(
        [("resident", "a/one", "sex", "allowed", 5), ("resident", "a/one", "birth_date", "year", 3),
         ("resident", "a/two", "birth_date", "year", 1), ("resident", "a/two", "", "malformed", 1)],
        schema=names, orient="row",
    )  # fmt: skip
    rows = by(arrivals.arrived(files, refused, date(2024, 12, 31)), "table_name", "folder")

    first = rows["resident", "a"]
    assert (first["files"], first["received"], first["refused"], first["refused_share"]) == (2, 200, 10, 0.05)
    assert first["reasons"] == "sex: allowed (5); birth_date: year (4); malformed (1)"
    assert (first["newest_date"], first["days_behind"], first["is_dated_ahead"]) == (
        date(2024, 12, 20),
        11,
        False,
    )
    second = rows["resident", "b"]
    assert (second["days_behind"], second["is_dated_ahead"], second["reasons"]) == (None, True, "")
    assert (rows["target", ""]["refused_share"], rows["target", ""]["newest_date"]) == (None, None)


def test_coverage_says_where_register_and_official_count_part_and_what_the_data_say(tmp_path: Path) -> None:
    # 40 cells of 5 people: 200 in every district, of the year before.
    residents = [
        *people(230, 0),
        *people(170, 0, district="761"),
        *people(195, 0, district="764"),
        *people(20, 0, district=None),
    ]
    write_generation(
        tmp_path,
        residents,
        population=reference_population(2022, 5, source="yearbook"),
        more={"mart_load": [("city", 600, 600, 9), ("hospital", 20, 20, 0)]},
    )  # fmt: skip
    found = quality.coverage(Generation.open(tmp_path))
    rows = by(found.rows, "district")

    assert (found.about["official_year"], found.about["official_source"]) == (2022, "yearbook")
    assert (rows["760"]["official"], rows["760"]["registered"]) == (200, 230)
    assert rows["760"]["findings"] == "over_100, register_differs"
    assert rows["760"]["causes"] == "register_larger, other_senders, other_year"
    assert rows["761"]["findings"] == "register_differs"
    assert rows["761"]["causes"] == "register_smaller, no_district, other_year"
    assert (rows["764"]["findings"], rows["764"]["causes"]) == ("", "")
    assert (rows["765"]["findings"], rows["765"]["causes"]) == (
        "register_differs",
        "register_empty, other_year",
    )
    assert (rows["city"]["registered"], rows["city"]["official"]) == (595, 22 * 200)
    assert (rows[""]["registered"], rows[""]["state"]) == (20, "no_data")


@pytest.mark.parametrize(
    ("holders", "registered", "found"),
    [(100, 100, ()), (101, 100, ("over_100",)), (50, 111, ("register_differs",)), (50, 110, ()), (50, 90, ()),
     (50, 89, ("register_differs",)), (120, 130, ("over_100", "register_differs"))],
)  # fmt: skip
def test_what_is_found_of_a_hundred_residents(holders: int, registered: int, found: tuple[str, ...]) -> None:
    assert quality.findings_of(registered, holders, 100) == found


def test_without_a_register_no_place_differs() -> None:
    assert quality.findings_of(0, 101, 100, has_register=False) == ("over_100",)


def test_holders_without_a_line_in_the_register_are_named() -> None:
    row = {"district": "760", "registered": 90, "holders": 104, "official": 100}
    facts = {"other_senders": 0.0, "no_district": 0.0, "years_apart": 0}
    assert quality.causes_of(row, facts) == ("not_registered",)


def test_without_an_official_count_nothing_is_found(tmp_path: Path) -> None:
    write_generation(tmp_path, people(40, 0))
    rows = quality.coverage(Generation.open(tmp_path)).rows
    assert set(rows["findings"]) == {""}
    assert set(rows["state"]) == {"no_data"}


def test_a_build_of_before_the_checks_says_so(tmp_path: Path) -> None:
    write_generation(tmp_path, people(40, 0))
    with pytest.raises(UserError, match="mart_check_effect"):
        quality.checks(Generation.open(tmp_path))


def extract(folder: Path) -> Path:
    """Residents with two readings; one in four ill; of those of ``s`` half, and one reading is the wrong way round."""
    refs = [f"p{number:03}" for number in range(300)] + [f"s{number:03}" for number in range(80)]
    rows = []
    for ref in refs:
        is_ill = int(ref[1:]) % (2 if ref[0] == "s" else 4) == 0
        high, low = (160, 100) if is_ill else (118, 74)
        rows += pressure(ref, "2024-03-05", high, low)
        rows += pressure(ref, "2024-04-05", *((low, high) if ref[0] == "s" else (high, low)))
    write_csv(folder / "resident.csv", [resident(ref) for ref in refs])
    write_csv(folder / "health_record.csv", [record(ref) for ref in refs])
    write_csv(folder / "measurement.csv", rows)
    return folder


def test_an_effect_of_a_build_is_of_the_rows_and_not_of_the_people(tmp_path: Path) -> None:
    run_build(tmp_path / "home", extract(tmp_path / "in"))
    rows = by(quality.effects(Generation.open(tmp_path / "home")).rows, "check_id", "condition")
    found = rows["pressure_swapped", "hypertension"]
    close_all()
    ill, assessed = (
        count(tmp_path / "home", "hypertension", "recommended", role) for role in ("case", "assessed")
    )
    # Two raised days make a case; of the 40 ill among the touched one day is left. Everybody is still assessed.
    assert (ill, assessed) == (115, 380)
    assert found["effect_points"] == round(100 * 40 / 380 / found["rounded_to"]) * found["rounded_to"]
    # Only pressures are concerned.
    assert {key for key, row in rows.items() if row["effect_points"]} == {
        ("pressure_swapped", "hypertension")
    }


def test_a_built_city_is_told_whole(tmp_path: Path) -> None:
    generation = Generation.open(city_home(tmp_path))
    found = {name: ask(generation) for name, ask in PARTS.items()}
    checked = by(found["checks"].rows, "check_id")
    whole = answer(Question(measure="coverage"), generation).rows.row(0, named=True)
    city = by(found["coverage"].rows, "district")["city"]
    measured = by(found["arrivals"].rows, "table_name")["measurement"]

    assert set(checked) == set(check_table()["check_id"])
    # Every pressure of this city ends in nought.
    assert set(found["digits"].rows["value"]) == {1.0}
    assert (city["holders"], city["official"]) == (whole["numerator"], whole["denominator"])
    assert (measured["received"], measured["refused"]) == (2 * 2 * 220, 0)
    assert found["refusals"].rows.is_empty()
    # Sections were not delivered: not nought, not measurable.
    sections = found["completeness"].rows
    assert {"city", "760"} <= set(sections["district"])
    assert set(sections["reason"]) == {"not_measurable"}


def test_the_command_speaks_json_and_a_part_has_every_form(tmp_path: Path) -> None:
    home = city_home(tmp_path)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(hssk.app, ["quality", *arguments], env=environment(home))

    whole = json.loads(run("--format", "json").stdout)
    assert {"checks", "arrivals", "digits", "coverage"} <= set(whole)
    assert whole["checks"]["build"]["id"] == Generation.open(home).build_id
    assert run("checks", "--format", "csv").stdout.startswith("check_id,kind,")
    tables = run().stdout
    assert all(
        title in tables for title in ("Checks of the data", "What arrived", "end in nought", "official")
    )
    assert "checks" in str(run("--format", "csv").exception)
    assert "did you mean digits?" in str(run("digit").exception)
