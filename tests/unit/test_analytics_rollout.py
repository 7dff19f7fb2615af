"""Records against plan, the ladder by week, distributions, attention: counted again by hand."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.attention import Standing, attention
from analytics.distribution import bins, classes, hidden_together
from analytics.generation import Generation
from analytics.hiding import SMALLEST_COUNT
from analytics.query import answer, parse
from analytics.reference import classes_of
from analytics.targets import due, last_day
from tests.support.marts import Step, Target, write_generation
from warehouse.errors import UserError

MONDAY = date(2022, 10, 3)
STEPS = [
    Step(MONDAY, "760", "over_50", "bhxh", "created", 100),
    Step(date(2022, 10, 10), "760", "child", "bhxh", "created", 20),
    Step(date(2022, 10, 24), "761", "over_50", "exam", "created", 60),
    Step(date(2022, 10, 24), "760", "over_50", "bhxh", "activated", 30),
    Step(date(2023, 1, 2), "760", "other", "bhxh", "created", 7),
]
TARGETS: list[Target] = [
    (unit, "p1", "over_50", quarter, people, "test")
    for unit, scale in (("760", 1), ("761", 2), ("79", 3))
    for quarter, people in (("2022Q4", 100 * scale), ("2023Q1", 200 * scale))
] + [("760", "p2", "child", "2023Q1", 90, "test"), ("79", "p2", "child", "2023Q1", 90, "test")]


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    home = tmp_path_factory.mktemp("rollout")
    bins_ = [
        (1, 1, 1, 40, "systolic", edge, people, 0) for edge, people in ((1200, 40), (1400, 10), (1800, 2))
    ]
    write_generation(home, steps=STEPS, targets=TARGETS, bins=bins_)
    return Generation.open(home)


def rows(generation: Generation, **words: object) -> list[dict[str, object]]:
    return answer(parse(**words), generation).rows.to_dicts()  # type: ignore[arg-type]


def test_progress_is_records_created_over_people_due(generation: Generation) -> None:
    (city,) = rows(generation, measure="progress", period="2022Q4")
    by_phase = {
        row["phase"]: row for row in rows(generation, measure="progress", by="phase", period="2022Q4")
    }

    assert (city["numerator"], city["denominator"]) == (180, 300)
    assert (by_phase["p1"]["numerator"], by_phase["p1"]["denominator"]) == (160, 300)
    # A target that begins later is nought until then: nothing is due, which is not the same as no target.
    assert (by_phase["p2"]["denominator"], by_phase["p2"]["state"]) == (0, "no_data")
    assert by_phase["p3"]["reason"] == "not_measurable"


def test_progress_by_district_uses_each_districts_own_target(generation: Generation) -> None:
    found = {
        row["district"]: row for row in rows(generation, measure="progress", by="district", period="2023Q1")
    }

    assert (found["760"]["numerator"], found["760"]["denominator"]) == (127, 290)
    assert (found["761"]["numerator"], found["761"]["denominator"]) == (60, 400)
    assert found["764"]["reason"] == "not_measurable"


def test_more_records_than_planned_are_flagged_not_clipped(generation: Generation) -> None:
    (row,) = rows(generation, measure="progress", period="2022Q4", where=["district=760", "phase=p1"])

    assert row["value"] == 1.0
    (row,) = rows(generation, measure="progress", period="2022Q4", where=["district=760"])
    assert (row["value"], row["reason"]) == (1.2, "over_100_percent")


def test_a_group_of_the_plan_is_a_health_count(generation: Generation) -> None:
    found = {
        row["plan_group"]: row
        for row in rows(generation, measure="ladder", by="plan_group,step", period="2023Q1")
    }

    assert (found["child"]["state"], found["child"]["numerator"]) == ("suppressed", None)
    with pytest.raises(UserError, match="one of quarter, week, district, phase"):
        rows(generation, measure="progress", by="plan_group")


def test_the_ladder_by_week_is_a_stock_that_never_falls(generation: Generation) -> None:
    found = rows(generation, measure="ladder", by="week,step")
    created = [(row["week"], row["numerator"]) for row in found if row["step"] == "created"]

    assert created[:4] == [
        (MONDAY, 100), (date(2022, 10, 10), 120), (date(2022, 10, 17), 120), (date(2022, 10, 24), 180),
    ]  # fmt: skip
    assert created[-1] == (date(2023, 1, 2), 187)
    activated = [row for row in found if row["step"] == "activated" and row["week"] >= date(2022, 10, 24)]
    assert {(row["numerator"], row["denominator"]) for row in activated} == {(30, 180), (30, 187)}


def test_weeks_of_a_district_sum_to_the_city(generation: Generation) -> None:
    city = {row["week"]: row["numerator"] for row in rows(generation, measure="ladder", by="week")}
    parts = rows(generation, measure="ladder", by="district,week")

    for week, records in city.items():
        assert records == sum(int(str(row["numerator"])) for row in parts if row["week"] == week)


def test_a_distribution_adds_up_and_its_classes_do(generation: Generation) -> None:
    fine = rows(generation, measure="distribution", quantity="systolic", by="bin", period="2022Q4")
    wide = rows(
        generation, measure="distribution", quantity="systolic", by="bin", classes="who", period="2022Q4"
    )

    assert [(row["bin_from"], row["numerator"]) for row in fine] == [(120.0, 40), (140.0, 12)]
    assert {row["denominator"] for row in fine} == {52}
    assert fine[0]["bin_to"] == 125.0  # the width is the quantity's own, however few bins are filled
    assert sum(float(str(row["value"])) for row in fine) == pytest.approx(1)
    assert len(wide) == len(classes_of("systolic", "who"))
    # 140-159 (10 people) goes with 180 and above (2): the pooled bin says 12 for both, so 10 would give the 2 away.
    assert [row["bin_from"] for row in wide if row["state"] == "shown"] == [120.0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"measure": "distribution", "by": "bin"}, "quantity"),
        ({"measure": "distribution", "by": "bin", "quantity": "systolic", "classes": "asian"}, "one of who"),
        ({"measure": "distribution", "by": "bin", "quantity": "systolic", "ages": "10+"}, "18 and over"),
        ({"measure": "distribution", "quantity": "systolic"}, "bin"),
        ({"measure": "progress", "quantity": "systolic"}, "has none"),
        ({"measure": "ladder", "where": ["step=created,activated"]}, "not added up"),
    ],
)
def test_questions_without_an_answer_say_why(
    generation: Generation, words: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        rows(generation, **words)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=40))
def test_pooled_bins_keep_everybody_and_leave_nobody_alone(people: list[int]) -> None:
    found = pl.DataFrame({"bin_from": range(0, 5 * len(people), 5), "people": people, "cells": 1})
    pooled = bins(found, [], 5)

    assert pooled["numerator"].sum() == sum(people)
    assert pooled["denominator"].unique().to_list() == [sum(people)]
    if sum(people) >= SMALLEST_COUNT:
        assert pooled["numerator"].min() >= SMALLEST_COUNT  # type: ignore[operator]
    edges = pooled.sort("bin_from")
    assert edges["bin_from"][1:].to_list() >= edges["bin_to"][:-1].to_list()


@given(
    st.lists(
        st.tuples(st.integers(10, 60), st.integers(0, 50)), min_size=1, max_size=30, unique_by=lambda x: x[0]
    )
)
def test_classes_keep_everybody(cells: list[tuple[int, int]]) -> None:
    found = pl.DataFrame(
        {
            "bin_from": [edge * 10 for edge, _ in cells],
            "people": [n for _, n in cells],
            "cells": [1] * len(cells),
        }
    )
    wanted = classes_of("body_mass_index", "asian")
    summed = classes(found, [], wanted)

    assert summed["numerator"].to_list() == [
        sum(n for edge, n in cells if low <= edge < high)
        for low, high in ((0, 18.5), (18.5, 23), (23, 25), (25, 30), (30, 999))
    ]


@pytest.mark.parametrize(
    ("people", "hidden"),
    [
        ((20, 30, 25, 9, 2), {3, 4}),
        ((2, 20, 30, 25, 9), {0, 1}),
        ((20, 3, 8, 25, 30), {1, 2}),
        ((20, 30, 2, 1, 9), {2, 3, 4}),
        ((40, 0, 12, 0, 0), {1, 3, 4}),
        ((3, 4, 5, 6, 7), set()),
    ],
)
def test_a_small_class_is_hidden_with_a_neighbour(people: tuple[int, ...], hidden: set[int]) -> None:
    assert hidden_together(people) == hidden


@given(st.lists(st.integers(0, 40), min_size=3, max_size=7).filter(lambda people: sum(people) >= 30))
def test_no_few_people_are_had_by_subtracting_the_shown_classes(people: list[int]) -> None:
    hidden = hidden_together(people)

    assert {i for i, n in enumerate(people) if n < SMALLEST_COUNT} <= hidden
    rest = sum(people) - sum(n for i, n in enumerate(people) if i not in hidden)
    assert rest == 0 or rest >= SMALLEST_COUNT
    if any(0 < people[i] < SMALLEST_COUNT for i in hidden):
        assert len(hidden) >= 2


def test_between_two_quarters_the_plan_is_a_straight_line() -> None:
    targets = pl.DataFrame(
        {"quarter": ["2022Q4", "2023Q1"], "district": [None, None], "phase": ["p1", "p1"],
         "plan_group": ["over_50", "over_50"], "people": [100, 190]},
        schema_overrides={"district": pl.String},
    )  # fmt: skip
    days = [date(2022, 9, 30), last_day("2022Q4"), date(2023, 1, 30), last_day("2023Q1"), date(2024, 1, 1)]

    assert due(targets, days)["due"].to_list() == [0, 100, 130, 190, 190]


def standing(district: str, records: int, due: int | None, **more: float) -> Standing:
    values = {"pace": 10.0, "needed": 5.0, "complete": 0.5, "activated": 0.5, **more}
    return Standing(district=district, records=records, due=due, **values)


def test_attention_names_only_those_behind_and_says_why() -> None:
    city = standing("79", 500, 800)
    found = attention(
        [
            standing("760", 90, 100),
            standing("761", 50, 100, pace=2.0, complete=0.40),
            standing("764", 120, 100),
            standing("765", 10, None),
            standing("766", 80, 100, activated=0.449),
            standing("767", 85, 100),
        ],
        city,
    )

    assert [(item.standing.district, item.missing) for item in found] == [
        ("761", 50),
        ("766", 20),
        ("767", 15),
    ]
    assert [reason.code for reason in found[0].reasons] == ["pace_too_slow", "incomplete"]
    assert [reason.code for reason in found[1].reasons] == ["few_activated"]
    assert found[2].reasons == ()


def test_without_a_plan_nobody_is_behind(tmp_path: Path) -> None:
    assert attention([standing("760", 90, None)], standing("79", 90, None)) == ()
    write_generation(tmp_path, steps=STEPS)
    (row,) = rows(Generation.open(tmp_path), measure="progress", period="2022Q4")
    assert (row["state"], row["reason"], row["numerator"]) == ("no_data", "not_measurable", None)
