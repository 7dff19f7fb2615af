"""Answers by the units of July 2025: health numbers of whole units only, counts of records of all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.generation import Generation, close_all
from analytics.query import Answer, answer, parse
from analytics.render import render
from tests.support.marts import Somebody, Step, write_generation
from warehouse.errors import UserError

#: Sài Gòn has parts of two wards; An Đông is three whole wards of District 5 and shares no ward.
SPLIT, WHOLE = "26740", "27316"
NUMBERS = ("numerator", "denominator", "value", "lower", "upper")


def group(count: int, cases: int, *, district: str, ward: str | None, unit: str) -> list[Somebody]:
    return [
        Somebody("2022Q4", district, ward, "male", 40, True, n < cases, n % 256, unit) for n in range(count)
    ]


PEOPLE = [
    *group(60, 20, district="760", ward="26740", unit=SPLIT),
    *group(50, 20, district="760", ward="26737", unit=SPLIT),
    *group(80, 20, district="774", ward="27316", unit=WHOLE),
    *group(20, 10, district="774", ward=None, unit=WHOLE),
]
STEPS = [
    Step(date(2022, 9, 26), "760", "child", "bhxh", "created", 40),
    Step(date(2022, 9, 26), "760", "child", "bhxh", "all_sections", 20),
]


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    home = tmp_path_factory.mktemp("home")
    population = [
        (unit, sex, 40, 2022, people, f"official, shared out by {how}")
        for unit, people, how in ((SPLIT, 200, "wards"), (WHOLE, 100, "the register"))
        for sex in (1, 2)
    ]
    write_generation(
        home,
        PEOPLE,
        steps=STEPS,
        population=[("760", 1, 40, 2022, 600, "official")],
        units=[(SPLIT, False, 110, 33), (WHOLE, True, 100, 20)],
        unit_population=population,
    )
    yield Generation.open(home)
    close_all()


def ask(generation: Generation, **words: Any) -> Answer:
    if words.get("measure", "prevalence") == "prevalence":
        words.setdefault("condition", "hypertension")
    return answer(parse(**words), generation, asked_at=datetime(2023, 2, 11, 9))


def by_unit(found: Answer) -> dict[str, dict[str, Any]]:
    return {row["unit"]: row for row in found.rows.to_dicts()}


@pytest.mark.parametrize("estimator", ["crude", "standardised"])
def test_a_health_number_is_given_of_whole_units_only(generation: Generation, estimator: str) -> None:
    rows = by_unit(ask(generation, by="unit", estimator=estimator))
    assert len(rows) == 102
    assert (rows[WHOLE]["state"], rows[WHOLE]["denominator"]) == ("shown", 100) or estimator != "crude"
    assert (rows[SPLIT]["state"], rows[SPLIT]["reason"]) == ("suppressed", "other_geography")
    assert [rows[SPLIT][name] for name in NUMBERS] == [None] * 5
    withheld = [row for row in rows.values() if row["reason"] == "other_geography"]
    assert len(withheld) == 46


def test_a_sum_with_a_part_of_a_ward_in_it_is_withheld_as_a_whole(generation: Generation) -> None:
    (mixed,) = ask(generation, where=[f"unit={SPLIT},{WHOLE}"]).rows.to_dicts()
    (whole,) = ask(generation, where=[f"unit={WHOLE}"]).rows.to_dicts()
    assert (mixed["state"], mixed["reason"], mixed["numerator"]) == ("suppressed", "other_geography", None)
    assert (whole["state"], whole["numerator"], whole["denominator"]) == ("shown", 30, 100)


def test_ages_outside_the_definition_stay_not_defined(generation: Generation) -> None:
    rows = ask(generation, by="unit,age_band", age_bands="0-17,18+", ages="0+").rows.to_dicts()
    states = {row["age_band"]: row["state"] for row in rows if row["unit"] == SPLIT}
    assert states == {"0-17": "not_defined", "18+": "suppressed"}


def test_an_audited_exact_question_sees_every_unit(generation: Generation) -> None:
    rows = by_unit(ask(generation, by="unit", exact=True))
    assert (rows[SPLIT]["numerator"], rows[SPLIT]["denominator"]) == (40, 110)
    assert (generation.home / "audit.log").exists()


def test_records_are_no_health_fact_but_groups_of_the_plan_are(generation: Generation) -> None:
    rows = by_unit(ask(generation, measure="completeness", by="unit"))
    assert {row["reason"] for row in rows.values()} == {None, "nobody_counted"}
    assert sum(row["denominator"] for row in rows.values()) == 40
    grouped = ask(generation, measure="completeness", by="unit,plan_group").rows.to_dicts()
    assert {row["reason"] for row in grouped if row["unit"] == SPLIT} == {"other_geography"}


def test_coverage_is_over_the_estimated_population_and_says_so(generation: Generation) -> None:
    found = ask(generation, measure="coverage", by="unit,sex")
    rows = {(row["unit"], row["sex"]): row for row in found.rows.to_dicts()}
    assert (rows[SPLIT, "male"]["numerator"], rows[SPLIT, "male"]["denominator"]) == (110, 200)
    assert rows["26737", "male"]["reason"] == "not_measurable"
    inputs = found.lineage["inputs"]
    assert inputs["population"]["sources"] == [
        "official, shared out by the register", "official, shared out by wards",
    ]  # fmt: skip
    (one,) = ask(generation, measure="coverage", where=[f"unit={WHOLE}"]).rows.to_dicts()
    assert (one["numerator"], one["denominator"]) == (100, 200)


def test_an_answer_tells_how_many_people_were_drawn_into_its_units(generation: Generation) -> None:
    found = ask(generation, measure="coverage", by="unit")
    assert found.lineage["inputs"]["apportioned"] == {SPLIT: 0.3, WHOLE: 0.2}
    told = str(render(found, "table"))
    assert "* 2 units hold people whose unit was drawn, up to 30%" in told
    assert f"{SPLIT} *" in told
    assert "27343 *" not in told
    one = ask(generation, measure="coverage", where=[f"unit={WHOLE}"])
    assert one.lineage["inputs"]["apportioned"] == {WHOLE: 0.2}
    assert "apportioned" not in ask(generation, by="district").lineage["inputs"]


def test_a_build_of_before_the_units_still_answers_by_district(tmp_path: Path) -> None:
    build_id = write_generation(tmp_path, PEOPLE, steps=STEPS)
    with duckdb.connect(str(tmp_path / "builds" / build_id / "marts.duckdb")) as marts:
        marts.execute(
            "create table old as select place_id, ward_code, district_code from mart_place"
        ).fetchall()
        marts.execute("drop table mart_place").fetchall()
        marts.execute("alter table old rename to mart_place").fetchall()
    generation = Generation.open(tmp_path)
    rows = ask(generation, by="district").rows.to_dicts()
    assert {row["district"]: row["denominator"] for row in rows if row["state"] == "shown"} == {
        "760": 110, "774": 100,
    }  # fmt: skip
    assert ask(generation, measure="ladder", by="district,step").rows.height > 0
    for words in ({"by": "unit"}, {"where": [f"unit={WHOLE}"]}):
        with pytest.raises(UserError, match="does not know the units"):
            ask(generation, **words)
    generation.close()
