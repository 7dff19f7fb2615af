"""The second, independent way to a case flag: one person, one day at a time, in plain Python.

Reads the same TOML and CSV as the warehouse and nothing else of it: no SQL, no polars, no bits, no
intervals. On each day asked for, it looks back over everything known about the person and answers the
definition's question literally. Slow on purpose; where it and ``warehouse/sql/person`` disagree, one of the
two misreads the definition.
"""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.support.people import Person, Reading

WAREHOUSE = Path(__file__).resolve().parents[1] / "warehouse"
Found = list[tuple[int, int]]
Pair = tuple[Reading, Reading]


@dataclass(frozen=True)
class Definitions:
    """Definitions, value sets and quantities as their files have them."""

    conditions: dict[str, dict[str, Any]]
    value_sets: dict[str, list[dict[str, str]]]
    quantities: dict[str, dict[str, str]]
    pregnancy: list[dict[str, str]]
    kidney: dict[int, dict[str, str]]
    growth: dict[tuple[str, int, int], dict[str, str]]


def read_definitions(folder: Path = WAREHOUSE) -> Definitions:
    conditions = [
        tomllib.loads(file.read_text("utf-8")) for file in sorted(folder.glob("case_definitions/*.toml"))
    ]
    value_sets = {file.stem: _rows(file) for file in folder.glob("value_sets/*.csv")}
    quantities = {row["quantity"]: row for row in _rows(folder / "units" / "quantities.csv")}
    sexes = {"male": 1, "female": 2}
    units = folder / "units"
    return Definitions(
        {item["id"]: item for item in conditions},
        value_sets,
        quantities,
        pregnancy=_rows(units / "pregnancy.csv"),
        kidney={sexes[row["sex"]]: row for row in _rows(units / "kidney.csv")},
        growth={
            (row["indicator"], sexes[row["sex"]], int(row["age_months"])): row
            for row in _rows(units / "growth.csv")
        },
    )


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def blood_pressure_days(person: Person) -> dict[int, tuple[Fraction, Fraction]]:
    """Mean systolic and diastolic of readings 2..k (the only one if k = 1) by day, exactly."""
    by_day: dict[int, list[Pair]] = defaultdict(list)
    for pair in _pairs(person):
        systolic, diastolic = (reading.value_standard for reading in pair)
        usable = all(reading.is_plausible for reading in pair)
        if _is_swapped(systolic, diastolic) or (usable and systolic > diastolic):
            by_day[pair[0].day].append(pair)
    days = {}
    for day, pairs in by_day.items():
        pairs.sort(key=lambda pair: (pair[0].minute, _or_less(pair[0].number), pair[0].row))
        used = pairs[1:] or pairs
        values = [sorted((s.value_standard, d.value_standard)) for s, d in used]
        days[day] = (_mean(high for _, high in values), _mean(low for low, _ in values))
    return days


def _is_swapped(systolic: float, diastolic: float) -> bool:
    """Written the wrong way round: 80/120 mmHg. Limits: warehouse/units/quantities.csv."""
    return systolic < diastolic and 60 <= diastolic <= 300 and 30 <= systolic <= 200


def _pairs(person: Person) -> Iterator[Pair]:
    """Systolic with diastolic: within the panel; else at the same visit and time; else in order within the
    visit.
    """
    lone: list[Reading] = []
    bags: dict[tuple[Any, ...], list[Reading]] = defaultdict(list)
    for reading in person.readings:
        if reading.quantity in ("systolic", "diastolic"):
            bags[_bag(reading)].append(reading)
    for key, bag in bags.items():
        matched, rest = _match(bag, lambda r: (r.day, r.minute, r.row))
        yield from matched
        lone += rest if key[0] == "visit" else []
    visits: dict[tuple[int | None, int], list[Reading]] = defaultdict(list)
    for reading in lone:
        if reading.encounter is not None:
            visits[reading.encounter, reading.day].append(reading)
    for bag in visits.values():
        yield from _match(bag, lambda r: (_or_less(r.number), r.minute, r.row))[0]


def _bag(reading: Reading) -> tuple[Any, ...]:
    if reading.panel is not None:
        return ("panel", reading.panel, reading.number)
    return ("visit", reading.encounter, reading.day, reading.minute, reading.number)


def _match(bag: list[Reading], order: Any) -> tuple[list[Pair], list[Reading]]:
    systolic = sorted((r for r in bag if r.quantity == "systolic"), key=order)
    diastolic = sorted((r for r in bag if r.quantity == "diastolic"), key=order)
    both = min(len(systolic), len(diastolic))
    return list(zip(systolic[:both], diastolic[:both], strict=True)), systolic[both:] + diastolic[both:]


def _or_less(number: int | None) -> int:
    return -1 if number is None else number


def _mean(values: Iterable[float]) -> Fraction:
    exact = [Fraction(str(value)) for value in values]
    return sum(exact, Fraction()) / len(exact)


class Reference:
    """Answers for one person. ``day`` arguments are the day the question is asked for."""

    def __init__(self, person: Person, definitions: Definitions) -> None:
        self.person, self.definitions = person, definitions
        self.pregnancies = list(self._pregnancies())
        self.pressures = {
            day: means for day, means in blood_pressure_days(person).items() if not self.is_pregnant(day)
        }
        self._found: dict[tuple[str, str], Found] = {}

    def _pregnancies(self) -> Iterator[tuple[int, int]]:
        """Spans in which she counts as pregnant or newly delivered."""
        person = self.person
        for row in self.definitions.pregnancy if person.sex != 1 else ():
            days = [
                d
                for d, code in (*person.diagnoses, *person.claimed_diagnoses)
                if code.startswith(row["marker"])
            ]
            if row["marker"] == "register" and person.pregnant_until is not None:
                days = [person.pregnant_until]
            yield from ((d - int(row["days_before"]), d + int(row["days_after"])) for d in days)

    def is_pregnant(self, day: int) -> bool:
        return any(first <= day <= last for first, last in self.pregnancies)

    def usable(self) -> list[Reading]:
        """Plausible readings that show the usual value: none of a pregnancy, but for height."""
        return [
            r for r in self.person.readings
            if r.is_plausible and (r.quantity == "height" or not self.is_pregnant(r.day))
        ]  # fmt: skip

    def is_present(self, day: int) -> bool:
        p = self.person
        return (p.resident_from is None or p.resident_from <= day) and (
            p.resident_until is None or day < p.resident_until
        )

    def has_record(self, day: int) -> bool:
        return any(
            created <= day and (closed is None or day < closed) for created, closed in self.person.records
        )

    def is_insured(self, day: int) -> bool:
        """Insured on as many of the days of the look-back as the record's definition asks for."""
        spec = self.definitions.conditions["record"]["clauses"]["insured"]
        window = range(day - spec["lookback_days"] + 1, day + 1)
        covered = sum(
            any(first <= one and (last is None or one <= last) for first, last in self.person.insured)
            for one in window
        )
        return covered >= spec["at_least_days"]

    def roles(self, condition: str, variant: str, day: int) -> set[str]:
        """Measures of the variant that hold for the person on the day."""
        if condition == "record":
            return self._record(day)
        spec = self.definitions.conditions[condition]["variants"][variant]
        if spec["denominator"] == "insured":
            return self._insured(condition, spec, day)
        return self._known(condition, variant, day) | self._own(condition, variant, day)

    def is_examined(self, condition: str, variant: str, day: int) -> bool:
        """Whether a health examination within the look-back gave a value that the definition tests."""
        spec = self.definitions.conditions[condition]
        for clause in (
            spec["clauses"][word] for term in spec["variants"][variant]["assessed"] for word in term
        ):
            for row in (rows := spec["event_sets"][clause["event_set"]]).get("any_of") or rows["all_of"]:
                quantity = {"body_mass_index": "weight"}.get(row["quantity"], row["quantity"])
                back = clause["lookback_days"] or int(self.definitions.quantities[quantity]["holds_days"])
                if any(
                    r.origin == "exam" and r.quantity == quantity and 0 <= day - r.day <= back
                    and not self.is_pregnant(r.day) and (quantity != "systolic" or r.day in self.pressures)
                    for r in self.usable()
                ):  # fmt: skip
                    return True
        return False

    def _insured(self, condition: str, spec: dict[str, Any], day: int) -> set[str]:
        """What claims tell of everybody insured; control is known of record holders only."""
        if "insured" not in self._record(day) or self._any_term(condition, spec.get("excluded", []), day):
            return set()
        held: set[str] = set()
        for role, among in (("assessed", None), ("case", "assessed"), ("treated", "case")):
            inside = among is None or among in held
            if inside and (
                self._any_term(condition, spec[role], day) if role in spec else role == "assessed"
            ):
                held.add(role)
        if "treated" in held and self.has_record(day):
            held |= {
                role
                for role in ("control_tested", "controlled")
                if role in spec and self._any_term(condition, spec[role], day)
            }
        return held

    def _known(self, condition: str, variant: str, day: int) -> set[str]:
        """Known from claims: of residents, record or not."""
        terms = self.definitions.conditions[condition]["variants"][variant].get("known", [])
        resident = self.person.is_registered and self.is_present(day)
        return {"known"} if resident and self._any_term(condition, terms, day) else set()

    def _own(self, condition: str, variant: str, day: int) -> set[str]:
        if not (self.is_present(day) and self.has_record(day)):
            return set()
        spec = self.definitions.conditions[condition]["variants"][variant]
        if "assessed" in spec and not self._any_term(condition, spec["assessed"], day):
            return set()
        held = {
            role
            for role in ("case", "indeterminate")
            if role in spec and self._any_term(condition, spec[role], day)
        }
        return held | {"assessed"}

    def _record(self, day: int) -> set[str]:
        if not self.is_present(day):
            return set()
        given = {
            "resident": self.person.is_registered,
            "record_holder": self.has_record(day),
            "insured": self.person.is_registered and self.is_insured(day),
        }
        return {role for role, holds in given.items() if holds}

    def _any_term(self, condition: str, terms: list[list[str]], day: int) -> bool:
        return any(
            all(self._holds(condition, word.removeprefix("!"), day) != word.startswith("!") for word in term)
            for term in terms
        )

    def _holds(self, condition: str, clause: str, day: int) -> bool:
        spec = self.definitions.conditions[condition]["clauses"][clause]
        earliest = day - spec["lookback_days"] if "lookback_days" in spec else -(10**9)
        seen = [
            (a, z) for a, z in self.found(condition, spec["event_set"], day) if a <= day and z >= earliest
        ]
        if "latest_of" in spec:
            wanted = spec.get("at_least_days", 1)
            every = sorted(
                {a for a, _ in self.found(condition, spec["latest_of"], day) if earliest <= a <= day}
            )
            latest = every[-wanted:]
            near = len(latest) < 2 or latest[1] - latest[0] <= spec.get("apart_at_most", 10**9)
            return len(latest) == wanted and near and set(latest) <= {a for a, _ in seen}
        if spec.get("first"):
            days = [a for a, _ in self.found(condition, spec["event_set"], day)]
            return bool(days) and earliest <= min(days) <= day
        if spec.get("at_least_days", 1) == 1:
            return bool(seen)
        low, high = spec.get("apart_at_least", 1), spec.get("apart_at_most", 10**9)
        return any(low <= later - first <= high for first, _ in seen for later, _ in seen)

    def found(self, condition: str, event_set: str, day: int) -> Found:
        """First and last day of each event of the set. Body mass index is a state of the day asked for."""
        spec = self.definitions.conditions[condition]["event_sets"][event_set]
        if spec["source"] == "body_mass_index":
            index = self.body_mass_index(day)
            return (
                [(day, day)]
                if index is not None and self._meets(spec, {("body_mass_index", "kg/m2"): [index]}, day)
                else []
            )
        key = (condition, event_set)
        if key not in self._found:
            self._found[key] = list(self._events(spec))
        return self._found[key]

    def _events(self, spec: dict[str, Any]) -> Iterator[tuple[int, int]]:
        """Events of a set: spans of drugs and pregnancies, days of everything else."""
        if spec["source"] == "pregnancy":
            yield from self.pregnancies
        elif spec["source"] == "condition":
            every = _of_channel(spec, self.person.diagnoses, self.person.claimed_diagnoses)
            yield from ((d, d) for d, code in every if self._in_set(spec["value_set"], code))
        elif spec["source"] == "medication":
            every = _of_channel(spec, self.person.supplies, self.person.claimed_supplies)
            yield from ((a, z) for a, z, code in every if self._in_set(spec["value_set"], code))
        else:
            days: dict[int, dict[tuple[str, str], list[Any]]] = defaultdict(lambda: defaultdict(list))
            for d, quantity, unit, value in self._values(spec["source"]):
                days[d][quantity, unit].append(value)
            yield from ((d, d) for d, values in days.items() if self._meets(spec, values, d))

    def _values(self, source: str) -> Iterator[tuple[int, str, str, Any]]:
        """Day, quantity, unit and value of everything a source gives."""
        if source == "measurement":
            yield from ((r.day, r.quantity, r.unit, r.value) for r in self.usable())
        elif source == "blood_pressure_day":
            for d, (systolic, diastolic) in self.pressures.items():
                yield d, "systolic", "mm[Hg]", systolic
                yield d, "diastolic", "mm[Hg]", diastolic
        elif source == "kidney_function":
            yield from ((d, "egfr", "mL/min/{1.73_m2}", rate) for d, rate in self.filtration_rates())
        elif source == "child_growth":
            yield from ((d, indicator, "{z}", z) for d, indicator, z in self.growth_scores())

    def filtration_rates(self) -> Iterator[tuple[int, float]]:
        """CKD-EPI 2021 of every creatinine, with the formula as it is printed in mg/dL."""
        row = self.definitions.kidney.get(self.person.sex)
        for r in self.usable():
            age = age_on(self.person, r.day)
            if r.quantity != "creatinine" or row is None or age is None or age < 18:
                continue
            is_female = self.person.sex == 2
            ratio = r.value_standard / 88.42 / (0.7 if is_female else 0.9)
            rate = 142 * min(ratio, 1) ** (-0.241 if is_female else -0.302) * max(ratio, 1) ** -1.2
            yield r.day, round(rate * 0.9938**age * (1.012 if is_female else 1), 2)

    def growth_scores(self) -> Iterator[tuple[int, str, float]]:
        """z-scores of WHO on every day with a height, and with a weight of the same day for the mass index."""
        for day in sorted({r.day for r in self.person.readings}):
            height, weight = self._last_of_day("height", day), self._last_of_day("weight", day)
            if height is None:
                continue
            found = {"height_for_age": height}
            if weight is not None:
                found["bmi_for_age"] = weight * 10000 / height**2
            for indicator, value in found.items():
                score = self._z_score(indicator, value, day)
                if score is not None:
                    yield day, indicator, score

    def _last_of_day(self, quantity: str, day: int) -> float | None:
        known = [
            (r.minute, r.value_standard)
            for r in self.person.readings
            if r.quantity == quantity and r.day == day and r.is_plausible
        ]
        return max(known)[1] if known else None

    def _z_score(self, indicator: str, value: float, day: int) -> float | None:
        months = None if self.person.born is None else _month(day) - self.person.born
        row = self.definitions.growth.get((indicator, self.person.sex, -1 if months is None else months))
        if row is None:
            return None
        power, m, s = (float(row[name]) for name in "lms")
        z = ((value / m) ** power - 1) / (s * power)
        if row["is_adjusted"] == "true" and abs(z) > 3:
            side = 1 if z > 0 else -1
            sd2, sd3 = (m * (1 + side * steps * power * s) ** (1 / power) for steps in (2, 3))
            z = side * (3 + (value - sd3) / (sd3 - sd2))
        z = round(z, 2)
        return z if float(row["flag_low"]) <= z <= float(row["flag_high"]) else None

    def _in_set(self, name: str, code: str) -> bool:
        rows = [row for row in self.definitions.value_sets[name] if code.startswith(row["code"])]
        return bool(rows) and all(row["is_excluded"] == "false" for row in rows)

    def _meets(self, spec: dict[str, Any], values: dict[tuple[str, str], list[Any]], day: int) -> bool:
        rows = spec.get("any_of") or spec["all_of"]
        met = {row["quantity"] for row in rows if self._met(row, values, day)}
        return bool(met) if "any_of" in spec else met == {row["quantity"] for row in rows}

    def _met(self, row: dict[str, Any], values: dict[tuple[str, str], list[Any]], day: int) -> bool:
        if not self._concerns(row, day):
            return False
        return any(
            row.get("at_least", float("-inf")) <= value < row.get("below", float("inf"))
            for (quantity, unit), several in values.items()
            for value in several
            if quantity == row["quantity"] and row.get("unit", unit) == unit
        )

    def _concerns(self, row: dict[str, Any], day: int) -> bool:
        """Whether a threshold for one sex or some ages is meant for this person on that day."""
        if "sex" in row and {"male": 1, "female": 2}[row["sex"]] != self.person.sex:
            return False
        if "age_from" not in row and "age_to" not in row:
            return True
        age = age_on(self.person, day)
        return age is not None and row.get("age_from", 0) <= age <= row.get("age_to", 10**9)

    def body_mass_index(self, day: int) -> float | None:
        """Latest plausible weight over latest plausible height squared, where neither is too old that day."""
        weight, height = self._latest("weight", day), self._latest("height", day)
        if weight is None or height is None:
            return None
        index = weight * 10000.0 / (height * height)
        limits = self.definitions.quantities["body_mass_index"]
        return index if float(limits["plausible_low"]) <= index <= float(limits["plausible_high"]) else None

    def _latest(self, quantity: str, day: int) -> float | None:
        limits = self.definitions.quantities[quantity]
        oldest, low, high = (
            day - int(limits["holds_days"]),
            float(limits["adult_low"]),
            float(limits["adult_high"]),
        )
        known = [
            (r.day, r.minute, r.value_standard)
            for r in self.usable()
            if r.quantity == quantity and low <= r.value_standard <= high and oldest <= r.day <= day
        ]
        return max(known)[2] if known else None


def _of_channel(spec: dict[str, Any], others: tuple[Any, ...], claimed: tuple[Any, ...]) -> tuple[Any, ...]:
    """All of them, or the claims alone where the event set asks for claims."""
    return claimed if spec.get("origin") == "claim" else (*others, *claimed)


def age_on(person: Person, day: int) -> int | None:
    """Completed years by month, or None without a birth month."""
    if person.born is None:
        return None
    return (_month(day) - person.born) // 12


def _month(day: int) -> int:
    """Year * 12 + month - 1 of a day since 1970-01-01."""
    on = date(1970, 1, 1) + timedelta(days=day)
    return on.year * 12 + on.month - 1
