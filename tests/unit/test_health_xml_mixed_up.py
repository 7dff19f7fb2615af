"""The health XML reader where a sender mixes people, visits or numbers up: nobody gets what is another's."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.support.health_xml import claim, element, exam, listed, main_part, whole
from warehouse.readers.drugs import atc_of
from warehouse.readers.free_text import mined
from warehouse.readers.health_xml import account
from warehouse.readers.health_xml.doses import days_supplied
from warehouse.readers.health_xml.findings import numbered

LAB = {"STT": "1", "TEN_CHI_SO": "Glucose", "GIA_TRI": "7,2", "MA_LK": "LK1"}
BROKEN = ("XML1", "raw:PGE+")


@pytest.mark.parametrize("apart", [True, False])
def test_two_visits_in_one_hoso_are_bad_and_not_mixed(tmp_path: Path, apart: bool) -> None:
    one, other = main_part(MA_LK="A", MA_BN="P1"), main_part(MA_LK="B", MA_BN="P2", SO_CCCD="")
    together = [one, other] if apart else [("XML1", f"<D>{one[1]}{other[1]}</D>")]
    got = whole(tmp_path, [together, claim(MA_LK="C")])
    assert [(bad.row, bad.reason) for bad in got.staged.bad] == [(1, account.SEVERAL)]
    assert got.only("encounter")["encounter_id"] == "79001:C"


def test_rows_of_another_visit_are_bad_and_not_used(tmp_path: Path) -> None:
    labs = listed("XML4", [LAB, LAB | {"STT": "2", "MA_LK": "LK9", "GIA_TRI": "30"}])
    got = whole(tmp_path, [[*claim(CAN_NANG=""), labs]])
    assert [row["value"] for row in got.of("measurement")] == ["7.2"]
    assert [bad.reason for bad in got.staged.bad] == [f"XML4: {account.ANOTHER}"]


@pytest.mark.parametrize("is_broken_last", [True, False])
def test_a_visit_without_its_person_does_not_replace_a_whole_one(
    tmp_path: Path, is_broken_last: bool
) -> None:
    good, broken = (
        [*claim(CAN_NANG=""), listed("XML4", [LAB])],
        [BROKEN, listed("XML4", [LAB | {"GIA_TRI": "9"}])],
    )
    got = whole(tmp_path, [good, broken] if is_broken_last else [broken, good])
    assert got.only("measurement")["value"] == "7.2"
    assert got.only("encounter")["person_ref"] == "79001:BN1"
    assert got.aside == {("HOSO", account.SENT_AGAIN): 1}


@pytest.mark.parametrize("nothing", ["0", "000000", "000000000000"])
def test_zeros_are_nobodys_number(tmp_path: Path, nothing: str) -> None:
    visits = [claim(MA_LK=f"LK{n}", MA_BN=nothing, SO_CCCD=f"07915800000{n}") for n in (1, 2)]
    people = {row["person_ref"] for row in whole(tmp_path, visits).of("resident")}
    assert people == {"079158000001", "079158000002"}


@pytest.mark.parametrize(
    ("written", "first"),
    [
        (("1", "1", "1.2", "", "n4", "1", "1.3", "1.2"), ["1", "1.2"]),
        (("1", "1", "1.2"), ["1", "1.2"]),
        (("2", "1", "7"), ["2", "1"]),
        (("", ""), ["n1", "n2"]),
    ],
)
def test_numbers_of_rows_differ_whatever_a_sender_writes(written: tuple[str, ...], first: list[str]) -> None:
    rows = [{"number": number} if number else {} for number in written]
    numbers = [number for number, _ in numbered(rows)]
    assert len(set(numbers)) == len(rows)
    assert numbers[:2] == first


def test_a_pressure_measured_twice_alike_is_two_readings(tmp_path: Path) -> None:
    sign = element("DANH_GIA_DAU_HIEU_SINH_TON", {"HUYET_AP": "120/80"})
    got = whole(tmp_path, [exam(("XML3", f"<D>{sign}{sign}</D>"))], name="KHAMSUCKHOE")
    assert sorted(row["reading_number"] for row in got.of("measurement")) == ["1", "1", "2", "2"]


@pytest.mark.parametrize("amount", ["1e99999999", "1E5", "9" * 40, "inf", "nan", "1/0", "-3"])
def test_an_amount_nobody_writes_gives_no_days(amount: str) -> None:
    assert days_supplied(amount, "1 viên/ngày", "Viên") is None


def test_base64_without_its_padding_is_read(tmp_path: Path) -> None:
    for blanks in range(3):
        kind, xml = main_part(HO_TEN="A" + "B" * blanks)
        bare = base64.b64encode(xml.encode()).decode().rstrip("=")
        got = whole(tmp_path, [[(kind, f"raw:{bare}")]])
        assert got.only("resident")["full_name"] == "A" + "B" * blanks


def test_names_are_not_remembered_without_end() -> None:
    assert atc_of.cache_info().maxsize is not None


@pytest.mark.parametrize(
    "text",
    [
        "thuốc hạ HA 10/5 mg", "uống Coveram HA 10/5 mg", "giảm cân nặng 5kg", "sụt CN 5 kg", "tăng CN 3kg",
        "báo BS khi HA 180/110", "đêm qua HA 180/100", "3 ngày trước HA 180/100", "HbA1c 8% (3 tháng trước)",
        "HbA1c 8% 3 tháng trước",
    ],
)  # fmt: skip
def test_strengths_changes_limits_and_the_past_are_no_readings(text: str) -> None:
    assert mined(text) == ()
