"""The state of one person on one day, worked out by hand (``tests/support/cases.py``).

Both ways to the answer, the person SQL and the plain-Python reference, are held to it.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from tests import reference
from tests.support import core
from tests.support.cases import ADULT, CASES, DAY, END, person, told
from tests.support.people import Person


@cache
def answers_of_sql() -> dict[tuple[int, str], set[str]]:
    held: dict[tuple[int, str], set[str]] = defaultdict(set)
    with core.evaluate([person(key) for key in range(len(CASES))], origin=END, last=END) as con:
        for (key, condition, variant, role), bits in core.measure_quarters(con).items():
            assert bits == 1
            held[key, f"{condition}/{variant}"].add(role)
    return held


@pytest.mark.parametrize("key", range(len(CASES)), ids=[case[0] for case in CASES])
def test_measures_that_hold(key: int) -> None:
    _, _, indicator, expected = CASES[key]
    condition, variant = indicator.split("/")
    by_hand = reference.Reference(person(key), reference.read_definitions())
    assert by_hand.roles(condition, variant, DAY) == expected
    assert answers_of_sql().get((key, indicator), set()) == expected


@pytest.mark.parametrize(
    ("born", "expected"), [(ADULT, {18: 1}), (ADULT + 1, {}), (None, {-1: 1}), (1880 * 12, {-1: 1})]
)
def test_age_on_the_last_day_of_the_quarter(born: int | None, expected: dict[int, int]) -> None:
    """Eighteen in the month of the quarter's end counts; an unknown or impossible age is its own band."""
    one = Person(key=1, born=born, records=((DAY - 10, None),), diagnoses=told(5))
    with core.evaluate([one], origin=END, last=END) as con:
        counts = core.case_counts(con)
    found = {
        cell[3]: people
        for cell, (people, _) in counts.items()
        if cell[4:] == ("hypertension", "diagnosis", "case")
    }
    assert found == expected
