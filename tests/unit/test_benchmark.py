"""Estimates beside surveys: which quarter, which verdict, and what becomes of a result that cannot be used."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from analytics.benchmark import against_surveys, compared, judged, nearest
from analytics.generation import Generation, close_all, read_sql
from tests.support.city import city_home, examination, survey_result
from tests.support.home import marts
from warehouse.errors import UserError

QUARTERS = ["2023Q1", "2023Q3", "2024Q2"]


@pytest.mark.parametrize(
    ("fieldwork", "found"),
    [
        ("2023Q3", "2023Q3"),
        ("2023Q2", "2023Q1"),
        ("2022Q1", "2023Q1"),
        ("2021Q4", None),
        ("2025Q2", "2024Q2"),
        ("2025Q3", None),
    ],
)
def test_the_nearest_quarter_the_earlier_of_two_and_none_farther_than_a_year(
    fieldwork: str, found: str | None
) -> None:
    assert nearest(fieldwork, QUARTERS) == found


def limits(value: float, half: float) -> dict[str, float]:
    return {"value": value, "lower": value - half, "upper": value + half}


@pytest.mark.parametrize(
    ("survey", "own", "verdict"),
    [
        (limits(0.30, 0.01), limits(0.31, 0.01), "equivalent"),
        (limits(0.30, 0.01), limits(0.31, 0.08), "not_shown"),
        (limits(0.30, 0.08), limits(0.31, 0.01), "not_shown"),
        (limits(0.30, 0.01), limits(0.40, 0.02), "different"),
        # Under ten per cent the margin is half.
        (limits(0.08, 0.005), limits(0.105, 0.005), "not_shown"),
        (limits(0.12, 0.005), limits(0.145, 0.005), "equivalent"),
    ],
)
def test_verdicts(survey: dict[str, float], own: dict[str, float], verdict: str) -> None:
    found = judged(survey, own)
    assert found["verdict"] == verdict
    assert found["difference"] == pytest.approx(own["value"] - survey["value"])
    is_within = -found["margin"] < found["difference_lower"] and found["difference_upper"] < found["margin"]
    assert is_within == (verdict == "equivalent")


ROWS = [
    survey_result(),
    survey_result(sex="male", lower=0.31),
    survey_result(sex="female", age_band="60-40"),
    survey_result(sex="female", lower=0.30, upper=0.30),
    survey_result(age_band="18-69", quarter="2019Q1"),
    survey_result(age_band="19-23"),
    survey_result(definition="diabetes/one_test_or_treated"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return city_home(tmp_path_factory.mktemp("home"), survey=ROWS)


@pytest.fixture(scope="module")
def city(home: Path) -> Generation:
    return Generation.open(home)


def test_every_result_stays_and_says_whether_it_can_be_used(home: Path) -> None:
    found = marts(home, "select definition, sex, age_band, is_usable from mart_survey order by all")
    assert len(found) == len(ROWS)
    assert {row[1:3] for row in found if not row[3]} == {
        ("male", "18+"),
        ("female", "18+"),
        ("female", "60-40"),
    }


def test_only_examinations_of_the_same_study_and_definition_tie_a_result_to_the_estimate(
    tmp_path: Path,
) -> None:
    other = {"study": "T", "definition": "bmi/who_overweight_25plus"}
    examined = {"study": "S", "definition": "bmi/who_overweight_25plus"}
    rows = [survey_result(), survey_result(**other), survey_result(**examined)]
    home = city_home(tmp_path, survey=rows, examinations=[examination(**examined)])
    found = marts(home, "select study, definition from mart_survey where has_examined")
    assert found == [tuple(examined.values())]


def test_a_build_from_before_it_was_told_who_was_examined_still_answers() -> None:
    with duckdb.connect() as older:
        older.execute(
            """create table mart_survey as select 'S' as study, 'bmi/x' as definition, '2024Q2' as quarter,
            'both' as sex, '18+' as age_band, 0.3 as value, 0.2 as lower, 0.4 as upper, 9 as people, 'a' as source,
            true as is_usable"""
        )
        found = older.execute(read_sql("survey"), {"condition": "bmi"}).fetchall()
    assert [(row[0], row[-1]) for row in found] == [("S", None)]


def test_every_result_of_the_condition_is_answered_or_says_why_not(city: Generation) -> None:
    rows = {
        (row["sex"], row["age_band"]): row
        for row in against_surveys(city, condition="hypertension", estimator="weighted").rows.to_dicts()
    }
    assert len(rows) == 6
    assert rows["both", "18+"]["quarter"] == "2024Q2"
    assert rows["male", "18+"]["reason"] == rows["female", "60-40"]["reason"] == "unusable"
    assert rows["both", "18-69"]["reason"] == "no_quarter_near"
    assert "19-23" in rows["both", "19-23"]["reason"]
    assert all((row["verdict"] is None) == (row["state"] != "shown") for row in rows.values())
    assert all(row["survey"] is not None for row in rows.values())


def test_results_nobody_can_use_are_counted_and_quarters_apart_are_named(tmp_path: Path) -> None:
    rows = [survey_result(quarter="2025Q1"), survey_result(sex="male", lower=0.31)]
    report = against_surveys(
        Generation.open(city_home(tmp_path, survey=rows)), condition="hypertension", estimator="weighted"
    )
    [compared_with] = {row["quarter"] for row in report.rows.to_dicts() if row["quarter"]}
    assert any("not usable: 1 of 2" in note for note in report.notes)
    assert any(f"2025Q1, laid beside {compared_with}," in note for note in report.notes)
    close_all()


def test_what_cannot_be_asked_is_refused(city: Generation) -> None:
    with pytest.raises(UserError, match="weighted"):
        against_surveys(city, condition="hypertension", estimator="crude")
    with pytest.raises(UserError, match="hypertension"):
        against_surveys(city, condition="hypertensoin")


def test_a_build_from_before_surveys_has_none(tmp_path: Path) -> None:
    generation = Generation.open(city_home(tmp_path))
    generation.manifest["fingerprints"].pop("mart_survey")
    assert compared(generation, "hypertension", "weighted").height == 0
    with pytest.raises(UserError, match="mart_survey"):
        against_surveys(generation, condition="hypertension")
    close_all()
