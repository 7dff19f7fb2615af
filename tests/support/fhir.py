"""FHIR resources for tests, files of them, and what the reader makes of a file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.support.staged import Read, read_back
from warehouse.readers import fhir
from warehouse.readers.staged import Staged

Resource = dict[str, Any]
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"


def read(path: Path, *, beside: Iterable[Path] = (), try_fast: bool = True) -> Read:
    """Stage a file on a connection of its own; every record must be accounted for."""
    found = read_back(
        lambda connection: fhir.stage(connection, path, beside=tuple(beside), try_fast=try_fast)
    )
    _assert_accounted(found.staged, found.rows)
    return found


def _assert_accounted(staged: Staged, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Each record gave rows, or is set aside, or is bad: once."""
    fruitful = {row["_row"] for table in rows.values() for row in table}
    bad = [record.row for record in staged.bad]
    total = sum(staged.records.values()) + len(bad)
    assert not fruitful & set(bad)
    assert len(set(bad)) == len(bad)
    assert fruitful | set(bad) <= set(range(1, total + 1))
    assert len(fruitful) + sum(item.records for item in staged.set_aside) == sum(staged.records.values())


def ndjson(path: Path, records: Iterable[Resource | str | bytes]) -> Path:
    """A file of lines; a text or bytes are written as they are."""
    lines = [
        item if isinstance(item, bytes) else (item if isinstance(item, str) else json.dumps(item)).encode()
        for item in records
    ]
    text = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(text) if path.name.endswith(".gz") else text)
    return path


def document(path: Path, resource: Resource, *, indent: int | None = 2) -> Path:
    text = json.dumps(resource, indent=indent).encode()
    path.write_bytes(gzip.compress(text) if path.name.endswith(".gz") else text)
    return path


def bundle(*resources: Resource, kind: str = "transaction", **more: Any) -> Resource:
    """A Bundle whose entries are called ``urn:uuid:<id>``."""
    entries = [{"fullUrl": f"urn:uuid:{item.get('id')}", "resource": item} for item in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries, **more}


def patient(key: str = "p1", **more: Any) -> Resource:
    return {"resourceType": "Patient", "id": key, "gender": "female", "birthDate": "1960-05-17", **more}


def coded(code: str, system: str = LOINC, **more: Any) -> Resource:
    return {"coding": [{"system": system, "code": code}], **more}


def quantity(value: Any, unit: str | None = "mm[Hg]") -> Resource:
    return {"value": value} | ({"unit": unit, "code": unit} if unit else {})


def observation(key: str = "o1", code: str = "8480-6", value: Any = 130, **more: Any) -> Resource:
    return {
        "resourceType": "Observation", "id": key, "status": "final", "code": coded(code),
        "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2024-03-04T08:10:00+07:00",
        **({"valueQuantity": quantity(value)} if value is not None else {}), **more,
    }  # fmt: skip


def panel(key: str = "o1", systolic: Any = 130, diastolic: Any = 80, **more: Any) -> Resource:
    component = [
        {"code": coded(code), "valueQuantity": quantity(value)}
        for code, value in (("8480-6", systolic), ("8462-4", diastolic))
        if value is not None
    ]
    return observation(key, "85354-9", None, component=component, **more)


def condition(key: str = "c1", code: str = "I10", system: str = ICD10, **more: Any) -> Resource:
    return {
        "resourceType": "Condition", "id": key, "subject": {"reference": "Patient/p1"},
        "code": coded(code, system), "recordedDate": "2024-03-04", **more,
    }  # fmt: skip


def request(key: str = "m1", name: str | None = "Amlodipin 5mg", **more: Any) -> Resource:
    return {
        "resourceType": "MedicationRequest", "id": key, "status": "active", "intent": "order",
        "subject": {"reference": "Patient/p1"}, "authoredOn": "2024-03-04",
        **({"medicationCodeableConcept": {"text": name}} if name else {}), **more,
    }  # fmt: skip


def encounter(key: str = "e1", **more: Any) -> Resource:
    return {
        "resourceType": "Encounter", "id": key, "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2024-03-04T08:00:00+07:00", "end": "2024-03-04T09:00:00+07:00"}, **more,
    }  # fmt: skip


def immunization(key: str = "v1", cvx: str = "08", **more: Any) -> Resource:
    return {
        "resourceType": "Immunization", "id": key, "status": "completed", "patient": {"reference": "Patient/p1"},
        "vaccineCode": coded(cvx, "http://hl7.org/fhir/sid/cvx"), "occurrenceDateTime": "2024-03-04", **more,
    }  # fmt: skip


def lines(folder: Path, *records: Resource | str | bytes) -> Read:
    return read(ndjson(folder / "file.ndjson", records))


def whole(folder: Path, resource: Resource) -> Read:
    return read(document(folder / "file.json", resource))
