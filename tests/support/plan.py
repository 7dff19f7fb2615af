"""A small home with every extract the plan's indicators need: few enough people to count each number by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from tests.support.home import record, resident, run_build, write_csv

AS_OF = date(2024, 12, 31)
#: District 1 and the ward its people live in; Thủ Đức and one of its wards.
FIRST, SECOND = ("760", "26758"), ("769", "26794")


def _lives(ref: str, place: tuple[str, str], **changes: Any) -> dict[str, Any]:
    empty = {"registered_from": "", "pregnant_until": "", "vulnerable": ""}
    return resident(ref, district_code=place[0], ward_code=place[1], **{**empty, **changes})


RESIDENTS = [
    _lives("A1", FIRST, pregnant_until="2025-02-01", vulnerable="poor", birth_date="1990-01-01"),
    _lives("A2", FIRST, vulnerable="poor"),
    _lives("A3", FIRST, vulnerable="disabled"),
    _lives("A4", SECOND, vulnerable="elderly", birth_date="1940-03-01"),
    # Newborns: recorded in time, too late, not yet due, due and without a record.
    _lives("N1", FIRST, birth_date="2024-10-15", registered_from="2024-10-20"),
    _lives("N2", FIRST, birth_date="2024-10-02", registered_from="2024-10-20"),
    _lives("N3", FIRST, birth_date="2024-12-05", registered_from="2024-12-10"),
    _lives("N4", FIRST, birth_date="2024-11-11", registered_from="2024-11-20"),
    # Moved in: recorded in time, without a record, not yet due, too late.
    _lives("M1", SECOND, birth_date="1990-05-05", registered_from="2024-11-01"),
    _lives("M2", SECOND, birth_date="1990-05-05", registered_from="2024-11-10"),
    _lives("M3", SECOND, birth_date="1990-05-05", registered_from="2024-12-15"),
    _lives("M4", SECOND, birth_date="1990-05-05", registered_from="2024-10-05", source="bhxh"),
]


def _made(ref: str, created: str, **changes: Any) -> dict[str, Any]:
    empty = {
        "created_by": "initialised",
        "identity_verified_at": "",
        "activated_at": "",
        "citizen_edited_at": "",
    }
    return record(ref, created_at=created, **{**empty, "last_updated_at": created, **changes})


RECORDS = [
    _made("A1", "2024-02-10", created_by="self", identity_verified_at="2024-02-12", activated_at="2024-03-01",
          citizen_edited_at="2024-03-05", last_updated_at="2024-11-08"),
    _made("A4", "2024-02-10", created_by="proxy", identity_verified_at="2024-11-02", activated_at="2024-11-05",
          citizen_edited_at="2024-11-01", last_updated_at="2024-12-29"),
    _made("N1", "2024-11-20"),
    _made("N2", "2024-12-05"),
    _made("M1", "2024-11-20", created_by="self"),
    _made("M4", "2024-11-30", created_by="facility"),
]  # fmt: skip
SECTIONS = [
    {"record_id": "R-A1", "section": name, "completed_at": "2024-03-01", "value_state": "present"}
    for name in ("administrative", "covid_immunisation", "history_allergy", "anthropometry", "blood_group",
                 "underlying_conditions")
]  # fmt: skip
SECTIONS.append(
    {
        "record_id": "R-A4",
        "section": "administrative",
        "completed_at": "2024-03-01",
        "value_state": "present",
    }
)
VISITS = [
    ("A1", "2024-11-05"),  # updated three days later
    ("A1", "2024-10-01"),  # not the latest
    ("A4", "2024-12-20"),  # updated nine days later
    ("A2", "2024-12-01"),  # no record
    ("M1", "2024-12-28"),  # too young to be judged
]
FACILITIES = [
    ("F1", "hospital", *FIRST, "2023-01-01", "2024-12-15T08:00:00"),
    ("F2", "health_station", *FIRST, "2023-01-01", "2024-11-20T08:00:00"),
    ("F3", "health_station", *SECOND, "", ""),
    ("F4", "hospital", "", "", "2024-12-30", "2024-12-31T08:00:00"),
]
ACTIVITIES = [
    ("769", "communication", "2024-05-10", 4, 5), ("760", "communication", "2024-11-10", 6, 5),
    ("760", "leaflet", "2024-05-10", 300, ""), ("760", "leaflet", "2024-11-10", 200, ""),
    ("79", "leaflet", "2024-11-10", 100, ""),
    ("760", "hotline_received", "2024-11-10", 20, ""), ("760", "hotline_call", "2024-11-10", 15, ""),
    ("760", "training_officer", "2024-05-10", 8, 10), ("760", "training_investigator", "2024-05-10", 10, 10),
    ("769", "training_officer", "2024-05-10", 3, ""), ("760", "training_admin", "2024-05-10", 11, ""),
    ("760", "steering_committee", "2024-03-10", "", ""), ("769", "steering_committee", "2024-11-10", 1, 1),
    ("79", "steering_committee", "2024-03-10", 1, 1), ("762", "steering_committee", "2024-03-10", 1, 1),
    ("760", "local_plan", "2024-03-10", 1, 1),
    ("26758", "declaration_report", "2024-10-31", 1, 1), ("26758", "declaration_report", "2024-11-30", 1, 1),
    ("26794", "declaration_report", "2024-05-31", 1, 1), ("760", "declaration_report", "2024-11-30", 9, 10),
    ("760", "defect_found", "2024-05-10", 40, ""), ("760", "defect_fixed", "2024-11-10", 25, ""),
    ("760", "duplicate_found", "2024-05-10", 10, ""), ("760", "duplicate_merged", "2024-05-10", 5, ""),
    ("79", "link_live", "2024-03-01", 1, 1), ("79", "link_live", "2024-11-01", 2, 2),
]  # fmt: skip
BUDGET = [
    ("hd1", "2024-03-31", 35_000_000_000, 1_000_000_000), ("hd1", "2024-10-31", 35_000_000_000, 3_000_000_000),
    ("hd2_1", "2024-11-30", 3_920_000_000, 500_000_000),
]  # fmt: skip


def write_plan_extract(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """The extract files into ``folder``, but for the tables named in ``without``."""
    for name, rows in _tables().items():
        if name not in without:
            write_csv(folder / f"{name}.csv", rows)
    return folder


def plan_home(home: Path, *, without: tuple[str, ...] = ()) -> Path:
    """Build that extract; returns ``home``."""
    run_build(home, write_plan_extract(home / "extract", without=without), as_of=AS_OF)
    return home


def _tables() -> dict[str, list[dict[str, Any]]]:
    def named(names: str, rows: list[Any]) -> list[dict[str, Any]]:
        return [dict(zip(names.split(), row, strict=True)) for row in rows]

    acts = [(f"X{number}", *row) for number, row in enumerate(ACTIVITIES)]
    spells = [(ref, "2022-01-01", "") for ref in ("A1", "A2", "A4")]
    claims = [(f"C-{ref}", ref, "I10", "2024-01-15", "claim") for ref in ("A1", "A2")]
    people = [("760", "female", "60-64", 2024, 3510, "test"), ("769", "male", "5-9", 2024, 7020, "test")]
    return {
        "resident": RESIDENTS,
        "health_record": RECORDS,
        "record_section": SECTIONS,
        "encounter": named(
            "encounter_id person_ref started_at", [(f"V{i}", *row) for i, row in enumerate(VISITS)]
        ),
        "facility": named(
            "facility_ref kind district_code ward_code his_connected_on last_message_at", FACILITIES
        ),
        "activity": named("activity_id unit_code kind on_date quantity quantity_planned", acts),
        "budget": named("line on_date allocated_vnd disbursed_vnd", BUDGET),
        "insurance_spell": named("person_ref from_date to_date", spells),
        "condition": named("condition_id person_ref icd10 recorded_at origin", claims),
        "population": named("unit_code sex age_band year people source", people),
        "target": named(
            "unit_code phase group quarter target_people source",
            [("760", "p1", "over_50", "2024Q4", 4, "test"), ("769", "p1", "over_50", "2024Q4", 1, "test")],
        ),
    }
