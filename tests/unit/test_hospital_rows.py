"""Rows of hospitals and second entries: as often otherwise as the scenario says, told, and nothing else with them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from warehouse.geography import wards
from warehouse.synthetic import city as cities
from warehouse.synthetic.calibration import Calibration, calibration
from warehouse.synthetic.city import ABOUT, EXTRACTS, synthesize
from warehouse.synthetic.columns import day_number
from warehouse.synthetic.defects import CHANGES, SECOND_ENTRIES, spoil
from warehouse.synthetic.hospital import NUMBER, known_elsewhere, references
from warehouse.synthetic.log import Log
from warehouse.synthetic.people import draw_people
from warehouse.synthetic.register import resident_table
from warehouse.synthetic.residence import former_places
from warehouse.synthetic.scenario import DEFECTS, HOSPITAL, read_scenario
from warehouse.synthetic.spelling import given_first, misspelt, shortened, without_marks, without_middle
from warehouse.synthetic.writer import DEFECTS as DEFECTS_FILE
from warehouse.synthetic.writer import REFERENCES, TRUTH, TRUTH_COUNTS

PEOPLE = 30_000
WRITTEN = ("national_id", "old_id", "insurance_no", "full_name", "birth_date", "sex", "ward_code", "phone")
#: What each change changes.
COLUMN = {
    "national_id_left_out": "national_id", "old_id_left_out": "old_id", "insurance_left_out": "insurance_no",
    "phone_left_out": "phone", "phone_changed": "phone", "middle_name_left_out": "full_name",
    "name_misspelt": "full_name", "given_name_first": "full_name", "marks_lost": "full_name", "sex_wrong": "sex",
    "birth_year_only": "birth_date", "birth_swapped": "birth_date", "birth_digit_wrong": "birth_date",
    "ward_earlier": "ward_code", "ward_other": "ward_code", "ward_left_out": "ward_code",
}  # fmt: skip


@pytest.fixture(scope="module")
def residents() -> pl.DataFrame:
    """Rows of a register with what :func:`known_elsewhere` needs beside them."""
    settings = calibration("calm")
    as_of, rng = day_number(settings.period.look), np.random.default_rng(3)
    people = draw_people(settings, rng, 0, PEOPLE)
    rows = resident_table(people, 10**6, 0.0, rng)
    beside = former_places(people, as_of).with_columns(pl.Series(NUMBER, people.number))
    return pl.concat([rows, beside], how="horizontal")


def elsewhere(residents: pl.DataFrame, **rates: float) -> pl.DataFrame:
    every = dict.fromkeys(HOSPITAL, 0.0) | rates
    return known_elsewhere(residents, every, 9, source="hospital", letter="Q")


def test_without_changes_a_hospital_writes_what_the_register_has(residents: pl.DataFrame) -> None:
    rows = elsewhere(residents)

    assert rows.select(WRITTEN).equals(residents.select(WRITTEN))
    assert set(rows[CHANGES]) == {""}
    assert (rows["person_ref"] == "Q" + residents["person_ref"].str.slice(1)).all()
    assert rows["registered_from"].null_count() == rows.height


@pytest.mark.parametrize("name", HOSPITAL)
def test_a_change_is_as_frequent_as_it_says_told_and_of_its_column_alone(
    residents: pl.DataFrame, name: str
) -> None:
    rows = elsewhere(residents, **{name: 0.3})
    told = rows[CHANGES] == name
    differs = {column: rows[column].ne_missing(residents[column]) for column in WRITTEN}
    possible = elsewhere(residents, **{name: 1.0})[CHANGES] == name

    assert set(rows[CHANGES]) == {"", name}
    spread = (0.3 * 0.7 / possible.sum()) ** 0.5
    assert told.sum() / possible.sum() == pytest.approx(0.3, abs=4 * spread)
    # Now and then another ward drawn is the same one, and a name of one syllable has no letter to be wrong.
    assert (differs[COLUMN[name]] & told).sum() > 0.97 * told.sum()
    assert not (differs[COLUMN[name]] & ~told).any()
    assert not any(found.any() for column, found in differs.items() if column != COLUMN[name])


def test_a_person_is_written_the_same_whoever_else_is_there(residents: pl.DataFrame) -> None:
    rates = read_scenario("hostile").hospital
    all_of_them = known_elsewhere(residents, rates, 9, source="hospital", letter="Q")
    some = known_elsewhere(residents.gather_every(7, 3), rates, 9, source="hospital", letter="Q")
    other_seed = known_elsewhere(residents, rates, 10, source="hospital", letter="Q")

    assert some.equals(all_of_them.gather_every(7, 3))
    assert (all_of_them[CHANGES] != other_seed[CHANGES]).mean() > 0.5  # type: ignore[operator]


def test_wrong_births_are_days_of_the_same_year(residents: pl.DataFrame) -> None:
    right, year = residents["birth_date"], residents["birth_date"].str.slice(0, 4)
    has_day = right.str.len_chars() == 10
    swapped = elsewhere(residents, birth_swapped=1.0)["birth_date"]
    digit = elsewhere(residents, birth_digit_wrong=1.0)["birth_date"]
    only_year = elsewhere(residents, birth_year_only=1.0)["birth_date"]

    assert only_year.equals(year)
    for wrong in (swapped, digit):
        assert (wrong.str.slice(0, 4) == year).all()
        assert wrong.filter(has_day).str.to_date("%Y-%m-%d").null_count() == 0
    pairs = zip(right.filter(has_day), digit.filter(has_day), strict=True)
    assert {sum(a != b for a, b in zip(one, other, strict=True)) for one, other in pairs} == {1}


def test_other_telephones_and_wards_are_real_ones_of_nobody_else(residents: pl.DataFrame) -> None:
    rows = elsewhere(residents, phone_changed=1.0, ward_other=1.0)
    district = {ward.code: ward.district_code for ward in wards()}
    place = zip(rows["ward_code"], rows["district_code"], strict=True)

    assert rows["phone"].drop_nulls().is_unique().all()
    assert not set(rows["phone"].drop_nulls()) & set(residents["phone"].drop_nulls())
    assert rows["phone"].drop_nulls().str.contains(r"^03[24-9]\d{7}$|^0(56|58|76|78)\d{7}$").all()
    assert all(district[ward] == code for ward, code in place)
    earlier = elsewhere(residents, ward_earlier=1.0)
    assert (earlier[CHANGES] == "ward_earlier").equals(residents["former_ward"].is_not_null())


@pytest.mark.parametrize(
    ("name", "plain", "short", "ends", "turned", "letter"),
    [
        ("Nguyễn Thị Đào", "Nguyen Thi Dao", "Nguyễn T Đào", "Nguyễn Đào", "Đào Nguyễn Thị", None),
        ("Lý Mỹ Vy", "Ly My Vy", "Lý M Vy", "Lý Vy", "Vy Lý Mỹ", "Lí Mĩ Vi"),
        ("Đỗ An", "Do An", "Đỗ An", "Đỗ An", "An Đỗ", None),
        ("An", "An", "An", "An", "An", None),
    ],
)
def test_names_as_hands_write_them(
    name: str, plain: str, short: str, ends: str, turned: str, letter: str | None
) -> None:
    given = pl.lit(name)
    found = [pl.select(way(given)).item() for way in (without_marks, shortened, without_middle, given_first)]
    assert found == [plain, short, ends, turned]
    for draw in (0.0, 0.31, 0.5, 0.77, 0.999):
        wrong = pl.select(misspelt(given, pl.lit(draw))).item()
        if letter:
            assert wrong == letter
        else:
            differ = [place for place, (a, b) in enumerate(zip(name, wrong, strict=True)) if a != b]
            assert len(differ) == 1
            assert differ[0] > name.rfind(" ") + 1


def test_second_entries_are_of_four_kinds_half_of_them_shortened(residents: pl.DataFrame) -> None:
    register = residents.drop(NUMBER, "former_ward", "former_district").with_columns(
        pl.lit("").alias(CHANGES)
    )
    rates = dict.fromkeys(DEFECTS, 0.0) | {"entered_twice": 0.5}
    sent = spoil("resident", register, rates, 9, Log())
    told = references(sent).filter(pl.col("kind") == "entered_twice")
    both = sent.filter(pl.col("person_ref").str.starts_with("D")).with_columns(
        ("P" + pl.col("person_ref").str.slice(1)).alias("person")
    ).join(register, left_on="person", right_on="person_ref", suffix="_first")  # fmt: skip
    share = {kind: (told["changes"] == kind).mean() for kind in SECOND_ENTRIES}

    assert share == pytest.approx({"shortened": 1 / 2, **dict.fromkeys(SECOND_ENTRIES[1:], 1 / 6)}, abs=0.02)
    assert both["national_id"].null_count() == both["insurance_no"].null_count() == both.height
    of = {kind: both.filter(pl.col(CHANGES) == kind) for kind in SECOND_ENTRIES}
    assert (of["shortened"]["old_id"].eq_missing(of["shortened"]["old_id_first"])).all()
    renewed = of["moved"]["phone"].ne_missing(of["moved"]["phone_first"]).sum() / of["moved"]["phone"].count()
    assert renewed == pytest.approx(0.3, abs=0.05)
    assert (of["moved"]["registered_from"] <= of["moved"]["registered_from_first"]).all()
    assert (of["respelt"]["full_name"] != of["respelt"]["full_name_first"]).mean() > 0.97  # type: ignore[operator]
    assert set(of["year_only"]["birth_date"].str.len_chars()) == {4}


def test_nothing_else_in_the_city_changes_with_the_rows_of_hospitals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other table, the truth and the defects are the same to the last value; the register's own rows too."""

    def faultless(scenario: str) -> Calibration:
        known = calibration(scenario)
        nothing = dict.fromkeys(HOSPITAL, 0.0)
        return dataclasses.replace(known, switches=dataclasses.replace(known.switches, hospital=nothing))

    synthesize(tmp_path / "as_is", population=1_000, seed=9, scenario="hostile")
    monkeypatch.setattr(cities, "calibration", faultless)
    synthesize(tmp_path / "faultless", population=1_000, seed=9, scenario="hostile")
    one, other = (json.loads((tmp_path / name / ABOUT).read_text()) for name in ("as_is", "faultless"))
    sent = [
        pl.read_parquet(tmp_path / name / EXTRACTS / "resident" / "*.parquet")
        for name in ("as_is", "faultless")
    ]

    assert {name for name in one["tables"] if one["tables"][name] != other["tables"][name]} == {"resident"}
    assert one["truth"]["fingerprint"] == other["truth"]["fingerprint"]
    own, own_other = (frame.filter(~pl.col("person_ref").str.starts_with("Q")) for frame in sent)
    assert own.equals(own_other)
    assert not sent[0].equals(sent[1])
    assert (tmp_path / "as_is" / TRUTH_COUNTS).read_bytes() == (
        tmp_path / "faultless" / TRUTH_COUNTS
    ).read_bytes()


def test_the_truth_of_every_reference_is_known_and_sealed(tmp_path: Path) -> None:
    synthesize(tmp_path / "city", population=2_000, seed=9, scenario="hostile")
    sent = pl.read_parquet(tmp_path / "city" / EXTRACTS / "resident" / "*.parquet")
    told = pl.read_parquet(tmp_path / "city" / REFERENCES)
    truth = pl.read_parquet(tmp_path / "city" / TRUTH)
    twice = pl.read_parquet(tmp_path / "city" / DEFECTS_FILE).filter(pl.col("defect") == "entered_twice")
    hospital = told.filter(pl.col("kind") == "hospital")

    assert told["person_ref"].equals(sent["person_ref"])
    assert CHANGES not in sent.columns
    assert set(told["person"]) <= set(truth["person_ref"])
    known = truth.select("person_ref", "hospital_ref")
    assert hospital.join(
        known, left_on=["person", "person_ref"], right_on=["person_ref", "hospital_ref"]
    ).height == hospital.height > 20  # fmt: skip
    assert set(told.filter(pl.col("kind") == "entered_twice")["person"]) == set(twice["key"])
    assert set(hospital["changes"].str.split(",").explode()) <= {"", *HOSPITAL}
    assert (tmp_path / "city" / REFERENCES).stat().st_mode & 0o777 == 0o400
