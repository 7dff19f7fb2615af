"""The second way to the marts of more than one definition or day: person by person, from the reference's answers.

Like :mod:`tests.reference` it reads the CSV files and nothing else of the warehouse. Every function gives the cell a
person belongs to, or None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.reference import WAREHOUSE, Definitions, Reference, _rows, age_on
from tests.support.people import Person

Cell = tuple[Any, ...]
#: Cells with their people and their keys, as a mart has them.
Counted = dict[Cell, tuple[int, int]]
NOT_IN_FRAME, UNTESTED, NON_CASE, CASE = range(4)
NAMES = ("transition", "multimorbidity", "agreement", "persistence")
STUDIES = {name: _rows(WAREHOUSE / "units" / f"study_{name}.csv") for name in NAMES}
BANDS = [int(row["age_from"]) for row in _rows(WAREHOUSE / "units" / "age_bands.csv")]
BROAD = [int(row["age_from"]) for row in _rows(WAREHOUSE / "units" / "broad_ages.csv")]


def band(person: Person, day: int, starts: list[int]) -> int | None:
    """First age of the band of the person that day: -1 unknown, None before birth."""
    age = age_on(person, day)
    if age is None or age > 130:
        return -1
    return max((start for start in starts if 0 <= start <= age), default=None)


def has_age_of(person: Person, definitions: Definitions, condition: str, day: int) -> bool:
    """Whether the condition is counted at the person's age; an unknown age is counted by every one."""
    spec, age = definitions.conditions[condition], age_on(person, day)
    if age is None or age > 130:
        return True
    return bool(spec["age_from"] <= age <= spec.get("age_to", 130))


class Studied:
    """One person, asked on the last days of the quarters."""

    def __init__(self, person: Person, definitions: Definitions, days: list[int]) -> None:
        self.person, self.definitions, self.days = person, definitions, days
        self.answers = Reference(person, definitions)

    def is_holder(self, day: int) -> bool:
        return self.answers.is_present(day) and self.answers.has_record(day)

    def status(self, condition: str, variant: str, day: int) -> int:
        if not (self.is_holder(day) and has_age_of(self.person, self.definitions, condition, day)):
            return NOT_IN_FRAME
        held = self.answers.roles(condition, variant, day)
        return CASE if "case" in held else NON_CASE if "assessed" in held else UNTESTED

    def transitions(self) -> Iterator[Cell]:
        for row in STUDIES["transition"]:
            name, lag = (row["condition"], row["variant"]), int(row["lag"])
            for index in range(lag, len(self.days)):
                after, age = self.status(*name, self.days[index]), band(self.person, self.days[index], BANDS)
                before = self.status(*name, self.days[index - lag])
                if age is not None and (before or after):
                    yield (index, lag, self.person.sex, age, *name, before, after)

    def combinations(self) -> Iterator[Cell]:
        for index, day in enumerate(self.days):
            age = band(self.person, day, BROAD)
            if age is None or not self.is_holder(day):
                continue
            held = [
                1 << int(row["position"]) - 1
                for row in STUDIES["multimorbidity"]
                if self.status(row["condition"], row["variant"], day) == CASE
            ]
            yield (index, self.person.sex, age, sum(held), len(held))

    def agreements(self) -> Iterator[Cell]:
        for row in STUDIES["agreement"]:
            for index, day in enumerate(self.days):
                age = band(self.person, day, BROAD)
                one, other = (self.status(row["condition"], row[name], day) for name in ("variant", "other"))
                if age is not None and max(one, other) > UNTESTED:
                    yield (index, self.person.sex, age, *(row[k] for k in ("condition", "variant", "other")),
                           one, other)  # fmt: skip

    def repeats(self) -> Iterator[tuple[Cell, bool]]:
        """Cells of the people with a repeat, and whether it was raised."""
        for row in STUDIES["persistence"]:
            found = self._repeat(row)
            for index, day in enumerate(self.days):
                age = band(self.person, day, BROAD)
                if (
                    found is None
                    or age is None
                    or not found[0] <= day <= found[0] + int(row["lookback_days"])
                ):
                    continue
                if self.status(row["condition"], row["variant"], day) != NOT_IN_FRAME:
                    yield (index, self.person.sex, age, row["condition"], row["variant"]), found[1]

    def examinations(self) -> Iterator[tuple[Cell, bool]]:
        """Cells of reference examinations, by what was known at the last quarter's end before, and whether ill."""
        for condition, variant, on, is_ill in self.person.examined:
            before = [day for day in self.days if day <= on]
            if not before or not has_age_of(self.person, self.definitions, condition, before[-1]):
                continue
            held = self.answers.roles(condition, variant, before[-1])
            record = self.answers.roles("record", "holder", before[-1])
            age, broad = (band(self.person, before[-1], starts) for starts in (BANDS, BROAD))
            if "resident" not in record or age is None:
                continue
            is_exam = self.answers.is_examined(condition, variant, before[-1])
            channel = 0 if "assessed" not in held else 2 if is_exam else 1
            outcome = 2 if "case" in held else 1 if "indeterminate" in held else 0
            for index, day in enumerate(self.days):
                if day >= on:
                    yield (index, self.person.sex, age, broad, condition, variant, "insured" in record,
                           "known" in held, channel, outcome), is_ill  # fmt: skip

    def _repeat(self, row: dict[str, str]) -> tuple[int, bool] | None:
        """Day of the first reading after the first raised day, and whether it was raised."""
        raised, read = (
            sorted({day for day, _ in self.answers.found(row["condition"], row[name], 0)})
            for name in ("raised", "reading")
        )
        near = [day for day in read if raised and 0 < day - raised[0] <= int(row["within_days"])]
        return (near[0], near[0] in raised) if near else None


def counted(cells: Iterable[tuple[Cell, int]]) -> Counted:
    """Cells with record keys as people and keys."""
    people: Counter[Cell] = Counter()
    keys: Counter[Cell] = Counter()
    for cell, key in cells:
        people[cell] += 1
        keys[cell] += key
    return {cell: (people[cell], keys[cell] % 256) for cell in people}
