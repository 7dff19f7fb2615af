"""Published FHIR files nobody here made: what the reader finds in them, beside counts taken apart from the project."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.support import fhir
from tests.support.home import SHARED
from warehouse.readers.fhir import is_fhir

BUNDLES = SHARED / "real" / "fhir_synthea_bundles"
BULK = SHARED / "real" / "fhir_bulk"
pytestmark = pytest.mark.skipif(
    not (BUNDLES.is_dir() and BULK.is_dir()),
    reason="the shared real data are absent: set HSSK_SHARED to their folder",
)
HYPERTENSION = re.compile("I1[0-5]")
DIABETES = re.compile("E1[0-4]")
PREDIABETES = re.compile("R73")
#: Of the names counted in the expected answers (diuretics among them).
ANTIHYPERTENSIVE = re.compile("C0[23789]")
GLUCOSE_LOWERING = re.compile("A10")
#: Measure -> LOINC codes in the samples.
LOINC = {"height": {"8302-2"}, "weight": {"29463-7", "3141-9"}, "bmi": {"39156-5"}}


class Delivery:
    """Every file of a folder, read one by one, with the others beside."""

    def __init__(self, folder: Path) -> None:
        self.expected = json.loads(folder.with_name(f"{folder.name}.expected.json").read_text("utf-8"))
        paths = [path for path in sorted(folder.iterdir()) if is_fhir(path)]
        self.reads = [fhir.read(path, beside=paths) for path in paths]

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [row for read in self.reads for row in read.of(table)]

    def records(self) -> Counter[str]:
        return sum((Counter(read.staged.records) for read in self.reads), Counter())

    def people_with(self, pattern: re.Pattern[str]) -> int:
        return len({row["person_ref"] for row in self.rows("condition") if pattern.match(row["icd10"])})

    def drugs(self, pattern: re.Pattern[str]) -> list[dict[str, Any]]:
        return [row for row in self.rows("medication") if row["atc"] and pattern.match(row["atc"])]


@pytest.fixture(scope="module", params=[BUNDLES, BULK], ids=["bundles", "bulk"])
def delivery(request: pytest.FixtureRequest) -> Delivery:
    return Delivery(request.param)


@pytest.fixture(scope="module")
def bundles() -> Delivery:
    return Delivery(BUNDLES)


def test_every_resource_is_counted_and_none_is_bad(delivery: Delivery) -> None:
    assert delivery.records() == delivery.expected["resources_by_type"]
    assert [read.staged.bad for read in delivery.reads if read.staged.bad] == []


def test_people_and_ids(delivery: Delivery) -> None:
    residents = delivery.rows("resident")
    assert len({row["person_ref"] for row in residents}) == delivery.expected["patients"]
    assert Counter(row["sex"] for row in residents) == delivery.expected["patients_by_gender"]
    assert sum(row["death_date"] is not None for row in residents) == delivery.expected["patients_deceased"]
    known = {row["person_ref"] for row in residents}
    for table in ("measurement", "condition", "medication", "encounter", "immunisation"):
        assert {row["person_ref"] for row in delivery.rows(table)} <= known
    for table, key, kind in (
        ("encounter", "encounter_id", "Encounter"),
        ("immunisation", "immunisation_id", "Immunization"),
        ("medication", "medication_id", "MedicationRequest"),
    ):
        assert (
            len({row[key] for row in delivery.rows(table)}) == delivery.expected["distinct_ids_by_type"][kind]
        )


def test_visits_and_facilities_belong_together(delivery: Delivery) -> None:
    facilities = {row["facility_ref"] for row in delivery.rows("facility")}
    visits = {row["encounter_id"] for row in delivery.rows("encounter")}
    assert {row["facility_ref"] for row in delivery.rows("encounter")} <= facilities
    for table in ("measurement", "condition", "medication"):
        assert {row["encounter_ref"] for row in delivery.rows(table)} <= visits | {None}


def test_blood_pressure(bundles: Delivery) -> None:
    expected = bundles.expected
    panels: dict[str, dict[str, dict[str, Any]]] = {}
    for row in bundles.rows("measurement"):
        if row["code"] in ("8480-6", "8462-4"):
            panels.setdefault(row["panel_ref"], {})[row["code"]] = row
    pairs = [(float(pair["8480-6"]["value"]), float(pair["8462-4"]["value"])) for pair in panels.values()]
    assert len(pairs) == expected["bp_usable_readings"]
    assert mean(high for high, _ in pairs) == pytest.approx(expected["bp_mean_sbp"], abs=1e-6)
    assert mean(low for _, low in pairs) == pytest.approx(expected["bp_mean_dbp"], abs=1e-6)
    assert sum(high >= 140 or low >= 90 for high, low in pairs) == expected["bp_high_readings"]
    assert {row["unit"] for pair in panels.values() for row in pair.values()} == {"mm[Hg]"}
    people = {row["person_ref"] for pair in panels.values() for row in pair.values()}
    assert len(people) == expected["bp_patients"]


@pytest.mark.parametrize("measure", sorted(LOINC))
def test_body_measures(bundles: Delivery, measure: str) -> None:
    rows = [row for row in bundles.rows("measurement") if row["code"] in LOINC[measure]]
    values = [float(row["value"]) for row in rows]
    expected = bundles.expected[measure]
    assert len(values) == expected["n"]
    assert sum(values) == pytest.approx(expected["sum"], abs=1e-5)
    assert (min(values), max(values)) == pytest.approx((expected["min"], expected["max"]))
    [(named, count)] = Counter(f"{measure}:{row['unit']}" for row in rows).items()
    assert bundles.expected["units"][named] == count


def test_diagnoses(delivery: Delivery) -> None:
    aside = sum(
        read.aside.get(key, 0) for read in delivery.reads for key in read.aside if key[0] == "Condition"
    )
    assert len(delivery.rows("condition")) + aside == delivery.expected["conditions"]
    assert delivery.people_with(HYPERTENSION) == delivery.expected["patients_hypertension_dx"]
    assert delivery.people_with(DIABETES) == delivery.expected["patients_diabetes_dx"]
    assert delivery.people_with(PREDIABETES) == delivery.expected["patients_prediabetes_dx"]


def test_drugs(delivery: Delivery) -> None:
    expected = delivery.expected
    assert len(delivery.rows("medication")) == expected["medication_requests"]
    for pattern, name in ((ANTIHYPERTENSIVE, "antihypertensive"), (GLUCOSE_LOWERING, "diabetes_drug")):
        found = delivery.drugs(pattern)
        assert len(found) == expected[f"{name}_requests"]
        assert len({row["person_ref"] for row in found}) == expected[f"patients_{name}"]


def test_lines_are_read_the_same_in_both_ways() -> None:
    for path in sorted(BULK.glob("*.ndjson")):
        if is_fhir(path):
            fast, sound = fhir.read(path), fhir.read(path, try_fast=False)
            assert fast == sound, path.name


def mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers)
