"""Weeks of a group of the plan tell who came although every stock is protected: by place none is told, of the city few.

The city here is small: in most weeks of a district nobody of the group comes, in some one or two.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import hssk
from analytics.generation import Generation
from analytics.hiding import SMALLEST_COUNT
from analytics.query import answer, parse
from analytics.weeks import grown
from tests.support.examples import examples
from tests.support.home import environment
from tests.support.marts import Step, write_generation
from warehouse.noise import noise_table

GROUPS = ("over_50", "underlying_condition", "pregnant", "child", "other")
STEPS = ("created", "identity_verified", "activated")
DISTRICTS = ("760", "761", "764")
MONDAYS = [date(2022, 3, 7) + timedelta(weeks=n) for n in range(44)]


def weeks_of_a_city() -> list[Step]:
    """A beginning of many, then weeks of a few records or none in each district and group; fewer take later steps."""
    draw = random.Random(3)
    found = []
    for district in DISTRICTS:
        for group in GROUPS:
            for monday in MONDAYS:
                came = 90 if monday == MONDAYS[0] else draw.choice((0, 0, 1, 2, 4))
                for place, step in enumerate(STEPS):
                    taken = came * (3 - place) // 3
                    found += [Step(monday, district, group, "bhxh", step, taken)] if taken else []
    return found


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    home = tmp_path_factory.mktemp("groups")
    write_generation(home, steps=weeks_of_a_city(), noise=noise_table(bytes(32)).rows())
    return Generation.open(home)


def ask(generation: Generation, **question: Any) -> list[dict[str, Any]]:
    return answer(parse(measure="ladder", **question), generation).rows.to_dicts()


BY_PLACE: list[dict[str, Any]] = [
    {"by": "district,week", "where": ["plan_group=underlying_condition", "step=identity_verified"]},
    {"by": "ward,week", "where": ["plan_group=over_50", "step=activated", "district=760"]},
    {"by": "unit,week,step", "where": ["plan_group=pregnant"]},
    {"by": "unit,plan_group,week", "where": ["step=identity_verified"]},
    {"by": "plan_group,week", "where": ["district=760,761", "step=identity_verified"]},
    {"by": "week", "where": ["district=760", "plan_group=child,underlying_condition", "step=activated"]},
    {"by": "week", "where": ["ward=26734", "plan_group=other", "source=bhxh", "step=activated"]},
]


@pytest.mark.parametrize("question", BY_PLACE, ids=str)
def test_no_week_of_a_place_is_told_of_a_group(generation: Generation, question: dict[str, Any]) -> None:
    rows = ask(generation, **question)

    assert rows
    assert {(row["state"], row["reason"]) for row in rows} == {("suppressed", "weeks_of_places")}
    assert {(row["numerator"], row["denominator"], row["value"]) for row in rows} == {(None, None, None)}


def test_weeks_without_a_group_and_quarters_with_one_stay(generation: Generation) -> None:
    weeks = ask(generation, by="district,week", where=["step=created"])
    assert {row["reason"] for row in weeks if row["district"] in DISTRICTS} == {None}
    last = {row["district"]: row["numerator"] for row in weeks if row["week"] == MONDAYS[-1]}
    created = [item for item in weeks_of_a_city() if item.step == "created"]
    for district in DISTRICTS:
        assert last[district] == sum(item.records for item in created if item.district == district)
    quarters = ask(
        generation,
        by="district,plan_group",
        where=["step=activated", "district=760"],
        period="2022Q4",
    )
    assert {(row["plan_group"], row["state"]) for row in quarters} == {(group, "shown") for group in GROUPS}


def test_an_audited_exact_question_sees_every_week(generation: Generation) -> None:
    where = ["plan_group=underlying_condition", "step=activated"]
    question = parse(measure="ladder", by="district,week", where=where, exact=True)
    rows = answer(question, generation, asked_at=datetime(2023, 2, 11), user="a test").rows.to_dicts()
    assert {row["state"] for row in rows if row["district"] in DISTRICTS} == {"shown"}


def told_weeks(rows: list[dict[str, Any]], count: str) -> list[int]:
    return [row[count] for row in rows if row["state"] == "shown"]


@pytest.mark.parametrize("group", GROUPS)
def test_a_week_of_the_city_is_told_once_five_have_come(generation: Generation, group: str) -> None:
    """Of both counts; and of the records created over the weeks of every step together, for they are the same."""
    created: dict[date, int] = {}
    for step in STEPS[1:]:
        rows = ask(generation, by="week", where=[f"plan_group={group}", f"step={step}"])
        for count in ("numerator", "denominator"):
            told = told_weeks(rows, count)
            assert len(told) > 1
            assert min(after - before for before, after in pairwise(told)) >= SMALLEST_COUNT
        created |= {row["week"]: row["denominator"] for row in rows if row["state"] == "shown"}
        hidden = {row["reason"] for row in rows if row["state"] != "shown"}
        assert hidden == {"small_week"}
    ordered = [created[week] for week in sorted(created)]
    assert min(after - before for before, after in pairwise(ordered)) >= SMALLEST_COUNT


def test_a_week_in_which_nobody_came_and_one_of_a_few_look_alike(generation: Generation) -> None:
    """By each step of the ladder; a week without any is hidden, and for the same reason as one of a few."""
    taken: dict[tuple[str, date], int] = defaultdict(int)
    for item in weeks_of_a_city():
        if item.phase == "pregnant":
            taken[item.step, item.day] += item.records
    rows = ask(generation, by="week,step", where=["plan_group=pregnant", f"step={','.join(STEPS[1:])}"])
    quiet = [row for row in rows if not taken[row["step"], row["week"]] + taken["created", row["week"]]]

    assert quiet
    assert {(row["state"], row["reason"]) for row in quiet} == {("suppressed", "small_week")}
    # Every group alone and all of them side by side: the same weeks.
    beside = ask(generation, by="plan_group,week,step")
    alone = [row["state"] for row in rows]
    asked = [row for row in beside if row["plan_group"] == "pregnant" and row["step"] in STEPS[1:]]
    assert sorted(alone) == sorted(row["state"] for row in asked)


@given(st.lists(st.integers(0, 40), max_size=40), st.randoms(use_true_random=False))
@settings(max_examples=examples(100))
def test_told_stocks_are_five_apart_and_none_is_left_out_for_nothing(
    counts: list[int], draw: random.Random
) -> None:
    among = [draw.random() < 0.8 for _ in counts]
    told = grown(counts, among)
    last = 0
    for count, is_told, is_open in zip(counts, told, among, strict=True):
        assert is_told == (is_open and count >= last + SMALLEST_COUNT)
        last = count if is_told else last


def test_the_command_line_gives_no_weeks_of_a_group_by_unit(generation: Generation) -> None:
    arguments = ["query", "ladder", "--by", "unit,week", "--where", "plan_group=underlying_condition"]
    result = CliRunner().invoke(
        hssk.app,
        [*arguments, "--where", "step=identity_verified", "--format", "json"],
        env=environment(generation.home),
    )

    rows = json.loads(result.stdout)["rows"]
    assert rows
    assert {row["state"] for row in rows} == {"suppressed"}
    assert {row["numerator"] for row in rows} == {None}
