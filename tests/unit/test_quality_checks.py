"""Checks of the data: each finds what was planted for it and nothing else; new, existing and resolved ones are told."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tests.support.home import marts, pressure, record, resident, run_build, write_csv
from warehouse.quality_checks import KINDS, TREATMENTS, check_table

PEOPLE = 60


def reading(ref: str, **changes: Any) -> dict[str, Any]:
    """A height of an adult, in a file of its own shape."""
    row = pressure(ref, "2024-03-05", 120)[0]
    values = {"measurement_id": f"{ref}-X", "code": "8302-2", "value": 160, "unit": "cm"}
    return {**row, **values, **changes}


def build(
    home: Path, folder: Path, people: Mapping[str, Mapping[str, Any]], measured: list[dict[str, Any]]
) -> None:
    """A small register with planted rows."""
    refs = [f"P{n:03}" for n in range(PEOPLE)]
    blank = {"death_date": "", "pregnant_until": ""}
    residents = {ref: resident(ref, **blank) for ref in refs} | {
        ref: {**resident(ref, **blank), **row} for ref, row in people.items()
    }
    write_csv(folder / "resident.csv", list(residents.values()))
    write_csv(
        folder / "health_record.csv", [record(ref) for ref in refs] + [record("P000", record_id="R-again")]
    )
    sound = [row for ref in refs for row in pressure(ref, "2024-03-05", 130)]
    write_csv(folder / "measurement.csv", [{"facility_ref": "", **row} for row in (*sound, *measured)])
    (folder / "manifest.toml").write_text('name = "in"\nas_of = 2024-06-30\n')
    run_build(home, folder, quarantine_share_limit=1)


def findings(home: Path) -> dict[str, tuple[int, int]]:
    rows = marts(home, "select check_id, findings, people from mart_check where findings > 0")
    return {check: (found, people) for check, found, people in rows}


PLANTED: dict[str, tuple[dict[str, dict[str, Any]], list[dict[str, Any]], int]] = {
    "ahead": ({}, [reading("P001", taken_at="2044-03-05T08:00:00")], 1),
    "born_ahead": ({"B1": {"birth_date": "2024-09-05"}}, [], 1),
    "before_birth": ({"P002": {"birth_date": "2024-04-05"}}, [], 2),
    "after_end": ({"P003": {"death_date": "2024-01-20"}}, [], 2),
    "birth_unknown": ({"P004": {"birth_date": ""}}, [], 1),
    "place_unknown": ({"P005": {"ward_code": "", "district_code": ""}}, [], 1),
    "ward_elsewhere": ({"P006": {"ward_code": "26764", "district_code": "760"}}, [], 1),
    "code_unknown": ({}, [reading("P007", code="718-7")], 1),
    "unit_inferred": ({}, [reading("P008", value=1.6)], 1),
    "implausible": ({}, [reading("P009", value=999)], 1),
    "pressure_alone": (
        {},
        [reading("P010", code="8480-6", unit="mm[Hg]", taken_at="2024-05-05T08:00:00", value=130)],
        1,
    ),
    "pressure_swapped": ({}, pressure("P011", "2024-05-05", 75, 125), 1),
    "height_jumps": (
        {},
        [reading("P012", value=150), reading("P012", measurement_id="P012-Y", value=170)],
        1,
    ),
    "pregnant_unlikely": ({"P013": {"sex": "male", "pregnant_until": "2024-05-05"}}, [], 1),
    "records_several": ({}, [], 1),
}


@pytest.mark.parametrize("check", PLANTED)
def test_a_check_finds_what_was_planted_and_nothing_else(tmp_path: Path, check: str) -> None:
    people, measured, wanted = PLANTED[check]
    build(tmp_path / "home", tmp_path / "in", people, measured)
    found = findings(tmp_path / "home")

    # P000 has two records in every one of these cities.
    assert found.pop("records_several") == (1, 1)
    if check != "records_several":
        assert found == {check: (wanted, 1)}


def test_copied_pressures_are_found_at_the_station_that_copies(tmp_path: Path) -> None:
    """Two stations of sixty readings: at one every second reading is the same, at the other they differ."""

    def visit(number: int, station: str, systolic: float, diastolic: float) -> list[dict[str, Any]]:
        rows = pressure(f"P{number % PEOPLE:03}", "2024-05-05", systolic, diastolic)
        return [
            {**row, "measurement_id": f"{row['measurement_id']}-{station}-{number}", "facility_ref": station,
             "encounter_ref": f"E-{station}-{number}"}
            for row in rows
        ]  # fmt: skip

    honest = [row for n in range(60) for row in visit(n, "F1", 100 + n, 60 + n % 30)]
    copying = [
        row
        for n in range(60)
        for row in visit(n, "F2", *((120, 80) if n % 2 else (101.5 + n, 60.5 + n % 30)))
    ]
    build(tmp_path / "home", tmp_path / "in", {}, [*honest, *copying])

    assert findings(tmp_path / "home")["copied"] == (30, 30)


def test_findings_are_new_then_existing_then_resolved(tmp_path: Path) -> None:
    def states() -> dict[str, tuple[int, int, int]]:
        rows = marts(tmp_path / "home", "select check_id, new, existing, resolved from mart_check_history")
        return {check: tuple(counts) for check, *counts in rows if any(counts)}  # type: ignore[misc]

    first, second = reading("P009", value=999), reading("P010", value=998)
    build(tmp_path / "home", tmp_path / "in", {}, [first])
    assert states() == {"implausible": (1, 0, 0), "records_several": (1, 0, 0)}
    build(tmp_path / "home", tmp_path / "in", {}, [first])
    assert states() == {"implausible": (0, 1, 0), "records_several": (0, 1, 0)}
    # In a corrected file, beside another one: still the same finding.
    build(tmp_path / "home", tmp_path / "in", {}, [second, first])
    assert states()["implausible"] == (1, 1, 0)
    build(tmp_path / "home", tmp_path / "in", {}, [second])
    assert states()["implausible"] == (0, 1, 1)


def test_people_touched_are_counted_in_the_measures_of_the_newest_quarter(tmp_path: Path) -> None:
    build(tmp_path / "home", tmp_path / "in", {}, pressure("P011", "2024-05-05", 75, 125))
    [touched] = marts(
        tmp_path / "home",
        """select sum(t.people), sum(t.people_without) from mart_check_effect t join mart_measure m using (measure_id)
           where t.check_id = 'pressure_swapped' and m.role = 'record_holder'""",
    )
    assert touched == (1, 1)


def test_every_check_has_a_file_a_row_and_a_branch() -> None:
    folder = resources.files("warehouse.sql") / "check"
    files = {
        item.name.removeprefix("core_check_").removesuffix(".sql")
        for item in folder.iterdir()
        if item.name.startswith("core_check_")
    }
    checks = check_table()
    branches = (folder / "core_finding.sql").read_text("utf-8")

    assert set(checks["check_id"]) == files
    assert all(
        f"'{name}' as check_id" in branches and f"from core_check_{name}\n" in branches + "\n"
        for name in files
    )
    assert set(checks["kind"]) == set(KINDS)
    assert set(checks["treatment"]) == set(TREATMENTS)
    assert checks.null_count().sum_horizontal().item() == 0
