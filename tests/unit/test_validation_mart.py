"""People with a reference examination are counted by what was known of them before it."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.support import core
from tests.support.cases import DAY, END, HIGH, LOW, pressure, who
from tests.support.people import Person, Reading

ORIGIN = date(2023, 7, 1)
NEXT = date(2024, 3, 31)
#: In the quarter after the one the cases are judged at.
EXAMINED = ("hypertension", "recommended", DAY + 20, True)


def person(key: int, *readings: dict[str, Any], examined: Any = EXAMINED, **more: Any) -> Person:
    words = who(**more) | {"readings": tuple(Reading(row=n, **item) for n, item in enumerate(readings))}
    return Person(key=key, record_key=key, insured=((DAY - 2000, None),), examined=(examined,), **words)


def counted(*people: Person) -> list[tuple[Any, ...]]:
    """Rows of the last quarter: insured, known, channel, outcome, people, with the condition, both keys."""
    with core.evaluate(people, origin=ORIGIN, last=NEXT) as con:
        return con.execute(
            """select is_insured, is_known, channel, outcome, people, with_condition, people_key, with_condition_key
               from mart_validation where quarter_index = 2 order by all"""
        ).fetchall()


def test_each_is_what_the_definition_said() -> None:
    two = [*pressure(10, HIGH), *pressure(100, HIGH)]
    well = ("hypertension", "recommended", DAY + 20, False)
    found = counted(
        person(1, *two),
        person(2, *pressure(10, HIGH)),
        person(3, *pressure(10, LOW), examined=well),
        person(4),
        person(5, *pressure(10, LOW), claimed_diagnoses=((DAY - 50, "I10"),)),
    )
    assert found == [
        (True, False, 0, 0, 1, 1, 4, 4),
        (True, False, 1, 0, 1, 0, 3, 0),
        (True, False, 1, 1, 1, 1, 2, 2),
        (True, False, 1, 2, 1, 1, 1, 1),
        (True, True, 1, 2, 1, 1, 5, 5),
    ]


def test_what_the_examination_brings_about_does_not_count() -> None:
    """A diagnosis and a reading of the day of the examination come after the last quarter's end before it."""
    later = [{**item, "day": DAY + 20} for item in pressure(0, HIGH)]
    found = counted(person(1, *later, claimed_diagnoses=((DAY + 21, "I10"),)))
    assert found == [(True, False, 0, 0, 1, 1, 1, 1)]


def test_nobody_counts_before_the_examination_or_the_first_quarter() -> None:
    early = ("hypertension", "recommended", (ORIGIN - date(1970, 1, 1)).days, True)
    assert counted(person(1, examined=early)) == []
    with core.evaluate([person(1)], origin=ORIGIN, last=NEXT) as con:
        assert con.execute("select distinct quarter_index from mart_validation").fetchall() == [(2,)]
    assert END < NEXT
