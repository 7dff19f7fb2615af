"""The health XML reader: what a file says of people and visits, and what becomes of files nobody should send."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lxml import etree

from tests.support.health_xml import (
    SENDER,
    WRAPPINGS,
    claim,
    element,
    envelope,
    exam,
    listed,
    main_part,
    read,
    whole,
    write,
)
from warehouse.contracts import load_contracts
from warehouse.errors import Defect, UserError
from warehouse.readers import free_text
from warehouse.readers.health_xml import (
    SUFFIXES,
    account,
    batches,
    contents,
    findings,
    is_health_xml,
    opening,
    parts,
    stage,
)
from warehouse.readers.health_xml import envelope as envelopes
from warehouse.readers.health_xml.doses import days_supplied
from warehouse.readers.health_xml.forms import codes, forms
from warehouse.readers.health_xml.labs import _names, loinc_of
from warehouse.readers.health_xml.values import birth_date, measured, moment, pressures

SECRETS = ("Bí Mật", "079158000001", "GD4797912345678", "0903123456", "BN1", "LK1")
LAB = {
    "STT": "1",
    "TEN_CHI_SO": "Glucose",
    "GIA_TRI": "7,2",
    "DON_VI_DO": "mmol/L",
    "NGAY_KQ": "202403050850",
}
DRUG = {"STT": "1", "TEN_THUOC": "Amlodipin 5mg", "NGAY_YL": "202403050900"}
NOTE = {"STT": "1", "DIEN_BIEN_LS": "HA 150/90 mmHg", "THOI_DIEM_DBLS": "202403050820"}


@dataclass(frozen=True)
class Mined:
    """The fields of ``warehouse.readers.free_text.Mined`` this reader looks at."""

    loinc: str
    value: float | None
    unit: str | None
    reading: int | None = None
    at_home: bool = False


@pytest.fixture(autouse=True)
def known_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drug names and free text are read by modules with tests of their own."""
    known = {"Amlodipin 5mg": "C08CA01", "metformin": "A10BA02"}
    monkeypatch.setattr(findings, "atc_of", known.get)
    pair = (Mined("8480-6", 150, "mm[Hg]", 1), Mined("8462-4", 90, "mm[Hg]", 1), Mined("8302-2", 160, "cm"))
    monkeypatch.setattr(findings, "mined", lambda text: pair if "150/90" in text else ())


def refused(path: Path) -> UserError:
    """The error a file is refused with; it tells nobody's name, and no table is left."""
    with duckdb.connect() as connection:
        with pytest.raises(UserError) as caught:
            stage(connection, path)
        assert connection.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
    assert not any(secret in str(caught.value) for secret in SECRETS)
    assert caught.value.fault.file == path.name
    return caught.value


# What a file is


@pytest.mark.parametrize("name", ["GIAMDINHHS", "KHAMSUCKHOE"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_both_envelopes_are_known_in_every_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    text = envelope([claim()], name=name)
    assert is_health_xml(write(tmp_path / "a.xml", text.encode(encoding)))
    assert is_health_xml(write(tmp_path / "a.XML.GZ", gzip.compress(text.encode(encoding))))


@pytest.mark.parametrize(
    "text", ["", "<Bundle/>", "<?xml version='1.0'?><!-- GIAMDINHHS --><a/>", "GIAMDINHHS,a"]
)
def test_other_files_are_not_health_xml(tmp_path: Path, text: str) -> None:
    assert not is_health_xml(write(tmp_path / "a.xml", text))
    assert not is_health_xml(write(tmp_path / "a.csv", envelope([])))
    assert not is_health_xml(write(tmp_path / "a.xml.gz", "not packed"))
    assert SUFFIXES == (".xml", ".xml.gz")


def test_a_prefix_or_a_document_type_does_not_hide_what_a_file_is(tmp_path: Path) -> None:
    assert is_health_xml(write(tmp_path / "a.xml", "<h:GIAMDINHHS xmlns:h='u'/>"))
    assert is_health_xml(write(tmp_path / "b.xml", "<!DOCTYPE GIAMDINHHS [ ]><GIAMDINHHS/>"))


# What a claim says


def test_the_main_part_says_who_where_and_when(tmp_path: Path) -> None:
    got = whole(tmp_path, [claim()])
    assert got.only("resident") == {
        "_row": 1, "source": "health_xml", "person_ref": "79001:BN1", "national_id": "079158000001", "old_id": None,
        "insurance_no": "GD4797912345678", "full_name": "Nguyễn Thị Bí Mật", "birth_date": "1958-04-12",
        "sex": "female", "ward_code": "26734", "district_code": "760", "phone": "0903123456",
    }  # fmt: skip
    assert got.only("encounter") == {
        "_row": 1, "encounter_id": "79001:LK1", "person_ref": "79001:BN1", "facility_ref": "79001",
        "class": "outpatient", "started_at": "2024-03-05T08:15:00", "ended_at": "2024-03-05T09:30:00",
    }  # fmt: skip
    # A code says nothing of a facility that its register does not say better: no row contradicts that one.
    assert not got.of("facility")
    spell = {"_row": 1, "person_ref": "79001:BN1", "from_date": "2024-01-01", "to_date": "2024-12-31"}
    assert got.only("insurance_spell") == spell
    assert got.measured() == [("29463-7", "61.5", "kg", "2024-03-05T08:15:00")]
    assert [row["icd10"] for row in got.of("condition")] == ["E11.9", "E78.5", "I10"]
    first = got.of("condition")[0]
    assert (first["recorded_by"], first["origin"], first["recorded_at"]) == (
        "facility",
        "claim",
        "2024-03-05T09:30:00",
    )
    assert got.staged.records == {"HOSO": 1}
    assert not got.staged.bad
    assert not got.staged.set_aside


def test_every_staged_column_is_one_of_its_contract(tmp_path: Path) -> None:
    got = whole(tmp_path, [[*claim(), listed("XML2", [DRUG]), listed("XML4", [LAB]), listed("XML5", [NOTE])]])
    for table in got.staged.tables:
        contract = load_contracts()[table.table]
        assert set(table.columns) <= set(contract.names)
        assert {column.name for column in contract.columns if column.required} <= set(table.columns)


def test_a_file_of_2017_says_the_same_under_older_names(tmp_path: Path) -> None:
    old = {
        "MA_LK": "LK1", "MA_BN": "BN1", "HO_TEN": "Nguyễn Thị Bí Mật", "NGAY_SINH": "19580412", "GIOI_TINH": "2",
        "MA_THE": "GD4797912345678", "GT_THE_TU": "20240101", "GT_THE_DEN": "20241231", "MA_BENH": "I10",
        "MA_BENHKHAC": "E11.9;E78.5", "NGAY_VAO": "202403050815", "NGAY_RA": "202403050930", "MA_LOAI_KCB": "1",
    }  # fmt: skip
    notes = "<DSACH_CHI_TIET_DIEN_BIEN_BENH><CHI_TIET_DIEN_BIEN_BENH><DIEN_BIEN>HA 150/90</DIEN_BIEN>"
    notes += "</CHI_TIET_DIEN_BIEN_BENH></DSACH_CHI_TIET_DIEN_BIEN_BENH>"
    got = whole(tmp_path, [[("XML1", element("TONG_HOP", old)), ("XML5", notes)]])
    new = whole(tmp_path, [claim()])
    assert got.of("encounter") == new.of("encounter")
    assert got.of("condition") == new.of("condition")
    assert got.only("resident")["birth_date"] == "1958-04-12"
    assert got.only("resident")["insurance_no"] == "GD4797912345678"
    assert {row["code"] for row in got.of("measurement")} == {"8480-6", "8462-4", "8302-2"}


@pytest.mark.parametrize(
    ("fields", "person"),
    [
        ({}, "79001:BN1"),
        ({"MA_BN": ""}, "079158000001"),
        ({"MA_BN": "", "SO_CCCD": ""}, "GD4797912345678"),
        ({"MA_BN": "", "SO_CCCD": "", "MA_THE_BHYT": ""}, None),
    ],
)
def test_a_person_is_known_by_the_best_number_there_is(
    tmp_path: Path, fields: Any, person: str | None
) -> None:
    got = whole(tmp_path, [claim(**fields)])
    assert {
        row["person_ref"] for table in ("resident", "encounter", "condition") for row in got.of(table)
    } == {person}


@pytest.mark.parametrize(
    ("written", "national", "old"),
    [("079158000001", "079158000001", None), ("023456789", None, "023456789"), ("12345", "12345", None),
     ("B1234567", None, None), ("079158000001;023456789", "079158000001", "023456789")],
)  # fmt: skip
def test_an_identity_number_is_told_by_its_length(
    tmp_path: Path, written: str, national: str | None, old: str | None
) -> None:
    row = whole(tmp_path, [claim(SO_CCCD=written)]).only("resident")
    assert (row["national_id"], row["old_id"]) == (national, old)


def test_a_person_has_one_row_that_of_the_newest_visit_whatever_the_order(tmp_path: Path) -> None:
    newest = claim(MA_LK="b", NGAY_VAO="202409010800", HO_TEN="Tên Mới")
    visits = [claim(MA_LK="a", NGAY_VAO="202401010800"), newest, claim(MA_LK="c", NGAY_VAO="?", HO_TEN="Cũ")]
    got = whole(tmp_path, visits)
    assert got.only("resident")["full_name"] == "Tên Mới"
    assert got.only("resident")["_row"] == 2
    assert len(got.of("encounter")) == 3
    assert len(got.of("insurance_spell")) == 1


def test_people_nobody_can_tell_apart_stay_apart(tmp_path: Path) -> None:
    nameless = {"MA_BN": "", "SO_CCCD": "", "MA_THE_BHYT": ""}
    got = whole(tmp_path, [claim(MA_LK=f"LK{number}", **nameless) for number in range(2)])
    assert [row["_row"] for row in got.of("resident")] == [1, 2]


def test_several_cards_are_several_spells_and_the_last_valid_card_is_the_number(tmp_path: Path) -> None:
    cards = {
        "MA_THE_BHYT": "GD4797900000002;HT3797900000001", "GT_THE_TU": "20240401;20230401",
        "GT_THE_DEN": "20250331;20240331",
    }  # fmt: skip
    got = whole(tmp_path, [claim(**cards)])
    spells = [(row["from_date"], row["to_date"]) for row in got.of("insurance_spell")]
    assert spells == [("2023-04-01", "2024-03-31"), ("2024-04-01", "2025-03-31")]
    assert got.only("resident")["insurance_no"] == "GD4797900000002"
    assert not whole(tmp_path, [claim(GT_THE_TU="", GT_THE_DEN="")]).of("insurance_spell")


def test_an_illness_told_twice_is_one_row(tmp_path: Path) -> None:
    got = whole(tmp_path, [claim(MA_BENH_KT="I10; e11.9;;E11.9")])
    assert [row["icd10"] for row in got.of("condition")] == ["E11.9", "I10"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("01", "outpatient"), ("3", "inpatient"), ("03", "inpatient"), ("09", "inpatient"), ("77", None)],
)
def test_the_kind_of_a_visit(tmp_path: Path, code: str, kind: str | None) -> None:
    assert whole(tmp_path, [claim(MA_LOAI_KCB=code)]).only("encounter")["class"] == kind


@pytest.mark.parametrize(
    ("code", "sex"), [("1", "male"), ("2", "female"), ("3", "unknown"), ("9", "9"), ("", None)]
)
def test_sex_is_a_code_and_another_code_is_for_landing_to_judge(
    tmp_path: Path, code: str, sex: str | None
) -> None:
    assert whole(tmp_path, [claim(GIOI_TINH=code)]).only("resident")["sex"] == sex


def test_rows_with_missing_fields_are_staged_all_the_same(tmp_path: Path) -> None:
    got = whole(
        tmp_path, [[("XML1", "<TONG_HOP><MA_LK/><HO_TEN>A</HO_TEN></TONG_HOP>"), listed("XML4", [LAB])]]
    )
    assert got.only("encounter")["encounter_id"] is None
    assert got.only("measurement")["measurement_id"] is None
    assert got.only("resident")["full_name"] == "A"


def test_the_facility_is_the_senders_unless_that_is_a_location_number(tmp_path: Path) -> None:
    assert whole(tmp_path, [claim(MA_CSKCB="79999")]).only("encounter")["facility_ref"] == SENDER
    own = whole(tmp_path, [claim(MA_CSKCB="79999")], sender=None)
    assert own.only("encounter")["facility_ref"] == "79999"
    assert whole(tmp_path, [claim()], sender="8938500000001").only("encounter")["encounter_id"] == "79001:LK1"


# Drugs


def test_a_drug_has_its_substance_its_day_and_how_long_it_lasts(tmp_path: Path) -> None:
    dose = {"SO_LUONG": "60.000", "DON_VI_TINH": "Viên", "LIEU_DUNG": "1 viên/lần * 2 lần/ngày * 30 ngày"}
    brand = {"STT": "2", "TEN_THUOC": "Biệt dược", "TEN_HOAT_CHAT": "metformin"}
    got = whole(
        tmp_path, [[*claim(), listed("XML2", [DRUG | dose, brand, {"STT": "3", "TEN_THUOC": "Natri"}])]]
    )
    kept = ("medication_id", "atc", "name_as_written", "started_on", "days_supplied", "person_ref", "origin")
    assert [tuple(row[name] for name in kept) for row in got.of("medication")] == [
        ("79001:LK1:XML2:1", "C08CA01", "Amlodipin 5mg", "2024-03-05", "30", "79001:BN1", "claim"),
        ("79001:LK1:XML2:2", "A10BA02", "Biệt dược", "2024-03-05", None, "79001:BN1", "claim"),
        ("79001:LK1:XML2:3", None, "Natri", "2024-03-05", None, "79001:BN1", "claim"),
    ]


@pytest.mark.parametrize(
    ("amount", "dose", "unit", "days"),
    [
        ("60", "1 viên/lần * 2 lần/ngày * 30 ngày [2 viên/ngày]", "Viên", "30"),
        ("28", "Ngày uống 2 lần, mỗi lần 1 viên", "viên", "14"),
        ("30", "Sáng 1 viên", "Viên nén", "30"),
        ("45", "Sáng 1 viên, tối 1/2 viên", "Viên", "30"),
        ("10", "1 gói x 2 lần/ngày", "Gói", "5"),
        ("30", "1 viên/ngày", "Viên", "30"),
        ("30", "1 viên/lần * 2 lần/ngày * 30 ngày", "Viên", None),  # the days and the amount disagree
        ("31", "2 viên/ngày", "Viên", None),  # no whole days
        ("10", "1 viên khi đau, tối đa 2 viên/ngày", "Viên", None),
        ("10", "1 viên/ngày, cách ngày", "Viên", None),
        ("1", "2 viên/ngày", "Hộp", None),  # boxes
        ("60", "Theo chỉ định", "Viên", None),
        ("60", "", "Viên", None),
        ("", "2 viên/ngày", "Viên", None),
        ("9000", "1 viên/ngày", "Viên", None),
        ("60", "2 viên/ngày, 1 viên x 3 lần", "Viên", None),  # contradicts itself
        ("1/0", "2 viên/ngày", "Viên", None),
    ],
)
def test_days_are_told_only_when_all_that_is_written_agrees(
    amount: str, dose: str, unit: str, days: str | None
) -> None:
    assert days_supplied(amount or None, dose or None, unit) == days


# Measurements


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("7,2", "mmol/L", ("7.2", None, "mmol/L")),
        ("7.2", None, ("7.2", None, None)),
        ("7.2 mmol/L", None, ("7.2", None, "mmol/L")),
        ("126mg/dL", "mg/dl", ("126", None, "mg/dl")),
        ("126 mg/dL", "mmol/L", (None, "126 mg/dL", "mmol/L")),
        ("<5", "mmol/L", (None, "<5", "mmol/L")),
        ("Âm tính", None, (None, "Âm tính", None)),
        ("5 (H)", "mmol/L", (None, "5 (H)", "mmol/L")),
        ("1,234", "mg/dL", ("1,234", None, "mg/dL")),  # a thousand, or one and a bit: landing quarantines it
        ("0,123", "mg/dL", ("0.123", None, "mg/dL")),
        ("1.234,5", "mg/dL", (None, "1.234,5", "mg/dL")),
    ],
)
def test_the_value_of_a_result_is_a_number_or_a_text(
    value: str, unit: str | None, expected: tuple[Any, ...]
) -> None:
    assert measured(value, unit) == expected


def test_results_have_the_code_their_name_stands_for(tmp_path: Path) -> None:
    rows = [LAB, LAB | {"STT": "2", "TEN_CHI_SO": "HBsAg"}, {"STT": "3", "MA_CHI_SO": "HbA1c", "GIA_TRI": "<4"},
            {"STT": "4", "TEN_CHI_SO": "Creatinin"}]  # fmt: skip
    got = whole(tmp_path, [[*claim(CAN_NANG=""), listed("XML4", rows)]])
    assert got.measured() == [
        ("2345-7", "7.2", "mmol/L", "2024-03-05T08:50:00"), ("4548-4", None, None, "2024-03-05T08:15:00"),
    ]  # fmt: skip
    assert got.of("measurement")[1]["value_text"] == "<4"
    assert got.aside == {("XML4", account.NO_CODE): 1, ("XML4", account.NO_VALUE): 1}


@pytest.mark.parametrize(
    ("name", "service", "code"),
    [
        ("Định lượng Glucose [Máu]", None, "2345-7"), ("GLUCOSE", "23.0075.1494", "2345-7"),
        ("Đường huyết lúc đói", None, "1558-6"), ("HDL-C", None, "2085-9"), ("dinh luong  creatinin", None, "2160-0"),
        ("Glucose", "23.0206.1596", None), ("Creatinin", "23.0184.1598", None), ("Glucose", "23.0208.1605", None),
        ("Glucose niệu", None, None), ("ACR", None, "9318-7"), ("Kali", None, None),
    ],
)  # fmt: skip
def test_a_name_of_blood_does_not_count_under_a_service_on_urine(
    name: str, service: str | None, code: str | None
) -> None:
    assert loinc_of(None, name, service) == code


def test_every_name_of_a_result_stands_for_a_code_of_the_warehouse() -> None:
    known = (Path(opening.__file__).parents[2] / "units" / "loinc.csv").read_text("utf-8")
    assert all(f"\n{code}," in known for code, _ in _names().values())
    assert len({code for code, _ in _names().values()}) >= 12


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("\n  HA 150/90\t", "HA 150/90"),
        (" <![CDATA[ HA]]> <![CDATA[150/90]]>", "HA 150/90"),
        ("HA &lt; 150/90", "HA < 150/90"),
        ("HA<!-- a --> <!-- b -->150/90", "HA 150/90"),
        ("HA <?a?> <!-- b -->", "HA"),
        ("&#32;HA&#10; 150/90 &amp; M&#32;", "HA\n 150/90 & M"),
        ("\n  ", None),
        ("<![CDATA[  ]]>", None),
        ("<!-- HA 150/90 -->", None),
    ],
)
def test_blanks_inside_a_field_stay_and_those_around_it_go(written: str, read_as: str | None) -> None:
    """Blanks between elements are dropped while parsing; no field may lose one with them."""
    content = etree.Element("NOIDUNGFILE")
    content.text = (
        "<A>\n <DSACH> \n<CHI_TIET_DIEN_BIEN_BENH>  <STT>1</STT>\n"
        f" <DIEN_BIEN_LS>{written}</DIEN_BIEN_LS>\t</CHI_TIET_DIEN_BIEN_BENH></DSACH> </A>"
    )
    (row,) = parts.rows(content, forms("GIAMDINHHS")["XML5"])

    assert row == {"number": "1"} | ({"text": read_as} if read_as else {})


def test_rows_are_held_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held does not grow with the file, and nothing of it is lost or told twice."""
    monkeypatch.setattr(batches, "_HELD", 2)
    spells = [(f"p{row}", "2024-01-01", None, None) for row in range(1, 6)]
    with duckdb.connect() as connection:
        held = batches.Batches(connection, "x")
        for row, cells in enumerate(spells, start=1):
            held.add(row, [("insurance_spell", cells)])
        before = held.counts["insurance_spell"]
        held.close()
        stored = connection.execute("select * from x_insurance_spell order by _row").fetchall()

    assert (before, held.counts["insurance_spell"]) == (4, 5)
    assert stored == [(*cells, row) for row, cells in enumerate(spells, start=1)]


def test_notes_give_readings_bound_by_their_panel(tmp_path: Path) -> None:
    got = whole(
        tmp_path, [[*claim(CAN_NANG=""), listed("XML5", [NOTE, {"STT": "2", "DIEN_BIEN_LS": "ổn 3"}])]]
    )
    rows = {row["code"]: row for row in got.of("measurement")}
    assert {code: row["value"] for code, row in rows.items()} == {
        "8480-6": "150",
        "8462-4": "90",
        "8302-2": "160",
    }
    assert rows["8480-6"]["panel_ref"] == rows["8462-4"]["panel_ref"] == "79001:LK1:XML5:1:bp1"
    assert rows["8480-6"]["reading_number"] == "1"
    assert rows["8302-2"]["panel_ref"] is None
    assert rows["8480-6"]["taken_at"] == "2024-03-05T08:20:00"
    assert got.aside == {("XML5", account.NO_FINDING): 1}


def test_a_reading_at_home_is_told_apart_from_those_of_the_facility(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thresholds at home are others, so no definition uses it."""
    monkeypatch.setattr(findings, "mined", free_text.mined)
    notes = [{"STT": "1", "DIEN_BIEN_LS": "HA 150/90"}, {"STT": "2", "DIEN_BIEN_LS": "HA ở nhà 130/80"}]
    rows = whole(tmp_path, [[*claim(CAN_NANG=""), listed("XML5", notes)]]).of("measurement")
    found = {(row["value"], row["method"], row["origin"]) for row in rows if row["code"] == "8480-6"}
    assert found == {("150", None, "claim"), ("130", "home", "self_declared")}


def test_ids_are_unique_where_a_number_is_missing_or_repeated(tmp_path: Path) -> None:
    rows = [DRUG, DRUG, {"TEN_THUOC": "c"}, {"TEN_THUOC": "d"}]
    ids = [
        row["medication_id"] for row in whole(tmp_path, [[*claim(), listed("XML2", rows)]]).of("medication")
    ]
    assert ids == [f"79001:LK1:XML2:{number}" for number in ("1", "1.2", "n3", "n4")]


# Examinations


def vital(name: str, **fields: str) -> str:
    return element(name, fields)


def test_an_examination_has_pressure_height_and_weight_as_fields(tmp_path: Path) -> None:
    parts = exam(
        ("XML3", vital("DANH_GIA_DAU_HIEU_SINH_TON", MACH="72", HUYET_AP="120/80")),
        (
            "XML10",
            vital("KHAM_THE_LUC", CHIEU_CAO="165,5", CAN_NANG="61.2", MACH="72", HUYET_AP="118 / 78 mmHg"),
        ),
        listed("XML11", [{"MA_CHI_SO": "GLUCOSE", "GIA_TRI": "5,4", "DON_VI_DO": "mmol/L"}]),
    )
    got = whole(tmp_path, [parts], name="KHAMSUCKHOE")
    found = {(row["code"], row["reading_number"]): row for row in got.of("measurement")}
    assert {key: row["value"] for key, row in found.items()} == {
        ("8480-6", "1"): "120", ("8462-4", "1"): "80", ("8480-6", "2"): "118", ("8462-4", "2"): "78",
        ("8302-2", None): "165.5", ("29463-7", None): "61.2", ("8867-4", None): "72", ("2345-7", None): "5.4",
    }  # fmt: skip
    assert found["8480-6", "1"]["panel_ref"] == found["8462-4", "1"]["panel_ref"]
    assert found["8480-6", "1"]["panel_ref"] != found["8480-6", "2"]["panel_ref"]
    assert {row["origin"] for row in got.of("measurement")} == {"exam"}
    assert {row["taken_at"] for row in got.of("measurement")} == {"2026-09-01T07:30:00"}
    assert got.only("encounter")["class"] == "exam"
    assert got.only("resident")["birth_date"] == "1975-06-30"
    assert got.only("resident")["person_ref"] == "079075000002"
    assert got.aside == {("XML10", account.REPEATED): 1}


def test_a_pressure_that_cannot_be_read_is_kept_as_text(tmp_path: Path) -> None:
    got = whole(tmp_path, [exam(("XML3", vital("D", HUYET_AP="bình thường")))], name="KHAMSUCKHOE")
    row = got.only("measurement")
    assert (row["code"], row["value"], row["value_text"]) == ("8480-6", None, "bình thường")
    assert pressures("120/80mmHg") == ("120", "80")
    assert pressures("1/2") is None


def test_dates_printed_day_first_are_understood(tmp_path: Path) -> None:
    got = whole(tmp_path, [exam(NGAY_VAO="21092026", NGAY_RA="21092026")], name="KHAMSUCKHOE")
    assert got.only("encounter")["started_at"] == "2026-09-21"


# Dates


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("202403050815", "2024-03-05T08:15:00"), ("20240305", "2024-03-05"), ("20240305081530", "2024-03-05T08:15:30"),
        ("05032024", "2024-03-05"), ("050320240815", "2024-03-05T08:15:00"), ("20122012", "2012-12-20"),
        ("20010203", "2001-02-03"), ("2024-03-05", "2024-03-05"), ("202402300815", "202402300815"),
        ("202403052515", "202403052515"), ("99999999", "99999999"), ("sớm", "sớm"), ("٢٠٢٤٠٣٠٥", "٢٠٢٤٠٣٠٥"),
    ],
)  # fmt: skip
def test_moments(written: str, read_as: str) -> None:
    assert moment(written) == read_as


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("195804120000", "1958-04-12"), ("195804121530", "1958-04-12"), ("195804000000", "1958-04"),
        ("195800000000", "1958"), ("19580412", "1958-04-12"), ("19580000", "1958"), ("00001958", "1958"),
        ("12041958", "1958-04-12"), ("1958", "1958"), ("1975-06-30", "1975-06-30"), ("195813000000", "195813000000"),
        ("195802300000", "195802300000"), ("195800120000", "195800120000"), ("", ""),
    ],
)  # fmt: skip
def test_birth_dates_know_what_is_not_known(written: str, read_as: str) -> None:
    assert birth_date(written) == read_as


# Wrappings and encodings


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_every_wrapping_says_the_same(tmp_path: Path, wrapping: str) -> None:
    visit = [*claim(), listed("XML2", [DRUG]), listed("XML4", [LAB]), listed("XML5", [NOTE])]
    assert whole(tmp_path, [visit], wrapping=wrapping).rows == whole(tmp_path, [visit]).rows


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("label", ["utf-8", "utf-16", "windows-1258", "UTF-7", "x-unknown"])
def test_a_label_does_not_matter_where_the_bytes_tell(tmp_path: Path, encoding: str, label: str) -> None:
    text = envelope([claim()], wrapping="nested").replace("utf-8", label, 1)
    got = read(write(tmp_path / "a.xml", text.encode(encoding)))
    assert got.only("resident")["full_name"] == "Nguyễn Thị Bí Mật"


def vietnamese(text: str) -> bytes:
    """windows-1258 writes most tone marks apart."""
    table = str.maketrans({"ễ": "ê\u0303", "ị": "i\u0323", "ậ": "â\u0323"})
    return text.translate(table).encode("cp1258")


def test_windows_1258_is_read_where_it_says_so_and_refused_where_it_says_utf_8(tmp_path: Path) -> None:
    text = envelope([claim()], wrapping="nested")
    said = write(tmp_path / "a.xml", vietnamese(text.replace("utf-8", "windows-1258", 1)))
    assert read(said).only("resident")["full_name"] == "Nguyễn Thị Bí Mật"
    assert "not UTF-8" in str(refused(write(tmp_path / "b.xml", vietnamese(text))))


def test_a_part_in_windows_1258_is_read_where_it_says_so_and_bad_where_it_does_not(tmp_path: Path) -> None:
    def part(label: str) -> tuple[str, str]:
        data = vietnamese(f"<?xml version='1.0' encoding='{label}'?>{main_part()[1]}")
        return "XML1", "raw:" + base64.b64encode(data).decode()

    assert whole(tmp_path, [[part("windows-1258")]]).only("resident")["full_name"] == "Nguyễn Thị Bí Mật"
    bad = whole(tmp_path, [[part("utf-8")]]).staged.bad
    assert [(one.row, one.reason) for one in bad] == [(1, "XML1: the content is not UTF-8")]


def test_namespaces_anywhere_change_nothing(tmp_path: Path) -> None:
    text = envelope([claim()], wrapping="nested")
    spaced = text.replace("<GIAMDINHHS ", '<GIAMDINHHS xmlns="urn:his" ')
    assert read(write(tmp_path / "a.xml", spaced)).rows == whole(tmp_path, [claim()]).rows


# Several visits, broken parts


def test_a_broken_part_costs_neither_the_other_parts_nor_the_other_visits(tmp_path: Path) -> None:
    broken = [*claim(MA_LK="LK2"), ("XML2", "raw:PGE+"), listed("XML4", [LAB]), ("XML5", "raw:%%%")]
    got = whole(tmp_path, [claim(), broken, claim(MA_LK="LK3")])
    assert {row["encounter_id"] for row in got.of("encounter")} == {"79001:LK1", "79001:LK2", "79001:LK3"}
    assert any(row["measurement_id"] == "79001:LK2:XML4:1" for row in got.of("measurement"))
    [bad] = got.staged.bad
    assert bad.row == 2
    assert bad.reason.startswith("XML2: the content is not well-formed XML; XML5: ")
    assert got.staged.records == {"HOSO": 3}


def test_parts_whose_main_part_is_broken_arrive_without_a_person(tmp_path: Path) -> None:
    lab = LAB | {"MA_LK": "LK1"}
    got = whole(tmp_path, [[("XML1", "raw:PGE+"), listed("XML4", [lab])], claim(MA_LK="LK2", CAN_NANG="")])
    row = got.only("measurement")
    assert (row["encounter_ref"], row["person_ref"], row["value"]) == ("79001:LK1", None, "7.2")
    assert [one.row for one in got.staged.bad] == [1]


def test_parts_that_are_empty_missing_or_not_used_are_counted(tmp_path: Path) -> None:
    parts = [
        *claim(),
        ("XML2", "raw:"),
        ("XML4", "raw: \n"),
        ("XML3", "raw:!"),
        ("XML13", "raw:x"),
        ("Nguyễn", "raw:x"),
    ]
    text = envelope([parts, [("XML2", "raw:")], []]).replace("</HOSO>", "<FILEHOSO/></HOSO>", 1)
    got = read(write(tmp_path / "a.xml", text))
    assert got.aside == {
        ("XML2", account.EMPTY): 2, ("XML4", account.EMPTY): 1, ("XML3", account.NOT_USED): 1,
        ("XML13", account.NOT_USED): 1, ("other", account.NOT_USED): 2, ("HOSO", account.NO_CONTENT): 2,
    }  # fmt: skip
    assert got.staged.records == {"HOSO": 3}


def test_a_visit_sent_again_counts_as_it_was_sent_last(tmp_path: Path) -> None:
    first = [*claim(NGAY_VAO="202412010800", MA_BENH_CHINH="I10"), listed("XML2", [DRUG])]
    last = claim(MA_BENH_CHINH="I11", HO_TEN="Sửa")
    got = whole(tmp_path, [first, claim(MA_LK="LK9", MA_BN="BN9"), last])
    assert [row["_row"] for row in got.of("encounter") if row["encounter_id"] == "79001:LK1"] == [3]
    assert "I10" not in [row["icd10"] for row in got.of("condition") if row["_row"] != 2]
    assert not got.of("medication")
    assert {row["full_name"] for row in got.of("resident")} == {"Sửa", "Nguyễn Thị Bí Mật"}
    assert got.aside == {("HOSO", account.SENT_AGAIN): 1}
    assert got.staged.records == {"HOSO": 3}


def test_a_file_without_visits_is_a_file_without_rows(tmp_path: Path) -> None:
    got = whole(tmp_path, [])
    assert got.staged.tables == ()
    assert got.staged.records == {}


def test_more_rows_than_are_held_at_once_all_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.readers.health_xml.batches._HELD", 3)
    got = whole(tmp_path, [claim(MA_LK=f"LK{number}", MA_BN=f"BN{number}") for number in range(25)])
    assert {row["_row"] for row in got.of("resident")} == set(range(1, 26))
    assert len(got.of("encounter")) == 25
    assert len(got.of("condition")) == 75


def test_a_second_file_replaces_the_first_and_a_prefix_is_a_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml", envelope([claim()]))
    with duckdb.connect() as connection:
        stage(connection, path, prefix="x")
        staged = stage(connection, path, prefix="x")
        assert staged.tables[0].relation == "x_resident"
        assert connection.execute("select count(*) from x_resident").fetchall() == [(1,)]
        with pytest.raises(Defect):
            stage(connection, path, prefix="a b")


# Files nobody should send

LAUGHS = "<!DOCTYPE a [<!ENTITY a 'haha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1 or str()};' * 10}'>" for n in range(1, 12)
)
DOCUMENT_TYPES = (
    LAUGHS + "]>",
    "<!DOCTYPE a [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
    "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'>",
    "<!-- x -->\n<?pi?><!DOCTYPE a>",
    f"<!DOCTYPE a [<!ENTITY a '{'a' * 100_000}'>]>",
)


@pytest.mark.parametrize("declared", DOCUMENT_TYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_before_anything_is_used(
    tmp_path: Path, declared: str, encoding: str
) -> None:
    text = envelope([claim(HO_TEN="ENTITY")], wrapping="nested").replace("ENTITY", "&a;" * 10)
    text = text.replace("?>\n", f"?>\n{declared}", 1)
    error = refused(write(tmp_path / "a.xml", text.encode(encoding)))
    assert "DOCTYPE" in str(error)


@pytest.mark.parametrize("declared", DOCUMENT_TYPES)
@pytest.mark.parametrize("wrapping", ["base64", "marked", "utf16", "escaped", "cdata"])
def test_a_document_type_in_a_part_makes_that_part_bad(tmp_path: Path, declared: str, wrapping: str) -> None:
    xml = f"{declared}{main_part(MA_LK='x')[1]}"
    got = whole(
        tmp_path, [[("XML1", xml), listed("XML4", [LAB | {"MA_LK": "LK1"}])], claim()], wrapping=wrapping
    )
    assert [one.row for one in got.staged.bad] == [1]
    assert "DOCTYPE" in got.staged.bad[0].reason
    assert len(got.of("encounter")) == 1


def test_a_document_type_in_the_text_of_a_field_is_text(tmp_path: Path) -> None:
    got = whole(tmp_path, [claim(HO_TEN="<!DOCTYPE a>")], wrapping="base64")
    assert got.only("resident")["full_name"] == "<!DOCTYPE a>"


def test_an_inclusion_is_not_followed(tmp_path: Path) -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
    xml = main_part(HO_TEN="@@")[1].replace("@@", include)
    for wrapping in ("base64", "nested"):
        assert whole(tmp_path, [[("XML1", xml)]], wrapping=wrapping).only("resident")["full_name"] is None


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_short_is_refused_whole(tmp_path: Path, kept: float, packed: bool) -> None:
    data = envelope([claim(MA_LK=f"LK{number}") for number in range(300)]).encode()
    data = gzip.compress(data) if packed else data
    path = tmp_path / ("a.xml.gz" if packed else "a.xml")
    assert "again" in str(refused(write(path, data[: int(len(data) * kept)])))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xef\xbb\xbf", b"\xff\xfe", b"<", b"<a/>", b"\x00" * 100, b"<GIAMDINHHS>\x00</GIAMDINHHS>",
        b"<GIAMDINHHS>\xff</GIAMDINHHS>", b"<GIAMDINHHS>&secret;</GIAMDINHHS>", b"<GIAMDINHHS/><GIAMDINHHS/>",
        b"<!-- " + b"x" * 3_000_000 + b"--><GIAMDINHHS/>", b"<GIAMDINHHS>" + b"<a>" * 10_000,
        b"<GIAMDINHHS>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</GIAMDINHHS>",
        "<GIAMDINHHS>\ud83d</GIAMDINHHS>".encode("utf-16-le", "surrogatepass"),
        "<GIAMDINHHS/>".encode("utf-16-le") + b"\x00", "<GIAMDINHHS/>".encode("utf-32"),
        b"<?xml version='1.0' encoding='windows-1258'?><GIAMDINHHS>\xd2\xff\xc4\xdd\x81</GIAMDINHHS",
    ],
)  # fmt: skip
def test_what_is_no_xml_is_refused(tmp_path: Path, data: bytes) -> None:
    refused(write(tmp_path / "a.xml", data))


def test_deep_and_huge_parts_are_bad_and_the_others_arrive(tmp_path: Path) -> None:
    deep = "raw:" + base64.b64encode(b"<a>" * 10_000 + b"</a>" * 10_000).decode()
    wide = "raw:" + base64.b64encode(b'<a b="' + b"x" * 12_000_000 + b'"/>').decode()
    nul = "raw:" + base64.b64encode(b"<TONG_HOP>\x00</TONG_HOP>").decode()
    got = whole(tmp_path, [[*claim(), ("XML2", deep), ("XML4", wide), ("XML5", nul)], claim(MA_LK="LK2")])
    assert len(got.of("encounter")) == 2
    assert [one.reason.count("not well-formed") for one in got.staged.bad] == [3]


def test_a_visit_beyond_all_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelopes, "VISIT_LIMIT", 1_000_000)
    for content in ("A" * 3_000_000, "<a/>" * 1_000_000, f'<a b="{"x" * 3_000_000}"/>'):
        error = refused(write(tmp_path / "a.xml", envelope([[("XML1", f"raw:{content}")]])))
        assert "larger than" in str(error)


def test_large_base64_within_the_limit_is_read(tmp_path: Path) -> None:
    note = NOTE | {"HOI_CHAN": "x" * 9_000_000}
    got = whole(tmp_path, [[*claim(CAN_NANG=""), listed("XML5", [note])]])
    assert len(got.of("measurement")) == 3


def test_a_gzip_bomb_is_refused_while_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "RATIO_FREE", 1_000_000)
    text = envelope([claim()]).replace("<CHUKYDONVI/>", "<CHUKYDONVI/>" + " " * 30_000_000)
    assert "times its size" in str(refused(write(tmp_path / "a.xml.gz", gzip.compress(text.encode()))))
    monkeypatch.setattr(opening, "UNPACKED_LIMIT", 1_000)
    refused(write(tmp_path / "b.xml.gz", gzip.compress(envelope([claim()] * 20).encode())))


def test_packed_files_are_read(tmp_path: Path) -> None:
    got = read(write(tmp_path / "a.xml.gz", gzip.compress(envelope([claim()]).encode())))
    assert got.only("encounter")["encounter_id"] == "79001:LK1"


def test_reasons_tell_nothing_of_a_person(tmp_path: Path) -> None:
    broken = "raw:" + base64.b64encode(main_part()[1].replace("</HO_TEN>", "").encode()).decode()
    got = whole(tmp_path, [[("XML1", broken)]])
    assert got.staged.records == {}
    assert not any(secret in str(got.staged) for secret in SECRETS)
    text = envelope([claim()], wrapping="nested").replace("</HO_TEN>", "</Bí>")
    refused(write(tmp_path / "b.xml", text))


def test_the_tables_of_names_are_sound() -> None:
    for name in ("GIAMDINHHS", "KHAMSUCKHOE"):
        for form in forms(name).values():
            assert all(form.means.values())
            assert "row" in form.means.values()
    assert set(codes("GIOI_TINH").values()) == {"male", "female", "unknown"}
    assert set(codes("MA_LOAI_KCB").values()) == {"outpatient", "inpatient", "other"}


def test_names_of_the_envelope_inside_a_part_are_no_visit_and_no_sender(tmp_path: Path) -> None:
    inside = main_part()[1].replace("<STT>", "<HOSO><MACSKCB>1</MACSKCB></HOSO><MACSKCB>2</MACSKCB><STT>")
    got = whole(tmp_path, [[("XML1", inside)], claim(MA_LK="LK2")], wrapping="nested")
    assert {row["encounter_id"] for row in got.of("encounter")} == {"79001:LK1", "79001:LK2"}
    assert got.staged.records == {"HOSO": 2}


def test_a_visit_nested_too_deep_is_refused(tmp_path: Path) -> None:
    refused(
        write(tmp_path / "a.xml", "<GIAMDINHHS>" + "<a>" * 20 + "<HOSO/>" + "</a>" * 20 + "</GIAMDINHHS>")
    )


def test_a_visit_of_more_rows_than_there_can_be_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "ROWS_LIMIT", 50)
    codes_of = ";".join(f"A{number:02d}" for number in range(60))
    got = whole(tmp_path, [claim(MA_BENH_KT=codes_of), claim(MA_LK="LK2")])
    assert [row["encounter_id"] for row in got.of("encounter")] == ["79001:LK2"]
    assert [(one.row, one.reason) for one in got.staged.bad] == [(1, account.TOO_MANY)]


def test_texts_of_absurd_length_cost_no_time_and_give_no_finding(tmp_path: Path) -> None:
    long = "9" * 300_000
    drug = {"STT": "1", "TEN_THUOC": long, "LIEU_DUNG": long, "SO_LUONG": long, "DON_VI_TINH": "Viên"}
    lab = LAB | {"TEN_CHI_SO": long}
    note = {"STT": "1", "DIEN_BIEN_LS": "HA 150/90 " + long}
    got = whole(
        tmp_path,
        [[*claim(CAN_NANG=""), listed("XML2", [drug]), listed("XML4", [lab]), listed("XML5", [note])]],
    )
    assert (got.only("medication")["atc"], got.only("medication")["days_supplied"]) == (None, None)
    assert got.aside == {("XML4", account.NO_CODE): 1, ("XML5", account.TOO_LONG): 1}


def test_drug_names_in_windows_1258_are_composed(tmp_path: Path) -> None:
    parts = [*claim(), listed("XML2", [DRUG | {"TEN_THUOC": "Viễn Thị"}])]
    text = envelope([parts], wrapping="nested").replace("utf-8", "windows-1258", 1)
    got = read(write(tmp_path / "a.xml", vietnamese(text)))
    assert got.only("medication")["name_as_written"] == "Viễn Thị"


def test_the_tree_holds_one_visit_at_a_time(tmp_path: Path) -> None:
    text = envelope([claim(MA_LK=f"LK{number}") for number in range(5)], wrapping="nested")
    text = text.replace("<HOSO>", "<KHAC/><DANHSACH><HOSO>").replace("</HOSO>", "</HOSO></DANHSACH>")
    held = []
    for visit in envelopes.Envelope(write(tmp_path / "a.xml", text)).visits():
        content = visit.parts[0].content
        assert content is not None
        root = content.getroottree().getroot()
        held.append((visit.row, len(list(root.iter("MA_LK"))), len(list(root.iter("KHAC", "DANHSACH")))))
    assert [row for row, _, _ in held] == [1, 2, 3, 4, 5]
    # All five fit in one piece of the file, so that those to come are there already; those before are gone.
    assert [lks for _, lks, _ in held] == [5, 4, 3, 2, 1]
    assert [wrappers for _, _, wrappers in held] == [10, 9, 7, 5, 3]


def test_rows_that_stand_in_the_file_itself_are_read(tmp_path: Path) -> None:
    text = envelope([claim()], wrapping="nested").replace("<NOIDUNGFILE>", "").replace("</NOIDUNGFILE>", "")
    assert read(write(tmp_path / "a.xml", text)).rows == whole(tmp_path, [claim()]).rows
