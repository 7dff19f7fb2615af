"""Files of records (FHIR here) in a build: several tables of one file, sent again, corrected, set aside."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support import home as support
from tests.support.home import fingerprints, manifest, run_build
from warehouse.check import as_json, check
from warehouse.database import open_warehouse, rows
from warehouse.errors import Faults

LOINC = "http://loinc.org"


def patient(ref: str, **changes: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": ref, "gender": "female", "birthDate": "1960-05-17", **changes}


def pressure(ref: str, number: int, systolic: float, **changes: Any) -> dict[str, Any]:
    def part(code: str, value: float) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mm[Hg]"},
        }

    return {
        "resourceType": "Observation", "id": f"{ref}-{number}", "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]}, "subject": {"reference": f"Patient/{ref}"},
        "effectiveDateTime": f"2024-0{number}-05T08:00:00+07:00",
        "component": [part("8480-6", systolic), part("8462-4", 80)], **changes,
    }  # fmt: skip


def write(path: Path, *resources: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in resources))
    return path


def readings(home: Path) -> list[float]:
    with open_warehouse(support.settings(home)) as connection:
        sql = "select value from raw_measurement where code = '8480-6' order by value"
        return [value for (value,) in rows(connection, sql)]


def test_one_file_gives_several_tables_and_tells_what_it_set_aside(tmp_path: Path) -> None:
    write(
        tmp_path / "in" / "all.ndjson",
        patient("A"), pressure("A", 3, 150), pressure("A", 4, 160, status="entered-in-error"),
        {"resourceType": "Procedure", "id": "x", "status": "completed", "subject": {"reference": "Patient/A"}},
    )  # fmt: skip
    report = run_build(tmp_path / "home", tmp_path / "in", as_of=date(2024, 6, 30))
    landed = {item.table: item for item in report.landed}

    assert landed.keys() == {"resident", "measurement"}
    assert (landed["resident"].accepted, landed["measurement"].accepted) == (1, 2)
    aside = {(item.kind, item.records) for part in report.landed for item in part.set_aside}
    assert aside == {("Observation", 1), ("Procedure", 1)}
    with open_warehouse(support.settings(tmp_path / "home")) as connection:
        assert rows(connection, "select sum(records) from meta_set_aside") == [(2,)]


def test_a_file_of_nothing_that_is_used_is_loaded_once(tmp_path: Path) -> None:
    write(tmp_path / "in" / "p.ndjson", {"resourceType": "Procedure", "id": "x", "status": "completed"})
    write(tmp_path / "in" / "a.ndjson", patient("A"))
    first = run_build(tmp_path / "home", tmp_path / "in", as_of=date(2024, 6, 30))
    second = run_build(tmp_path / "home", tmp_path / "in", as_of=date(2024, 6, 30))

    assert {item.table for item in first.landed} == {"none", "resident"}
    assert not second.landed
    assert len(second.skipped) == 2


def test_of_records_sent_again_the_newest_file_stays_in_increments_as_in_a_full_rebuild(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    write(tmp_path / "a" / "export.ndjson", patient("A"), pressure("A", 3, 150), pressure("A", 4, 152))
    write(tmp_path / "b" / "export.ndjson", pressure("A", 3, 130), pressure("A", 5, 154))
    write(tmp_path / "c" / "export.ndjson", patient("A", gender="male"), pressure("A", 3, 140))
    for name in "abc":
        report = run_build(home, tmp_path / name, as_of=date(2024, 6, 30))

    assert readings(home) == [140, 152, 154]
    received = manifest(home)["files"]
    assert all(f["accepted"] + f["quarantined"] + f["duplicate"] == f["received"] for f in received)
    assert not any(item.quarantined for item in report.landed)
    before = fingerprints(home)
    run_build(home, *(tmp_path / name for name in "abc"), as_of=date(2024, 6, 30), full=True)
    assert readings(home) == [140, 152, 154]
    # The first two deliveries had been seen apart: what is told of files differs, what is counted does not.
    assert {name for name, found in fingerprints(home).items() if found != before[name]} <= {
        "mart_quality",
        "mart_check",
    }


def test_the_name_of_a_file_of_records_stays_with_the_people(tmp_path: Path) -> None:
    """Senders name Bundles of one person after the person."""
    home = tmp_path / "home"
    write(tmp_path / "in" / "NGUYEN_VAN_AN_079160001234.ndjson", patient("A"), pressure("A", 3, 150))
    (tmp_path / "in" / "resident_079160001234.csv").write_text("source,person_ref,sex\nt,B,female\n")
    run_build(home, tmp_path / "in", as_of=date(2024, 6, 30))

    for path in home.rglob("*"):
        if path.is_file() and path.name != "warehouse.duckdb":
            content = path.read_bytes()
            assert b"079160001234" not in content, path
            assert b"NGUYEN" not in content, path
    assert {file["logical_name"].partition("/")[0] for file in manifest(home)["files"]} == {"in"}


def test_a_corrected_drug_file_changes_what_prescriptions_mean(tmp_path: Path) -> None:
    def drug(atc: str) -> dict[str, Any]:
        coding = [{"system": "http://www.whocc.no/atc", "code": atc}]
        return {"resourceType": "Medication", "id": "m", "code": {"coding": coding}}

    home, folder = tmp_path / "home", tmp_path / "in"
    write(folder / "Patient.000.ndjson", patient("A"))
    write(folder / "MedicationRequest.000.ndjson", {
        "resourceType": "MedicationRequest", "id": "r", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/A"}, "authoredOn": "2024-03-01",
        "medicationReference": {"reference": "Medication/m"},
    })  # fmt: skip
    for atc in ("C09AA02", "A10BA02"):
        write(folder / "Medication.000.ndjson", drug(atc))
        run_build(home, folder, as_of=date(2024, 6, 30))
        with open_warehouse(support.settings(home)) as connection:
            assert rows(connection, "select atc from raw_medication") == [(atc,)]


def test_a_corrected_file_of_records_replaces_all_its_tables(tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "in" / "all.ndjson"
    write(path, patient("A"), patient("B"), pressure("A", 3, 150), pressure("B", 3, 151))
    run_build(home, tmp_path / "in", as_of=date(2024, 6, 30))
    write(path, patient("A"), pressure("A", 3, 133))
    report = run_build(home, tmp_path / "in", as_of=date(2024, 6, 30))

    assert report.replaced == ("in/all",)
    assert readings(home) == [133]
    assert {item["accepted"] for item in manifest(home)["files"]} == {1, 2}


def test_a_record_without_a_person_is_refused_by_its_number(tmp_path: Path) -> None:
    nobody = pressure("A", 4, 160)
    del nobody["subject"]
    write(tmp_path / "in" / "all.ndjson", patient("A"), pressure("A", 3, 150), nobody)
    told = as_json(check(support.settings(tmp_path / "home"), [tmp_path / "in"]))["files"]
    [item] = [entry for entry in told if entry["table"] == "measurement"]
    assert (item["verdict"], item["quarantined"]) == ("quarantine_rows", 2)
    assert [(reason["column"], reason["rule"], reason["rows"]) for reason in item["reasons"]] == [
        ("person_ref", "missing", 2)
    ]
    run_build(tmp_path / "home", tmp_path / "in", as_of=date(2024, 6, 30), quarantine_share_limit=1)
    with open_warehouse(support.settings(tmp_path / "home")) as connection:
        assert rows(connection, "select distinct row_number from meta_quarantine") == [(3,)]


def test_a_damaged_file_of_records_is_refused_and_its_earlier_version_stays(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = write(tmp_path / "in" / "all.json", patient("A"))
    path.write_text(
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient("A")}]})
    )
    write(tmp_path / "in" / "b.ndjson", patient("B"))
    run_build(home, tmp_path / "in", as_of=date(2024, 6, 30))
    path.write_text(path.read_text()[:60])
    report = run_build(home, tmp_path / "in", as_of=date(2024, 6, 30))

    assert len(report.refused) == 1
    with open_warehouse(support.settings(home)) as connection:
        assert rows(connection, "select count(*) from raw_resident") == [(2,)]
    with pytest.raises(Faults):
        run_build(home, tmp_path / "in", as_of=date(2024, 6, 30), full=True)
