"""The FHIR reader: what a file is, who a reference means, which version counts, and what is broken."""

from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path

import duckdb
import pytest

from tests.support import fhir
from tests.support.fhir import (
    bundle,
    condition,
    encounter,
    lines,
    ndjson,
    observation,
    panel,
    patient,
    read,
    whole,
)
from tests.support.tree import ROOT
from warehouse.codes import Icd10
from warehouse.errors import Defect, UserError
from warehouse.readers.fhir import SUFFIXES, files, is_export_manifest, is_fhir, maps, stage
from warehouse.readers.fhir.records import read as read_records
from warehouse.readers.fhir.sql import run_file

VALUE_SETS = ROOT / "warehouse" / "value_sets"
NAME = "Nguyễn Thị Bí Mật"


# What a file is


@pytest.mark.parametrize("name", [f"file{suffix}" for suffix in SUFFIXES])
def test_a_resource_under_any_of_the_suffixes_is_fhir_and_is_read(tmp_path: Path, name: str) -> None:
    path = ndjson(tmp_path / name, [patient()])
    assert is_fhir(path)
    assert not is_export_manifest(path)
    assert read(path).only("resident")["person_ref"] == "p1"


@pytest.mark.parametrize(
    "text",
    [
        '{"exportId": "1", "resource": {"resourceType": "Patient"}}',
        '[{"resourceType": "Patient"}]',
        "person_ref,sex",
        '"resourceType"',
        "",
    ],
)
def test_other_json_and_other_text_is_not_fhir(tmp_path: Path, text: str) -> None:
    assert not is_fhir(ndjson(tmp_path / "file.json", [text]))
    assert not is_fhir(ndjson(tmp_path / "file.ndjson", [text]))


def test_a_type_that_stands_last_or_out_of_sight_is_found(tmp_path: Path) -> None:
    late = {"id": "p1", "text": {"resourceType": "x"}, "resourceType": "Patient"}
    assert is_fhir(ndjson(tmp_path / "late.ndjson", [late]))
    long = {"entry": [{"resource": patient(note="x" * 2_000_000)}], "resourceType": "Bundle"}
    assert is_fhir(fhir.document(tmp_path / "long.json", long))
    assert whole(tmp_path, long).staged.records == {"Patient": 1}


def test_a_broken_first_line_or_a_mark_does_not_hide_what_the_file_is(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "file.ndjson", ["garbage", patient()])
    assert is_fhir(path)
    assert [record.row for record in read(path).staged.bad] == [1]
    marked = tmp_path / "marked.ndjson"
    marked.write_bytes(b"\xef\xbb\xbf" + json.dumps(patient()).encode() + b"\r\n\r\n")
    assert is_fhir(marked)
    for try_fast in (True, False):
        assert len(read(marked, try_fast=try_fast).of("resident")) == 1


def test_the_manifest_of_an_export_is_no_data(tmp_path: Path) -> None:
    manifest = {"transactionTime": "2024-03-04T00:00:00Z", "request": "x", "output": [], "deleted": []}
    path = fhir.document(tmp_path / "manifest.json", manifest)
    assert is_export_manifest(path)
    assert not is_fhir(path)


def test_lines_under_the_name_of_a_document_are_lines(tmp_path: Path) -> None:
    read_back = read(ndjson(tmp_path / "file.json", [patient("a"), "broken", patient("b")]))
    assert [row["person_ref"] for row in read_back.of("resident")] == ["a", "b"]
    assert [record.row for record in read_back.staged.bad] == [2]


# References


@pytest.mark.parametrize(
    "reference",
    ["Patient/p1", "Patient/p1/_history/2", "https://his.vn/fhir/Patient/p1", "https://his.vn/Patient/p1/_history/7",
     "urn:uuid:p1"],
)  # fmt: skip
@pytest.mark.parametrize("try_fast", [True, False])
def test_every_form_of_a_reference_means_one_person(tmp_path: Path, reference: str, try_fast: bool) -> None:
    path = ndjson(tmp_path / "o.ndjson", [observation("o1") | {"subject": {"reference": reference}}])
    assert read(path, try_fast=try_fast).only("measurement")["person_ref"] == "p1"


def test_a_full_url_that_is_not_the_id_leads_to_the_id(tmp_path: Path) -> None:
    other = {"fullUrl": "urn:uuid:7d0c", "resource": patient("p1")}
    absolute = {"fullUrl": "https://his.vn/fhir/Encounter/99", "resource": encounter("e1")}
    first = observation("o1", encounter={"reference": "https://his.vn/fhir/Encounter/99/_history/1"})
    first["subject"] = {"reference": "urn:uuid:7d0c"}
    second = observation("o2", encounter={"reference": "Encounter/99"})
    entries = [{"fullUrl": "urn:uuid:o1", "resource": first}, other, absolute, {"resource": second}]
    rows = whole(tmp_path, {"resourceType": "Bundle", "type": "batch", "entry": entries}).of("measurement")
    assert [(row["person_ref"], row["encounter_ref"]) for row in rows] == [("p1", "e1"), ("p1", "e1")]


def test_a_performer_called_by_its_full_url_is_a_facility_only_when_it_is_one(tmp_path: Path) -> None:
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Organization", "id": "org"}},
        {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Practitioner", "id": "doctor"}},
        {"fullUrl": "urn:uuid:same", "resource": {"resourceType": "Organization", "id": "same"}},
    ]
    entries += [
        {"resource": observation(f"o-{name}", performer=[{"reference": f"urn:uuid:{name}"}])}
        for name in ("1", "2", "same")
    ]
    rows = whole(tmp_path, {"resourceType": "Bundle", "type": "batch", "entry": entries}).of("measurement")
    assert {row["measurement_id"]: row["facility_ref"] for row in rows} == {
        "o-1": "org", "o-2": None, "o-same": "same",
    }  # fmt: skip


def test_a_full_url_means_something_in_its_own_bundle_only(tmp_path: Path) -> None:
    def one(person: str, number: int) -> fhir.Resource:
        told = observation(f"o{number}") | {"subject": {"reference": "urn:uuid:1"}}
        return {
            "resourceType": "Bundle", "type": "transaction",
            "entry": [{"resource": told}, {"fullUrl": "urn:uuid:1", "resource": patient(person)}],
        }  # fmt: skip

    rows = lines(tmp_path, one("a", 1), one("b", 2)).of("measurement")
    assert [row["person_ref"] for row in rows] == ["a", "b"]


def test_an_entry_without_an_id_is_called_by_its_full_url(tmp_path: Path) -> None:
    nameless = patient()
    del nameless["id"]
    told = observation("o1") | {"subject": {"reference": "urn:uuid:ab-1"}}
    entries = [{"fullUrl": "urn:uuid:ab-1", "resource": nameless}, {"resource": told}]
    result = whole(tmp_path, {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert result.only("resident")["person_ref"] == result.only("measurement")["person_ref"] == "ab-1"


def test_a_logical_reference_finds_the_person_with_the_identifier(tmp_path: Path) -> None:
    known = patient("p1", identifier=[{"system": "urn:cccd", "value": "079160000001"}])
    logical = observation("o1") | {"subject": {"identifier": {"system": "urn:cccd", "value": "079160000001"}}}
    search = observation("o2") | {"subject": {"reference": "Patient?identifier=urn:cccd|079160000001"}}
    inside = observation("o3", contained=[known | {"id": "x"}]) | {"subject": {"reference": "#x"}}
    people = {row["person_ref"] for row in lines(tmp_path, logical, search, inside, known).of("measurement")}
    assert people == {"p1"}

    alone = ndjson(tmp_path / "Observation.ndjson", [logical, search, inside])
    assert {row["person_ref"] for row in read(alone).of("measurement")} == {"079160000001"}
    beside = [ndjson(tmp_path / "Patient.ndjson", [known]), alone]
    assert {row["person_ref"] for row in read(alone, beside=beside).of("measurement")} == {"p1"}


@pytest.mark.parametrize(
    "subject", [None, {}, {"display": NAME}, {"reference": "Group/g"}, {"reference": "#gone"}]
)
@pytest.mark.parametrize("try_fast", [True, False])
def test_a_row_of_nobody_is_staged_for_the_quarantine(
    tmp_path: Path, subject: fhir.Resource | None, try_fast: bool
) -> None:
    path = ndjson(tmp_path / "o.ndjson", [observation("o1") | {"subject": subject}])
    assert read(path, try_fast=try_fast).only("measurement")["person_ref"] is None


# Versions


def test_the_last_updated_version_counts_wherever_it_stands(tmp_path: Path) -> None:
    def version(value: int, updated: str | None) -> fhir.Resource:
        return observation("o1", value=value) | ({"meta": {"lastUpdated": updated}} if updated else {})

    newest = version(3, "2024-03-04T09:00:00+07:00")
    older = version(2, "2024-03-04T01:59:00Z")
    for order, last in (([newest, older], "3"), ([version(1, None), older, newest], "3"),
                        ([newest, older, version(1, None)], "1")):  # fmt: skip
        result = lines(tmp_path, *order)
        assert result.only("measurement")["value"] == last
        aside = {("Observation", "an older version of a record the file has again"): len(order) - 1}
        assert result.aside == aside
    assert lines(tmp_path, version(1, None), version(2, None)).only("measurement")["value"] == "2"


def test_a_correction_entered_in_error_takes_the_older_version_along(tmp_path: Path) -> None:
    wrong = observation("o1") | {"status": "entered-in-error"}
    assert lines(tmp_path, observation("o1"), wrong).of("measurement") == []


def test_equal_ids_of_two_kinds_are_two_records(tmp_path: Path) -> None:
    result = lines(tmp_path, patient("1"), encounter("1"), observation("1"))
    assert result.staged.set_aside == ()


def test_in_a_history_the_newest_stands_first(tmp_path: Path) -> None:
    history = bundle(patient("p1", gender="male"), patient("p1", gender="female"), kind="history")
    assert whole(tmp_path, history).only("resident")["sex"] == "male"


def test_what_was_deleted_is_gone(tmp_path: Path) -> None:
    gone = {
        "request": {"method": "DELETE", "url": "Patient/p1"},
        "response": {"lastModified": "2024-05-01T00:00:00Z"},
    }
    empty = {"response": {"status": "200"}}
    history = bundle(patient("p2"), patient("p1") | {"meta": {"lastUpdated": "2024-04-01T00:00:00Z"}})
    history["entry"] = [gone, *history["entry"], empty]
    result = whole(tmp_path, history)
    assert result.only("resident")["person_ref"] == "p2"
    assert result.aside == {
        ("Patient", "deleted by its sender"): 1,
        ("Patient", "an older version of a record the file has again"): 1,
        ("Bundle.entry", "the entry carries no resource"): 1,
    }


# Files that are not as they should be


@pytest.mark.parametrize(
    "kind", ["transaction", "collection", "searchset", "document", "batch", "batch-response"]
)
def test_a_bundle_of_any_type_as_a_document_as_a_line_and_inside_another(tmp_path: Path, kind: str) -> None:
    held = bundle(patient(), panel(), kind=kind)
    for result in (
        whole(tmp_path, held),
        lines(tmp_path, held),
        whole(tmp_path, bundle(held, kind="batch-response")),
    ):
        assert result.staged.records == {"Observation": 1, "Patient": 1}
        assert len(result.of("measurement")) == 2


def test_bundles_inside_one_another_too_deep_are_set_aside(tmp_path: Path) -> None:
    nested = bundle(patient())
    for _ in range(20):
        nested = bundle(nested)
    assert whole(tmp_path, nested).aside == {("Bundle", "Bundles inside one another too deep"): 1}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"resourceType": "Observation", "id": "x', "the text is not JSON"),
        (b'{"resourceType": "Observation"} {"resourceType": "Observation"}', "the text is not JSON"),
        (b"[" * 10_000 + b"]" * 10_000, "the text is not a JSON object"),
        (b"{" * 10_000, "the text is not JSON"),
        (b"null", "the text is not a JSON object"),
        (b'"text"', "the text is not a JSON object"),
        (b'{"id": "x"}', "there is no resourceType"),
        (b'{"resourceType": ["Observation"]}', "there is no resourceType"),
        (b'{"resourceType": "Observation", "id": "\xff"}', "the line is not UTF-8"),
        (b'{"resourceType": "Observation", "id": "\x00"}', "the line holds a NUL byte"),
        (b'{"resourceType": "Observation", "id": "\\ud800"}', "the text is not JSON"),
        (b'{"resourceType": "Bundle", "entry": {}}', "the entries of the Bundle are not a list"),
    ],
)
def test_a_broken_line_is_told_and_the_others_are_read(tmp_path: Path, line: bytes, reason: str) -> None:
    result = lines(tmp_path, observation("o1"), b"", line, observation("o2"))
    assert [(record.row, record.reason) for record in result.staged.bad] == [(2, reason)]
    assert [(row["_row"], row["measurement_id"]) for row in result.of("measurement")] == [
        (1, "o1"),
        (3, "o2"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ('{"x": ' * 9_999 + "1" + "}" * 9_999, None),
    ],
)
def test_a_number_that_is_none_is_left_to_the_landing(tmp_path: Path, text: str, value: str | None) -> None:
    spoilt = json.dumps(observation("o1", value="HERE")).replace('"HERE"', text)
    rows = lines(tmp_path, spoilt, observation("o2")).of("measurement")
    assert [row["measurement_id"] for row in rows] == ["o1", "o2"]
    assert value is None or rows[0]["value"] == value


def test_of_a_key_written_twice_the_first_counts(tmp_path: Path) -> None:
    twice = json.dumps(patient("p1")).replace('"id": "p1"', '"id": "p1", "id": "p2"')
    assert lines(tmp_path, twice).only("resident")["person_ref"] == "p1"


def test_an_entry_that_is_no_resource_is_told_by_its_number(tmp_path: Path) -> None:
    held = bundle(patient())
    held["entry"] += [{"resource": "text"}, 5, {"resource": {"id": "x"}}]
    result = whole(tmp_path, held)
    assert [(record.row, record.reason) for record in result.staged.bad] == [
        (2, "the text is not a JSON object"), (4, "there is no resourceType"),
    ]  # fmt: skip
    assert result.aside == {("Bundle.entry", "the entry carries no resource"): 1}


@pytest.mark.parametrize("content", ['{"resourceType": "Bundle", "entry": [', '{"a": 1}', "", "{"])
def test_a_document_that_is_not_whole_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(content)
    with pytest.raises(UserError, match="not one whole JSON document"):
        read(path)


@pytest.mark.parametrize("name", ["file.ndjson.gz", "file.json.gz"])
def test_a_truncated_gzip_file_is_refused_whole(tmp_path: Path, name: str) -> None:
    path = ndjson(tmp_path / name, [panel(f"o{number}") for number in range(500)])
    path.write_bytes(path.read_bytes()[:-20])
    assert is_fhir(path)
    with pytest.raises(UserError, match="damaged") as refused:
        read(path)
    assert refused.value.fault.file == name


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.ndjson.gz"
    path.write_bytes(gzip.compress(b'{"resourceType": "Patient", "x": "' + b"0" * 3_000_000))
    monkeypatch.setattr(files, "RATIO_FREE", 1_000_000)
    with pytest.raises(UserError, match="250 times its size"):
        read(path)


def test_a_document_beyond_the_limit_is_to_be_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fhir.document(tmp_path / "large.json", bundle(patient()))
    monkeypatch.setattr(files, "DOCUMENT_LIMIT", 100)
    with pytest.raises(UserError, match="split"):
        read(path)


def test_a_line_beyond_the_limit_is_told_and_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LINE_LIMIT", 1_000)
    long = patient("p2", note="x" * 5_000)
    path = ndjson(tmp_path / "file.ndjson", [patient("p1"), long, patient("p3")])
    result = read(path, try_fast=False)
    assert [record.row for record in result.staged.bad] == [2]
    assert [row["person_ref"] for row in result.of("resident")] == ["p1", "p3"]


def test_rows_are_numbered_as_they_stand_in_the_file_and_the_setting_stays(tmp_path: Path) -> None:
    # So large that several threads read it.
    wide = json.dumps(observation("o0", note=[{"text": "x" * 25_000}]))
    many = [wide.replace('"o0"', f'"o{number}"') for number in range(1, 4_001)]
    path = ndjson(tmp_path / "many.ndjson", many)
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false").fetchall()
        [table] = stage(connection, path, prefix="mine").tables
        wrong = connection.execute(
            f"select count(*) from {table.relation} where measurement_id <> 'o' || _row"
        ).fetchall()
        setting = connection.execute("select current_setting('preserve_insertion_order')").fetchall()
    assert (table.relation, wrong, setting) == ("mine_measurement", [(0,)], [(False,)])


def test_an_ordinary_file_takes_the_fast_way_and_another_the_sound_one(tmp_path: Path) -> None:
    ordinary: list[fhir.Resource | str | bytes] = [panel("o1"), observation("o2", note=[{"text": "any"}])]
    for records, is_fast in ((ordinary, True), ([*ordinary, patient()], False), ([*ordinary, "x"], False)):
        with duckdb.connect() as connection:
            run_file(connection, "macros")
            assert read_records(connection, ndjson(tmp_path / "f.ndjson", records)).is_fast is is_fast


def test_signs_of_file_patterns_in_a_name_mean_themselves(tmp_path: Path) -> None:
    ndjson(tmp_path / "a1.ndjson", [patient("other")])
    assert read(ndjson(tmp_path / "a[1]*.ndjson", [patient("p1")])).only("resident")["person_ref"] == "p1"


def test_one_file_after_another_on_one_connection(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        stage(connection, ndjson(tmp_path / "a.ndjson", [patient("a"), observation()]))
        staged = stage(connection, ndjson(tmp_path / "b.ndjson", [patient("b")]))
        assert [table.table for table in staged.tables] == ["resident"]
        assert connection.execute("select person_ref from staged_resident").fetchall() == [("b",)]
    with duckdb.connect() as connection, pytest.raises(Defect):
        stage(connection, tmp_path / "a.ndjson", prefix="a; drop table b")


def test_nothing_of_a_person_is_in_what_is_told(tmp_path: Path) -> None:
    records: list[fhir.Resource | str | bytes] = [
        f'{{"resourceType": "Patient", "name": "{NAME}',
        {"resourceType": NAME, "id": NAME},
        {"name": NAME},
        observation("o1") | {"status": NAME},
        condition("c1") | {"code": {"text": NAME}},
        {
            "resourceType": "Bundle",
            "entry": [{"request": {"method": "DELETE", "url": f"{NAME}/1"}}, {"resource": NAME}],
        },
    ]
    assert NAME not in repr(lines(tmp_path, *records).staged)
    path = tmp_path / "whole.json"
    path.write_text(f'{{"resourceType": "Patient", "name": "{NAME}')
    with pytest.raises(UserError) as refused:
        read(path)
    assert NAME not in str(refused.value)
    assert refused.value.__cause__ is None


# The maps


@pytest.mark.parametrize(
    ("name", "key"),
    [("snomed_icd10", "snomed"), ("cvx_vaccine", "cvx"), ("fhir_units", "unit_written"), ("fhir_kinds", "kind"),
     ("fhir_systems", "uri"), ("fhir_encounter_classes", "code")],
)  # fmt: skip
def test_every_map_has_one_answer_a_source_and_a_review(name: str, key: str) -> None:
    rows = maps.rows(name)
    assert len({row[key] for row in rows}) == len(rows) > 0
    assert all(row["source"] and row["reviewed"] for row in rows)


def test_the_map_of_snomed_reaches_every_diagnosis_the_definitions_look_for() -> None:
    codes = [Icd10(row["icd10"]) for row in maps.rows("snomed_icd10")]
    for name in ("hypertension", "diabetes_type_1", "diabetes_type_2", "chronic_kidney_disease", "copd", "asthma",
                 "stroke", "ischaemic_heart_disease", "myocardial_infarction", "dyslipidaemia", "cancer"):  # fmt: skip
        wanted = tuple(
            row["code"]
            for row in csv.DictReader((VALUE_SETS / f"{name}_icd10.csv").read_text("utf-8").splitlines())
        )
        assert any(code.startswith(wanted) for code in codes), name


def test_units_are_mapped_to_what_the_warehouse_knows_and_only_where_it_does_not() -> None:
    rows = csv.DictReader((VALUE_SETS.parent / "units" / "units.csv").read_text("utf-8").splitlines())
    known = {row["unit_written"].lower() for row in rows}
    for row in maps.rows("fhir_units"):
        assert row["unit"].lower() in known
        assert re.sub(r"\s", "", row["unit_written"].lower()) not in known, row["unit_written"]
