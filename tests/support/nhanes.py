"""The shared NHANES extract as test people, by a reader of its own (csv module, no warehouse code)."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tests.support.people import Person, Reading

AS_OF = date(2022, 12, 31)
QUANTITY = {
    "8480-6": ("systolic", 60.0, 300.0),
    "8462-4": ("diastolic", 30.0, 200.0),
    "8302-2": ("height", 120.0, 230.0),
    "29463-7": ("weight", 30.0, 270.0),
    "4548-4": ("hba1c", 3.0, 20.0),
}
SEX = {"male": 1, "female": 2}


def read_people(folder: Path) -> tuple[list[Person], dict[int, str]]:
    """Everybody in the extract, in order of reference, and their district by place number."""
    rows = {name: list(_rows(folder / f"{name}.csv")) for name in _TABLES}
    places = {
        code: number for number, code in enumerate(sorted({r["district_code"] for r in rows["resident"]}), 1)
    }
    by_person = {name: _grouped(table) for name, table in rows.items()}
    people = [_person(row, places, by_person) for row in rows["resident"]]
    return people, {number: code for code, number in places.items()}


_TABLES = ("resident", "health_record", "measurement", "condition", "medication")
Grouped = dict[str, list[dict[str, str]]]


def _person(row: dict[str, str], places: dict[str, int], tables: dict[str, Grouped]) -> Person:
    ref = row["person_ref"]
    birth = date.fromisoformat(row["birth_date"])
    return Person(
        key=int(ref),
        record_key=int(ref) % 256,
        sex=SEX[row["sex"]],
        born=birth.year * 12 + birth.month - 1,
        place=places[row["district_code"]],
        records=tuple((_day(r["created_at"]), None) for r in tables["health_record"].get(ref, [])),
        readings=tuple(_reading(r) for r in tables["measurement"].get(ref, [])),
        diagnoses=tuple(
            (_day(r["recorded_at"]), r["icd10"].replace(".", "")) for r in tables["condition"].get(ref, [])
        ),
        supplies=tuple(_supply(r) for r in tables["medication"].get(ref, [])),
    )


def _reading(row: dict[str, str]) -> Reading:
    quantity, low, high = QUANTITY[row["code"]]
    value = float(row["value"])
    day, _, time = row["taken_at"].partition("T")
    hour, minute = time.split(":")[:2]
    return Reading(
        quantity=quantity,
        day=_day(day),
        minute=int(hour) * 60 + int(minute),
        value=value,
        unit=row["unit"],
        value_standard=value,
        is_plausible=low <= value <= high,
        row=int(row["measurement_id"]),
        encounter=int(row["encounter_ref"].removeprefix("V")),
    )


def _supply(row: dict[str, str]) -> tuple[int, int, str]:
    start = _day(row["started_on"])
    return start, start + int(row["days_supplied"]) - 1, row["atc"]


def _day(text: str) -> int:
    return (date.fromisoformat(text[:10]) - date(1970, 1, 1)).days


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def _grouped(rows: list[dict[str, str]]) -> Grouped:
    grouped: Grouped = defaultdict(list)
    for row in rows:
        grouped[row["person_ref"]].append(row)
    return grouped
