"""The FHIR reader: what each kind of resource becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import fhir
from tests.support.fhir import (
    coded,
    condition,
    encounter,
    immunization,
    lines,
    ndjson,
    observation,
    panel,
    patient,
    quantity,
    read,
    request,
)

# Observations


def test_a_panel_gives_a_row_for_each_component(tmp_path: Path) -> None:
    systolic, diastolic = lines(tmp_path, panel("o1", 142, 91.5, encounter={"reference": "Encounter/e1"})).of(
        "measurement"
    )[::-1]
    assert systolic == {
        "_row": 1, "measurement_id": "o1/8480-6", "person_ref": "p1", "encounter_ref": "e1", "panel_ref": "o1",
        "code": "8480-6", "value": "142", "value_text": None, "unit": "mm[Hg]",
        "taken_at": "2024-03-04T08:10:00+07:00", "facility_ref": None, "method": None, "origin": "clinic",
    }  # fmt: skip
    assert (diastolic["code"], diastolic["value"]) == ("8462-4", "91.5")


def test_both_panels_and_any_other_panel_are_taken(tmp_path: Path) -> None:
    legacy = panel("o2") | {"code": coded("55284-4")}
    lipids = observation("o3", "57698-3", None, component=[{"code": coded("2093-3"), "valueInteger": 5}])
    rows = lines(tmp_path, legacy, lipids).of("measurement")
    assert [(row["panel_ref"], row["code"], row["value"]) for row in rows] == [
        ("o2", "8462-4", "80"), ("o2", "8480-6", "130"), ("o3", "2093-3", "5"),
    ]  # fmt: skip


def test_a_missing_component_leaves_the_other(tmp_path: Path) -> None:
    absent = {"code": coded("8462-4"), "dataAbsentReason": coded("unknown", "http://x")}
    half = panel("o1", 130, None)
    half["component"].append(absent)
    row = lines(tmp_path, half).only("measurement")
    assert (row["measurement_id"], row["value"]) == ("o1/8480-6", "130")


def test_an_observation_without_a_value_or_a_loinc_code_is_set_aside(tmp_path: Path) -> None:
    result = lines(
        tmp_path,
        observation("o1", value=None, dataAbsentReason=coded("not-performed", "http://x")),
        panel("o2", None, None),
        observation("o3") | {"code": {"text": "Huyết áp"}},
        observation("o4") | {"code": coded("271649006", fhir.SNOMED)},
    )
    assert result.of("measurement") == []
    assert result.aside == {("Observation", "no value"): 2, ("Observation", "no LOINC code"): 2}


def test_the_loinc_code_is_found_among_several(tmp_path: Path) -> None:
    several = observation("o1")
    several["code"]["coding"].insert(0, {"system": fhir.SNOMED, "code": "271649006"})
    assert lines(tmp_path, several).only("measurement")["code"] == "8480-6"


def test_a_repeated_component_is_a_reading_of_its_own(tmp_path: Path) -> None:
    twice = panel("o1")
    twice["component"] += panel("o1", 120, 70)["component"]
    rows = lines(tmp_path, twice).of("measurement")
    assert {(row["measurement_id"], row["panel_ref"], row["value"]) for row in rows} == {
        ("o1/8480-6", "o1", "130"), ("o1/8462-4", "o1", "80"),
        ("o1/8480-6/2", "o1/2", "120"), ("o1/8462-4/2", "o1/2", "70"),
    }  # fmt: skip


def test_members_of_a_panel_are_bound_by_it(tmp_path: Path) -> None:
    head = observation("panel", "85354-9", None) | {
        "hasMember": [{"reference": "Observation/s"}, {"reference": "Observation/d"}]
    }
    result = lines(tmp_path, observation("s"), head, observation("d", "8462-4", 80))
    assert [row["panel_ref"] for row in result.of("measurement")] == ["panel", "panel"]
    assert result.aside == {("Observation", "a panel whose members are records of their own"): 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueQuantity": quantity(5.4, "mmol/L")}, ("5.4", None, "mmol/L")),
        ({"valueQuantity": {"value": 5.4}}, ("5.4", None, None)),
        ({"valueQuantity": {"value": 70, "unit": "kilogram"}}, ("70", None, "kg")),
        ({"valueQuantity": {"value": 70, "unit": "nhịp", "code": "beats/minute"}}, ("70", None, "/min")),
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mg/g"}}, (None, "<5", "mg/g")),
        ({"valueInteger": 7}, ("7", None, None)),
        ({"valueString": "62,5"}, ("62,5", None, None)),
        ({"valueString": "âm tính"}, (None, "âm tính", None)),
        ({"valueBoolean": True}, (None, "true", None)),
        ({"valueCodeableConcept": {"text": "Never smoker"}}, (None, "Never smoker", None)),
        (
            {"valueCodeableConcept": {"coding": [{"display": "Never smoker", "code": "1"}]}},
            (None, "Never smoker", None),
        ),
    ],
)
def test_every_kind_of_value_that_is_used(
    tmp_path: Path, value: fhir.Resource, expected: tuple[str | None, ...]
) -> None:
    row = lines(tmp_path, observation("o1", "72166-2", None, **value)).only("measurement")
    assert (row["value"], row["value_text"], row["unit"]) == expected


def test_blood_pressure_written_as_one_text_is_two_values(tmp_path: Path) -> None:
    rows = lines(tmp_path, observation("o1", "85354-9", None, valueString="150/90 mmHg")).of("measurement")
    assert [(row["measurement_id"], row["panel_ref"], row["value"]) for row in rows] == [
        ("o1/8462-4", "o1", "90"), ("o1/8480-6", "o1", "150"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"effectivePeriod": {"start": "2024-03-05T01:00:00Z"}}, "2024-03-05T01:00:00Z"),
        ({"effectiveInstant": "2024-03-05T01:00:00.5Z"}, "2024-03-05T01:00:00.5Z"),
        ({"issued": "2024-03-06T01:00:00Z"}, "2024-03-06T01:00:00Z"),
        ({"effectiveDateTime": "2024-03", "issued": "2024-03-06T01:00:00Z"}, "2024-03-06T01:00:00Z"),
        ({"effectiveDateTime": "2024-03"}, "2024-03-15"),
        ({"effectiveDateTime": "2024"}, "2024-07-01"),
        ({}, None),
    ],
)
def test_the_time_of_an_observation(tmp_path: Path, when: fhir.Resource, expected: str | None) -> None:
    bare = observation("o1")
    del bare["effectiveDateTime"]
    assert lines(tmp_path, bare | when).only("measurement")["taken_at"] == expected


@pytest.mark.parametrize(
    "status", ["preliminary", "registered", "cancelled", "entered-in-error", "unknown", None]
)
def test_an_observation_that_is_not_final_is_set_aside(tmp_path: Path, status: str | None) -> None:
    result = lines(tmp_path, observation("o1") | {"status": status}, observation("o2", status="amended"))
    assert [row["measurement_id"] for row in result.of("measurement")] == ["o2"]
    assert sum(result.aside.values()) == 1


@pytest.mark.parametrize(
    ("more", "origin"),
    [
        ({"performer": [{"reference": "Patient/p1"}]}, "self_declared"),
        ({"performer": [{"reference": "Patient/p1"}], "device": {"reference": "Device/d"}}, "device"),
        ({"performer": [{"reference": "Device/d"}]}, "device"),
        ({"performer": [{"reference": "Practitioner/d"}], "device": {"reference": "Device/d"}}, "clinic"),
        ({"category": [coded("survey", "http://x")]}, "self_declared"),
        ({"category": [coded("vital-signs", "http://x")]}, "clinic"),
    ],
)
def test_where_a_measurement_comes_from(tmp_path: Path, more: fhir.Resource, origin: str) -> None:
    assert lines(tmp_path, observation("o1", **more)).only("measurement")["origin"] == origin


def test_the_facility_is_the_performer_or_the_visits(tmp_path: Path) -> None:
    performers = [
        {"reference": "Practitioner/x"},
        {"reference": "https://his.vn/Organization/org/_history/3"},
    ]
    visit = encounter("e1", serviceProvider={"reference": "Organization/hospital"})
    in_visit = observation("o2", encounter={"reference": "Encounter/e1"})
    rows = lines(tmp_path, in_visit, observation("o1", performer=performers), visit).of("measurement")
    assert {row["measurement_id"]: row["facility_ref"] for row in rows} == {"o1": "org", "o2": "hospital"}


# People


def test_a_patient_becomes_a_resident(tmp_path: Path) -> None:
    extension = [{"url": "x", "extension": [{"url": "ward", "valueCode": "26740"}]}]
    full = patient(
        identifier=[
            {"system": "http://fhir.hl7.org.vn/core/sid/mrn", "value": "079160999999"},
            {"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": "079 160 000 001"},
            {"value": "023456789"},
            {"system": "http://fhir.hl7.org.vn/core/sid/bhyt", "value": "HT3790123456789"},
        ],
        name=[
            {"use": "maiden", "text": "Cũ"},
            {"use": "official", "family": "Nguyễn", "given": ["Thị", "Bé"]},
        ],
        telecom=[{"system": "email", "value": "a@b.vn"}, {"system": "phone", "value": "0901234567"}],
        deceasedDateTime="2024-02-01T20:00:00Z",
        address=[
            {"use": "old", "district": "761"},
            {"use": "home", "district": "760", "extension": extension},
        ],
    )
    assert lines(tmp_path, full).only("resident") == {
        "_row": 1, "source": "fhir", "person_ref": "p1", "national_id": "079160000001", "old_id": "023456789",
        "insurance_no": "HT3790123456789", "full_name": "Nguyễn Thị Bé", "birth_date": "1960-05-17",
        "sex": "female", "ward_code": "26740", "district_code": "760", "phone": "0901234567",
        "death_date": "2024-02-02",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("identifier", "columns"),
    [
        ({"value": "079160000001"}, {"national_id": "079160000001"}),
        ({"system": "http://his.vn/x", "value": "079160000001"}, {"national_id": "079160000001"}),
        ({"system": "http://his.vn/x", "value": "999160000001"}, {}),
        ({"system": "http://his.vn/x", "value": "023456789"}, {}),
        ({"system": "urn:cmnd", "value": "023456789"}, {"old_id": "023456789"}),
        ({"type": coded("MR", "http://x"), "value": "079160000001"}, {}),
        ({"type": coded("NI", "http://x"), "value": "079160000001"}, {"national_id": "079160000001"}),
        ({"system": "urn:bhxh", "value": "0123456789"}, {"insurance_no": "0123456789"}),
        ({"value": "0123456789"}, {}),
        ({"system": "urn:cccd", "value": "unknown"}, {}),
    ],
)
def test_what_an_identifier_is(tmp_path: Path, identifier: fhir.Resource, columns: fhir.Resource) -> None:
    row = lines(tmp_path, patient(identifier=[identifier])).only("resident")
    found = {name: row[name] for name in ("national_id", "old_id", "insurance_no") if row[name]}
    assert found == columns


@pytest.mark.parametrize("birth", ["1960", "1960-05", "1960-05-17"])
def test_a_partial_date_of_birth_is_kept_as_written(tmp_path: Path, birth: str) -> None:
    assert lines(tmp_path, patient(birthDate=birth)).only("resident")["birth_date"] == birth


@pytest.mark.parametrize(
    ("gender", "sex"), [("male", "male"), ("female", "female"), ("other", "unknown"), (None, "unknown")]
)
def test_the_sex_of_a_resident(tmp_path: Path, gender: str | None, sex: str) -> None:
    assert lines(tmp_path, patient(gender=gender)).only("resident")["sex"] == sex


# Conditions


@pytest.mark.parametrize(
    ("code", "system", "icd10"),
    [
        ("I10", fhir.ICD10, "I10"),
        ("E11.9", fhir.ICD10, "E119"),
        ("E11.9†", fhir.ICD10, "E119"),
        ("S72.001A", "http://hl7.org/fhir/sid/icd-10-cm", "S7200"),
        ("E11.A", "http://hl7.org/fhir/sid/icd-10-cm", "E11"),
        ("E11.90", "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "E1190"),
        ("I10.-", "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "I10"),
        ("i10", "http://fhir.hl7.org.vn/core/CodeSystem/icd10-vn", "I10"),
        ("I10", None, "I10"),
        ("38341003", fhir.SNOMED, "I10"),
        ("44054006", "http://snomed.info/sct/900000000000207008", "E11"),
    ],
)
def test_the_icd10_code_of_a_condition(tmp_path: Path, code: str, system: str | None, icd10: str) -> None:
    told = condition("c1") | {"code": {"coding": [{"system": system, "code": code}]}}
    assert lines(tmp_path, told).only("condition")["icd10"] == icd10


@pytest.mark.parametrize(
    ("code", "system"),
    [("160903007", fhir.SNOMED), ("C7A.1", "http://hl7.org/fhir/sid/icd-10-cm"), ("E10-E14", fhir.ICD10),
     ("0DTJ4ZZ", "http://hl7.org/fhir/sid/icd-10-pcs"), ("I10", "http://example.org/local")],
)  # fmt: skip
def test_a_condition_without_an_icd10_code_is_set_aside(tmp_path: Path, code: str, system: str) -> None:
    result = lines(tmp_path, condition("c1", code, system))
    assert result.of("condition") == []
    assert result.aside == {("Condition", "no ICD-10 code, nor a SNOMED CT code the map knows"): 1}


def test_of_several_codings_icd10_goes_first(tmp_path: Path) -> None:
    told = condition("c1", "38341003", fhir.SNOMED)
    told["code"]["coding"] += [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I11.0"}]
    assert lines(tmp_path, told).only("condition")["icd10"] == "I110"
    told["code"]["coding"] += [{"system": fhir.ICD10, "code": "I12"}]
    assert lines(tmp_path, told).only("condition")["icd10"] == "I12"


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_a_condition_somebody_took_back_is_set_aside(tmp_path: Path, verification: str) -> None:
    result = lines(tmp_path, condition("c1", verificationStatus=coded(verification, "http://x")))
    assert result.of("condition") == []
    assert sum(result.aside.values()) == 1


@pytest.mark.parametrize(
    ("dates", "onset", "recorded"),
    [
        ({"recordedDate": "2024-03-04"}, None, "2024-03-04"),
        ({"onsetDateTime": "2019-12-31T20:00:00Z"}, "2020-01-01", "2019-12-31T20:00:00Z"),
        ({"recordedDate": "2024", "onsetDateTime": "2023-05"}, "2023-05-15", "2024-03-04T08:00:00+07:00"),
        ({"onsetPeriod": {"start": "2019"}}, "2019-07-01", "2024-03-04T08:00:00+07:00"),
        ({}, None, "2024-03-04T08:00:00+07:00"),
    ],
)
def test_the_dates_of_a_condition(
    tmp_path: Path, dates: fhir.Resource, onset: str | None, recorded: str
) -> None:
    bare = condition("c1", encounter={"reference": "Encounter/e1"})
    del bare["recordedDate"]
    row = lines(tmp_path, bare | dates, encounter("e1")).only("condition")
    assert (row["onset_date"], row["recorded_at"]) == (onset, recorded)


def test_what_a_person_says_of_themselves_is_self_declared(tmp_path: Path) -> None:
    own = condition("c1", asserter={"reference": "Patient/p1"}, clinicalStatus=coded("relapse", "http://x"))
    row = lines(tmp_path, own).only("condition")
    assert (row["recorded_by"], row["origin"], row["status"]) == ("self", "self_declared", "active")


# Drugs


def test_a_prescription(tmp_path: Path) -> None:
    supply = {"expectedSupplyDuration": {"value": 4, "code": "wk"}}
    row = lines(tmp_path, request(dispenseRequest=supply, authoredOn="2024-03-04T20:00:00Z")).only(
        "medication"
    )
    assert row == {
        "_row": 1, "medication_id": "m1", "person_ref": "p1", "encounter_ref": None, "atc": "C08CA01",
        "name_as_written": "Amlodipin 5mg", "started_on": "2024-03-05", "days_supplied": "28", "origin": "clinic",
    }  # fmt: skip


def test_an_atc_code_goes_before_the_name(tmp_path: Path) -> None:
    drug = coded("C09DB01", "http://www.whocc.no/atc", text="Amlodipin 5mg")
    wrong = coded("amlodipine", "http://www.whocc.no/atc", text="Amlodipin 5mg")
    rows = lines(
        tmp_path,
        request("m1", None, medicationCodeableConcept=drug),
        request("m2", None, medicationCodeableConcept=wrong),
    ).of("medication")
    assert [row["atc"] for row in rows] == ["C09DB01", "C08CA01"]


def test_the_name_may_stand_beside_the_code_only(tmp_path: Path) -> None:
    drug = {"coding": [{"system": "http://x", "code": "314076", "display": "lisinopril 10 MG Oral Tablet"}]}
    row = lines(tmp_path, request("m1", None, medicationCodeableConcept=drug)).only("medication")
    assert (row["atc"], row["name_as_written"]) == ("C09AA03", "lisinopril 10 MG Oral Tablet")


def test_a_drug_in_the_file_inside_the_record_or_beside_the_file(tmp_path: Path) -> None:
    drug = {"resourceType": "Medication", "id": "d1", "code": {"text": "Metformin 500 mg"}}
    linked = request("m1", None, medicationReference={"reference": "Medication/d1"})
    inside = request("m2", None, medicationReference={"reference": "#d1"}, contained=[drug])
    assert [row["atc"] for row in lines(tmp_path, linked, inside, drug).of("medication")] == ["A10BA02"] * 2

    alone = ndjson(tmp_path / "MedicationRequest.ndjson", [linked])
    assert read(alone).aside == {("MedicationRequest", "it names no drug"): 1}
    beside = ndjson(tmp_path / "Medication.ndjson", [drug])
    assert read(alone, beside=[beside]).only("medication")["atc"] == "A10BA02"
    assert read(beside).aside == {("Medication", "names the drugs of other records"): 1}


def test_what_was_supplied_and_what_is_told_are_drugs_too(tmp_path: Path) -> None:
    drug = {"medicationCodeableConcept": {"text": "Metformin"}, "subject": {"reference": "Patient/p1"}}
    supplied = {
        "resourceType": "MedicationDispense", "id": "m1", "status": "completed", "whenHandedOver": "2024-03-05",
        "daysSupply": {"value": 30}, "context": {"reference": "Encounter/e1"}, **drug,
    }  # fmt: skip
    told = {
        "resourceType": "MedicationStatement", "id": "m1", "status": "active", "effectiveDateTime": "2024-02",
        "informationSource": {"reference": "Patient/p1"}, **drug,
    }  # fmt: skip
    rows = lines(tmp_path, request("m1"), supplied, told).of("medication")
    assert [
        (row["medication_id"], row["started_on"], row["origin"], row["days_supplied"]) for row in rows
    ] == [
        ("m1", "2024-03-04", "clinic", None),
        ("MedicationDispense/m1", "2024-03-05", "clinic", "30"),
        ("MedicationStatement/m1", "2024-02-15", "self_declared", None),
    ]
    assert rows[1]["encounter_ref"] == "e1"


@pytest.mark.parametrize(
    "more",
    [{"status": "entered-in-error"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}],
)
def test_an_order_that_was_none_is_set_aside(tmp_path: Path, more: fhir.Resource) -> None:
    assert lines(tmp_path, request() | more).of("medication") == []


# Visits, doses, facilities, and the rest


def test_a_visit(tmp_path: Path) -> None:
    visit = encounter(serviceProvider={"reference": "Organization?identifier=http://moh|79001"})
    assert lines(tmp_path, visit).only("encounter") == {
        "_row": 1, "encounter_id": "e1", "person_ref": "p1", "facility_ref": "79001", "class": "outpatient",
        "started_at": "2024-03-04T08:00:00+07:00", "ended_at": "2024-03-04T09:00:00+07:00",
    }  # fmt: skip
    assert lines(tmp_path, encounter() | {"status": "planned"}).of("encounter") == []


def test_a_visit_at_a_place(tmp_path: Path) -> None:
    visit = encounter(location=[{"location": {"reference": "Location/l1"}}])
    assert lines(tmp_path, visit).only("encounter")["facility_ref"] == "l1"


@pytest.mark.parametrize(
    ("cvx", "vaccine"),
    [("08", "hepatitis_b"), ("8", "hepatitis_b"), ("102", "dpt_hepb_hib"), ("208", "covid19")],
)
def test_a_dose(tmp_path: Path, cvx: str, vaccine: str) -> None:
    row = lines(tmp_path, immunization(cvx=cvx, protocolApplied=[{"doseNumberPositiveInt": 2}])).only(
        "immunisation"
    )
    assert row == {
        "_row": 1, "immunisation_id": "v1", "person_ref": "p1", "vaccine": vaccine, "dose_number": "2",
        "given_on": "2024-03-04",
    }  # fmt: skip


def test_a_vaccine_without_a_known_code_is_called_as_written(tmp_path: Path) -> None:
    named = immunization() | {"vaccineCode": {"text": "measles"}}
    assert lines(tmp_path, named).only("immunisation")["vaccine"] == "measles"
    assert lines(tmp_path, immunization() | {"status": "not-done"}).aside == {
        ("Immunization", "not given"): 1
    }


def test_facilities_are_organisations_and_places(tmp_path: Path) -> None:
    organisation = {
        "resourceType": "Organization", "id": "org", "name": "Trạm y tế", "type": [{"text": "Health station"}],
        "address": [{"district": "760"}],
    }  # fmt: skip
    place = {"resourceType": "Location", "id": "l1", "name": "Phòng khám", "address": {"city": "26740"}}
    rows = lines(tmp_path, organisation, place).of("facility")
    assert [list(row.values()) for row in rows] == [
        [1, "org", "Trạm y tế", "Health station", "760", None],
        [2, "l1", "Phòng khám", None, None, "26740"],
    ]


def test_kinds_no_contract_takes_are_counted(tmp_path: Path) -> None:
    allergy = {"resourceType": "AllergyIntolerance", "id": "a1"}
    result = lines(tmp_path, allergy, {"resourceType": "Procedure"}, {"resourceType": "Nguyen"})
    assert result.staged.records == {"AllergyIntolerance": 1, "Procedure": 1, "other": 1}
    assert result.aside == {
        ("AllergyIntolerance", "no contract takes allergies"): 1,
        ("Procedure", "no contract takes this kind"): 1,
        ("other", "not a resource type of FHIR R4"): 1,
    }
