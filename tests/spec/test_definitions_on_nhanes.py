"""Both ways to a case flag on 6,360 really measured people, against answers computed apart from the project."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import Any

import pytest

from tests import reference
from tests.support import core, nhanes
from tests.support.home import NHANES
from tests.support.people import Person

EXPECTED = NHANES / "expected.json"
pytestmark = pytest.mark.skipif(
    not EXPECTED.exists(), reason="the shared real data are absent: set HSSK_SHARED to their folder"
)
ORIGIN = date(2022, 1, 1)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def extract() -> tuple[list[Person], dict[int, str]]:
    return nhanes.read_people(NHANES)


@pytest.fixture(scope="module")
def published() -> list[Row]:
    rows: list[Row] = json.loads(EXPECTED.read_text("utf-8"))["rows"]
    return rows


def test_reference_gives_every_published_row(
    extract: tuple[list[Person], dict[int, str]], published: list[Row]
) -> None:
    people, places = extract
    definitions = reference.read_definitions()
    day = (nhanes.AS_OF - date(1970, 1, 1)).days
    held: list[tuple[str, str, Person]] = []
    for person in people:
        answers = reference.Reference(person, definitions)
        for indicator in sorted({row["indicator"] for row in published}):
            condition, variant = indicator.split("/")
            held += [(indicator, role, person) for role in answers.roles(condition, variant, day)]
    for row in published:
        counted = Counter(
            role
            for indicator, role, person in held
            if indicator == row["indicator"] and _is_in(row, person, places, day)
        )
        assert (counted["case"], counted["assessed"]) == (row["numerator"], row["denominator"]), row


def _is_in(row: Row, person: Person, places: dict[int, str], day: int) -> bool:
    age = reference.age_on(person, day)
    assert age is not None
    low, _, high = str(row.get("age", "0+")).replace("+", "-200").partition("-")
    return (
        row.get("sex") in (None, {1: "male", 2: "female"}[person.sex])
        and row.get("district") in (None, places[person.place])
        and int(low) <= age <= int(high)
    )


def test_mart_case_gives_every_published_row(
    extract: tuple[list[Person], dict[int, str]], published: list[Row]
) -> None:
    people, places = extract
    with core.evaluate(people, origin=ORIGIN, last=nhanes.AS_OF) as con:
        counts = core.case_counts(con)
    for row in published:
        counted: Counter[str] = Counter()
        for (quarter, place, sex, age_from, condition, variant, role), (number, _) in counts.items():
            is_asked = quarter == 3 and f"{condition}/{variant}" == row["indicator"]
            if is_asked and _is_cell_in(row, places[place], sex, age_from):
                counted[role] += number
        assert (counted["case"], counted["assessed"]) == (row["numerator"], row["denominator"]), row


def _is_cell_in(row: Row, district: str, sex: int, age_from: int) -> bool:
    low, _, high = str(row.get("age", "0+")).replace("+", "-200").partition("-")
    return (
        row.get("sex") in (None, {1: "male", 2: "female"}[sex])
        and row.get("district") in (None, district)
        and int(low) <= age_from <= int(high)
    )
