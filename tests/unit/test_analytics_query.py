"""Questions: what is understood, what is refused and how, and the measures that are complete counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics.generation import Generation, close_all
from analytics.query import Answer, answer, parse
from analytics.standard import load_standard
from tests.support.marts import Somebody, Step, reference_population, wards_of, write_generation
from warehouse.errors import UserError

ASKED_AT = datetime(2023, 2, 11, 9, 0, 0)


def group(
    count: int, cases: int, *, district: str | None = "760", age: int = 40, sex: str = "male"
) -> list[Somebody]:
    return [
        Somebody("2022Q4", district, None, sex, age, True, number < cases, number % 256)
        for number in range(count)
    ]


PEOPLE = [
    *group(60, 20),
    *group(200, 4, district="761"),
    *group(20, 10, district="764"),
    *group(40, 35, age=70),
]
PEOPLE += group(50, 25, district=None)
STEPS = [
    Step(date(2022, 9, 26), "760", "child", "bhxh", "created", 40),
    Step(date(2022, 9, 26), "760", "child", "bhxh", "applicable_epi_immunisation", 40),
    Step(date(2022, 10, 3), "760", "child", "bhxh", "section_epi_immunisation", 10),
    Step(date(2022, 10, 3), "760", "underlying_condition", "his", "created", 60),
    Step(date(2022, 12, 26), "760", "underlying_condition", "his", "all_sections", 3),
    Step(date(2023, 1, 2), "760", "child", "bhxh", "all_sections", 37),
    Step(date(2022, 10, 3), None, "other", "his", "created", 100),
]


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    home = tmp_path_factory.mktemp("home")
    population = [row for row in reference_population(2019, 2) if row[0] != "787"]
    population += [(unit, sex, start, 2024, 1, "newer") for unit, sex, start, *_ in population]
    write_generation(home, PEOPLE, population=population, steps=STEPS)
    yield Generation.open(home)
    close_all()


def ask(generation: Generation, **words: Any) -> Answer:
    if words.get("measure", "prevalence") == "prevalence":
        words.setdefault("condition", "hypertension")
    return answer(parse(**words), generation)


def by(found: Answer, name: str) -> dict[str, dict[str, Any]]:
    return {row[name]: row for row in found.rows.to_dicts()}


def test_states_of_districts(generation: Generation) -> None:
    rows = by(ask(generation, by="district"), "district")
    assert len(rows) == 22
    assert (rows["760"]["state"], rows["760"]["numerator"], rows["760"]["denominator"]) == ("shown", 55, 100)
    assert (rows["761"]["state"], rows["761"]["reason"]) == ("suppressed", "small_count")
    assert (rows["764"]["state"], rows["764"]["reason"]) == ("suppressed", "small_denominator")
    assert (rows["765"]["state"], rows["765"]["reason"], rows["765"]["value"]) == (
        "no_data",
        "nobody_counted",
        None,
    )


def test_the_city_includes_the_unallocated(generation: Generation) -> None:
    (city,) = ask(generation).rows.to_dicts()
    assert (city["numerator"], city["denominator"]) == (20 + 4 + 10 + 35 + 25, 60 + 200 + 20 + 40 + 50)


def test_ages_a_definition_does_not_cover(generation: Generation) -> None:
    rows = by(ask(generation, by="age_band", ages="0+"), "age_band")
    assert list(rows)[:5] == ["0-4", "5-9", "10-14", "15-17", "18-19"]
    for label in ("0-4", "15-17"):
        assert (rows[label]["state"], rows[label]["reason"]) == ("not_defined", "outside_defined_ages")
        assert rows[label]["numerator"] is None
    assert rows["18-19"]["state"] == "no_data"
    (whole,) = ask(generation, ages="15+").rows.to_dicts()
    assert whole["state"] == "not_defined"


def test_standardised_states(generation: Generation) -> None:
    # One age group only: the weight of the other ages would have to move, so there is no value.
    (row,) = ask(generation, estimator="standardised", where=["district=760"]).rows.to_dicts()
    assert (row["state"], row["reason"], row["value"]) == ("not_defined", "ages_without_people", None)
    rows = by(ask(generation, estimator="standardised", by="district"), "district")
    assert (rows["761"]["state"], rows["761"]["numerator"]) == ("suppressed", None)
    (one,) = ask(generation, estimator="standardised", ages="40-44", where=["district=760"]).rows.to_dicts()
    assert (one["state"], one["value"]) == ("shown", pytest.approx(20 / 60))
    exact = parse(
        condition="hypertension", estimator="standardised", ages="40-44", where=["district=761"], exact=True
    )
    (few,) = answer(exact, generation, asked_at=ASKED_AT).rows.to_dicts()
    assert (few["state"], few["reason"], few["value"]) == ("not_defined", "fewer_than_10_events", None)


def test_coverage_has_three_states_and_no_limits(generation: Generation) -> None:
    rows = by(ask(generation, measure="coverage", by="district"), "district")
    # 20 bands x 2 sexes x 1 person: the population of 2024 is nearer to 2022Q4 than (or as near as) no other later one.
    assert (rows["760"]["denominator"], rows["760"]["numerator"]) == (40, 100)
    assert (rows["760"]["value"], rows["760"]["state"], rows["760"]["reason"]) == (
        2.5,
        "shown",
        "over_100_percent",
    )
    assert (rows["765"]["value"], rows["765"]["state"], rows["765"]["lower"]) == (0.0, "shown", None)
    assert (rows["787"]["state"], rows["787"]["reason"]) == ("no_data", "not_measurable")
    assert {row["method"] for row in rows.values()} == {"count"}


def test_completeness_is_a_stock(generation: Generation) -> None:
    rows = by(ask(generation, measure="completeness", by="section"), "section")
    assert (rows["epi_immunisation"]["numerator"], rows["epi_immunisation"]["denominator"]) == (10, 40)
    assert (rows["administrative"]["numerator"], rows["administrative"]["denominator"]) == (0, 200)
    assert "all_sections" not in rows
    quarters = by(ask(generation, measure="completeness", by="quarter", period="2022Q3..2023Q1"), "quarter")
    counts = {name: (row["numerator"], row["denominator"]) for name, row in quarters.items()}
    assert counts == {"2022Q3": (0, 40), "2022Q4": (3, 200), "2023Q1": (40, 200)}


def test_completeness_by_group_of_the_plan_is_a_health_count(generation: Generation) -> None:
    rows = by(ask(generation, measure="completeness", by="plan_group"), "plan_group")
    assert (rows["underlying_condition"]["state"], rows["underlying_condition"]["value"]) == (
        "suppressed",
        None,
    )
    (filtered,) = ask(
        generation, measure="completeness", where=["plan_group=underlying_condition"]
    ).rows.to_dicts()
    assert filtered["state"] == "suppressed"


def test_newest_complete_quarter_is_the_default(generation: Generation) -> None:
    rows = by(ask(generation, measure="coverage", by="quarter"), "quarter")
    assert list(rows) == ["2022Q3", "2022Q4"]
    later = by(ask(generation, measure="coverage", by="quarter", period="2022Q4..2023Q1"), "quarter")
    assert list(later) == ["2022Q4", "2023Q1"]


def test_health_facts_are_told_of_frozen_quarters_only(generation: Generation) -> None:
    assert list(by(ask(generation, by="quarter"), "quarter")) == ["2022Q3", "2022Q4"]
    with pytest.raises(UserError, match=r"one of 2022Q3, 2022Q4"):
        ask(generation, period="2023Q1")
    exact = parse(condition="hypertension", period="2023Q1", exact=True)
    assert answer(exact, generation, asked_at=ASKED_AT).rows["state"].to_list() == ["no_data"]


def test_wards_are_complete(generation: Generation) -> None:
    rows = ask(generation, by="ward", where=["district=760"]).rows
    assert rows["ward"].to_list() == wards_of("760")


REFUSED = [
    ({"condition": None}, "of what.*hypertension"),
    ({"condition": "hypertensoin"}, r"did you mean hypertension\?"),
    ({"definition": "surveys"}, r"one of recommended, survey \(did you mean survey\?\)"),
    (
        {"measure": "prevalance"},
        r"one of completeness, .*, prevalence, progress, treated \(did you mean prevalence\?\)",
    ),
    ({"by": "distict"}, r"did you mean district\?"),
    ({"by": "sex,sex"}, "named twice"),
    ({"by": "section"}, "one of quarter, district, ward, unit, sex, age_band"),
    ({"where": ["district=999"]}, "760, 761"),
    ({"where": ["district=760", f"ward={wards_of('761')[0]}"]}, "outside the districts"),
    ({"where": ["district"]}, "like district=760,761"),
    ({"where": ["district="]}, "without a value"),
    ({"period": "2022-Q4"}, r"like 2022Q4 or 2022Q1\.\.2022Q4"),
    ({"measure": "coverage", "condition": None, "period": "2021Q4"}, "one of 2022Q3, 2022Q4, 2023Q1"),
    ({"period": "2022Q4..2022Q3"}, "ends before"),
    ({"period": "2022Q3..2022Q4"}, "by quarter"),
    ({"estimator": "modelled"}, r"does not hold what the correction needs"),
    ({"estimator": "standardised", "standard": "who"}, "one of who_world_2000, vietnam, city"),
    ({"method": "fay_feuer"}, "one of wilson, clopper_pearson"),
    (
        {"method": "clopper_pearson", "estimator": "standardised"},
        "one of wilson, dobson_byar, fay_feuer, tiwari",
    ),
    ({"ages": "17+"}, "one of 0, 5, 10, 15, 18, 20"),
    ({"ages": "adults"}, r"like 18\+"),
    ({"by": "age_band", "age_bands": "18-28,29+"}, "one of 19, 24, 29"),
    ({"by": "age_band", "age_bands": "18-29,25+"}, "overlap"),
    ({"by": "age_band", "age_bands": "18-29,30+", "ages": "18-69"}, "inside 18-69"),
    ({"age_bands": "18-29,30+"}, "by age_band"),
    ({"confidence": 95}, "between 0 and 1"),
    ({"exact": True}, "audited"),
    ({"build": "20220101-00000000"}, "20230210-0123abcd"),
    ({"by": "district,unit"}, "district and ward, or unit"),
    ({"by": "unit", "where": ["ward=26734"]}, "district and ward, or unit"),
    ({"by": "unit", "estimator": "weighted"}, "does not hold what the correction needs"),
    ({"where": ["unit=25750"]}, "unknown unit"),
    ({"measure": "distribution", "quantity": "systolic", "by": "bin,unit"}, "one of bin, district"),
    ({"measure": "coverage", "by": "ward"}, "one of quarter, district, unit, sex, age_band"),
    ({"measure": "coverage", "condition": "hypertension"}, "not about a condition"),
    ({"measure": "coverage", "estimator": "standardised"}, "one of crude"),
    ({"measure": "completeness", "ages": "18+"}, "not counted by age"),
    ({"measure": "completeness", "where": ["section=blood_group,anthropometry"]}, "by section"),
]


@pytest.mark.parametrize(("words", "told"), REFUSED)
def test_refusals_name_what_is_allowed(generation: Generation, words: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        ask(generation, **words)


def test_definition_build_and_lineage(generation: Generation) -> None:
    found = ask(generation, definition="survey", by="district", estimator="standardised", standard="city")
    assert found.definition == {
        "id": "hypertension",
        "variant": "survey",
        "version": "1.0.0",
        "estimand": "H2",
        "source": "a source",
    }
    assert found.build == {
        "id": generation.build_id,
        "extract_date": "2023-02-10",
        "vintages": {"2022Q4": {"vintage": 1, "known_at": "2023-02-10"}},
    }
    inputs = found.lineage["inputs"]
    assert "from mart_case" in found.lineage["sql"]
    assert set(inputs["tables"]) == {"mart_case", "mart_place", "mart_quarter"}
    assert inputs["files"] == [{"logical_name": "resident", "sha256": "1" * 64, "rows": 1}]
    assert inputs["standard"]["sha256"] == load_standard("city").sha256
    covered = ask(generation, measure="coverage")
    assert covered.lineage["inputs"]["population"] == {
        "year_of_quarter": {"2022Q4": 2024},
        "sources": ["newer"],
    }


def test_own_standard_from_a_file(generation: Generation, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("# source: ours\nage_from,weight\n0,1\n40,3\n45,0\n70,1\n75,0\n")
    (row,) = ask(
        generation, estimator="standardised", standard=str(file), ages="40+", where=["district=760"]
    ).rows.to_dicts()
    assert (row["value"], row["reason"]) == (pytest.approx(0.75 * 20 / 60 + 0.25 * 35 / 40), None)
