"""Extract folders and data folders for tests: small files written by hand, and settings with fixed test keys."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse.build import BuildReport, build
from warehouse.settings import Settings

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
KEYS = {"pseudonym_key": "11" * 32, "record_key": "22" * 32, "linkage_key": "33" * 32}
SHARED = Path(os.environ.get("HSSK_SHARED", Path(__file__).resolve().parents[2] / ".." / "shared"))
NHANES = SHARED / "real" / "nhanes_2009_2010"


def settings(home: Path, **changes: Any) -> Settings:
    """Settings of a test; quarters are frozen on their last day, so that a build of one day has numbers to show.

    Linkage is by exact keys unless a test asks for more: likeness takes seconds in every build.
    """
    return Settings(home=home, **{**KEYS, "freeze_days": 0, "linkage": "exact", **changes})


def environment(home: Path) -> dict[str, str]:
    """Environment of a child process that uses ``home`` and the test keys."""
    keys = {f"HSSK_{name.upper()}": value for name, value in KEYS.items()}
    return {**os.environ, **keys, "HSSK_HOME": str(home), "HSSK_FREEZE_DAYS": "0", "HSSK_LINKAGE": "exact"}


def write_csv(
    path: Path, rows: Sequence[Mapping[str, Any]], *, delimiter: str = ",", encoding: str = "utf-8"
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def resident(ref: str, **changes: Any) -> dict[str, Any]:
    row = {
        "source": "test", "person_ref": ref, "full_name": f"Nguyễn {ref}", "birth_date": "1960-05-17",
        "sex": "female", "ward_code": "26758", "district_code": "760",
    }  # fmt: skip
    return {**row, **changes}


def record(ref: str, **changes: Any) -> dict[str, Any]:
    row = {
        "record_id": f"R-{ref}", "person_ref": ref, "created_at": "2024-02-10", "source_system": "exam",
        "last_updated_at": "2024-06-30",
    }  # fmt: skip
    return {**row, **changes}


def pressure(ref: str, day: str, systolic: float, diastolic: float = 80) -> list[dict[str, Any]]:
    """One paired reading as two measurement rows."""
    values = (("8480-6", systolic), ("8462-4", diastolic))
    return [
        {
            "measurement_id": f"M-{ref}-{day}-{code}", "person_ref": ref, "encounter_ref": f"V-{ref}-{day}",
            "code": code, "value": value, "unit": "mm[Hg]", "taken_at": f"{day}T08:00:00",
        }
        for code, value in values
    ]  # fmt: skip


def small_extract(folder: Path, people: int = 40) -> Path:
    """``people`` residents of District 1 with a record and one reading each; every second one is raised."""
    refs = [f"P{number:03}" for number in range(people)]
    write_csv(folder / "resident.csv", [resident(ref) for ref in refs])
    write_csv(folder / "health_record.csv", [record(ref) for ref in refs])
    readings = [pressure(ref, "2024-03-05", 150 if number % 2 else 120) for number, ref in enumerate(refs)]
    write_csv(folder / "measurement.csv", [row for pair in readings for row in pair])
    return folder


def run_build(home: Path, *folders: Path, **options: Any) -> BuildReport:
    changes = {name: options.pop(name) for name in tuple(options) if name in Settings.model_fields}
    return build(settings(home, **changes), list(folders), now=NOW, **options)


def manifest(home: Path, build_id: str | None = None) -> dict[str, Any]:
    build_id = build_id or (home / "CURRENT").read_text().strip()
    content: dict[str, Any] = json.loads((home / "builds" / build_id / "manifest.json").read_text())
    return content


def fingerprints(home: Path) -> dict[str, Any]:
    content: dict[str, Any] = manifest(home)["fingerprints"]
    return content


def marts(home: Path, sql: str) -> list[Any]:
    """Rows of a query on the marts of the current generation."""
    build_id = (home / "CURRENT").read_text().strip()
    with duckdb.connect(str(home / "builds" / build_id / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def count(home: Path, condition: str, variant: str, role: str) -> int:
    """People of one measure in the newest quarter of the current generation."""
    return int(
        marts(
            home,
            f"""select coalesce(sum(c.people), 0) from mart_case c join mart_measure m using (measure_id)
                where m.condition = '{condition}' and m.variant = '{variant}' and m.role = '{role}'
                and c.quarter_index = (select max(quarter_index) from mart_quarter)""",
        )[0][0]
    )
