"""Landing: every received row is accepted, quarantined with a reason, or a duplicate."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.support.home import (
    fingerprints,
    marts,
    pressure,
    record,
    resident,
    run_build,
    settings,
    small_extract,
    write_csv,
)
from warehouse.check import CheckReport, check
from warehouse.database import open_warehouse
from warehouse.errors import Faults, UserError
from warehouse.landing import Landed


def checked(folder: Path) -> CheckReport:
    return check(settings(folder / "home"), [folder / "in"])


def landed_resident(folder: Path, rows: list[dict[str, object]]) -> Landed:
    write_csv(folder / "in" / "resident.csv", rows)
    [item] = checked(folder).landed
    assert item.accepted + item.quarantined + item.duplicate == item.received == len(rows)
    return item


@pytest.mark.parametrize(
    ("change", "column", "rule"),
    [
        ({"person_ref": ""}, "person_ref", "missing"),
        ({"sex": "F"}, "sex", "allowed"),
        ({"birth_date": "1960-02-30"}, "birth_date", "type"),
        ({"birth_date": "1850-01-01"}, "birth_date", "at_least"),
        ({"district_code": "76"}, "district_code", "pattern"),
        ({"national_id": "12345"}, "national_id", "pattern"),
        ({"insured": "maybe"}, "insured", "type"),
    ],
)
def test_a_row_that_breaks_a_rule_is_quarantined(
    tmp_path: Path, change: dict[str, object], column: str, rule: str
) -> None:
    spare = {"national_id": "", "insured": ""}
    rows = [resident("A") | spare, resident("B") | spare | change, resident("C") | spare]
    item = landed_resident(tmp_path, rows)
    assert (item.accepted, item.quarantined) == (2, 1)
    assert [(reason[0], reason[1], reason[3]) for reason in item.reasons] == [(column, rule, 1)]


def test_a_definition_nobody_has_is_quarantined_with_those_there_are(tmp_path: Path) -> None:
    rows = [
        {
            "source": "t", "study": "S", "definition": name, "quarter": "2024Q3", "sex": "both", "age_band": "18+",
            "value": 0.3, "lower": 0.28, "upper": 0.32,
        }
        for name in ("Hypertension/recommended", "hypertension/diagnosis", "hypertensoin/recommended")
    ]  # fmt: skip
    write_csv(tmp_path / "in" / "survey.csv", rows)
    [item] = checked(tmp_path).landed
    assert (item.accepted, item.quarantined) == (1, 2)
    [(column, rule, expected, count, *_)] = item.reasons
    assert (column, rule, count) == ("definition", "allowed", 2)
    assert "hypertension/recommended" in expected


def test_vietnamese_dates_partial_dates_and_merged_districts_are_understood(tmp_path: Path) -> None:
    births = ["17/05/1960", "1960", "1960-05", "1960-00-00", "1960-05-00", ""]
    rows = [resident(f"P{n}", birth_date=birth, district_code="762") for n, birth in enumerate(births)]
    assert landed_resident(tmp_path, rows).accepted == len(births)


def test_equal_rows_are_duplicates_and_differing_rows_conflict(tmp_path: Path) -> None:
    rows = [resident("A"), resident("A"), resident("A", sex="male"), resident("B")]
    item = landed_resident(tmp_path, rows)
    assert (item.accepted, item.duplicate, item.quarantined) == (2, 1, 1)
    assert item.reasons[0][1] == "conflict"


def test_of_rows_of_several_files_with_one_key_the_first_stays(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_csv(folder / "resident_1.csv", [resident("A"), resident("B")])
    write_csv(folder / "resident_2.csv", [resident("C"), resident("A"), resident("B", sex="male")])
    write_csv(folder / "resident_3.csv", [resident("C", sex="male"), resident("C"), resident("D")])
    first, second, third = checked(tmp_path).landed
    assert (first.accepted, first.duplicate, first.quarantined, first.repeats_of_others) == (2, 0, 0, 0)
    assert (second.accepted, second.duplicate, second.quarantined, second.repeats_of_others) == (1, 1, 1, 2)
    assert (third.accepted, third.quarantined + third.duplicate) == (1, 2)
    assert third.repeats_of_others == 1
    for item in (second, third):
        assert {reason[1] for reason in item.reasons} == {"conflict"}

    run_build(tmp_path / "home", folder, quarantine_share_limit=1, as_of=date(2024, 6, 30))
    with open_warehouse(settings(tmp_path / "home")) as connection:
        stored = connection.execute(
            "select sex, count(*) from raw_resident group by all order by all"
        ).fetchall()
        told = connection.execute(
            "select logical_name, row_number from meta_quarantine join meta_file using (file_id) order by all"
        ).fetchall()
    assert stored == [("female", 4)]
    assert told == [("in/resident_2", 3), ("in/resident_3", 1), ("in/resident_3", 2)]


def test_rows_of_a_build_that_is_refused_are_gone_and_its_files_may_come_again(tmp_path: Path) -> None:
    run_build(tmp_path / "home", small_extract(tmp_path / "first"))
    before, second = fingerprints(tmp_path / "home"), tmp_path / "second"
    write_csv(
        second / "encounter.csv", [{"encounter_id": "E", "person_ref": "P001", "started_at": "2024-03-05"}]
    )
    write_csv(
        second / "measurement.csv", [row | {"code": "?"} for row in pressure("P000", "2024-05-05", 170)]
    )
    with pytest.raises(Faults, match="rows were refused"):
        run_build(tmp_path / "home", second)
    with open_warehouse(settings(tmp_path / "home")) as connection:
        for table in ("raw_encounter where _file_id", "meta_quarantine where file_id"):
            sql = f"select count(*) from {table} not in (select file_id from meta_file)"
            assert connection.execute(sql).fetchall() == [(0,)]
    run_build(tmp_path / "home")
    assert fingerprints(tmp_path / "home") == before
    write_csv(second / "measurement.csv", pressure("P000", "2024-05-05", 170))
    run_build(tmp_path / "home", second)
    run_build(tmp_path / "fresh", tmp_path / "first", second)
    assert fingerprints(tmp_path / "home") == fingerprints(tmp_path / "fresh")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_delimiters_and_byte_order_mark(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [resident("A", full_name='Lê, "Tư"; Năm'), resident("B", full_name="hai\ndòng")]
    write_csv(tmp_path / "in" / "resident.csv", rows, delimiter=delimiter, encoding=encoding)
    [item] = checked(tmp_path).landed
    assert (item.received, item.accepted) == (2, 2)


def test_gzip_and_parquet_give_the_same_rows(tmp_path: Path) -> None:
    plain = write_csv(tmp_path / "plain" / "in" / "resident.csv", [resident("A"), resident("B", sex="?")])
    [expected] = checked(tmp_path / "plain").landed
    for name in ("gzip", "parquet"):
        (tmp_path / name / "in").mkdir(parents=True)
    (tmp_path / "gzip" / "in" / "resident.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    pl.read_csv(plain, infer_schema=False).write_parquet(tmp_path / "parquet" / "in" / "resident.parquet")
    for name in ("gzip", "parquet"):
        [item] = checked(tmp_path / name).landed
        assert (item.received, item.accepted, item.reasons) == (2, 1, expected.reasons)


def test_headers_in_capitals_and_columns_named_like_ours_do_no_harm(tmp_path: Path) -> None:
    row = {name.upper(): value for name, value in resident("A").items()}
    write_csv(
        tmp_path / "in" / "resident.csv", [row | {"_row": "x", "_fault": "2", "_text_sex": "q", 'a"b': "1"}]
    )
    pl.DataFrame([resident("B") | {"_row": 5}]).write_parquet(tmp_path / "in" / "resident_2.parquet")
    report = checked(tmp_path)
    assert [item.accepted for item in report.landed] == [1, 1]
    assert report.landed[0].unknown_columns == ("_fault", "_row", "_text_sex", 'a"b')


def test_a_column_named_like_the_row_counter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    frame = pl.DataFrame([resident("A")]).with_columns(file_row_number=1)
    frame.write_parquet(tmp_path / "in" / "resident.parquet")
    report = checked(tmp_path)
    assert not report.landed
    assert "file_row_number" in report.refused[0].message


def test_typed_parquet_is_read_as_it_is(tmp_path: Path) -> None:
    rows = pressure("A", "2024-01-02", 131.5)
    frame = pl.DataFrame(rows).with_columns(
        pl.col("taken_at").str.to_datetime(), pl.col("value").cast(pl.Float32)
    )
    (tmp_path / "in").mkdir()
    frame.write_parquet(tmp_path / "in" / "measurement.parquet")
    [item] = checked(tmp_path).landed
    assert (item.accepted, item.first_date.isoformat() if item.first_date else None) == (2, "2024-01-02")


def test_malformed_lines_are_refused_with_their_number_and_the_rest_loads(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    text = "source,person_ref,sex\nt,A,male\nt,B\nt,C,male,x,y\nt,D,huh\nt,E,female\n"
    (tmp_path / "in" / "resident.csv").write_text(text)
    [item] = checked(tmp_path).landed
    assert (item.received, item.accepted, item.quarantined) == (5, 2, 3)
    assert {reason[1] for reason in item.reasons} == {"malformed", "allowed"}


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("62,5", 1),
        ("62.5", 1),
        ("6e1", 1),
        ("NaN", 0),
        ("Infinity", 0),
        ("1.234,5", 0),
        ("1,234,5", 0),
        ("-", 0),
    ],
)
def test_numbers(tmp_path: Path, value: str, accepted: int) -> None:
    write_csv(tmp_path / "in" / "measurement.csv", [pressure("A", "2024-01-02", 1)[0] | {"value": value}])
    [item] = checked(tmp_path).landed
    assert item.accepted == accepted


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02\x00" * 50, "UTF-8"),
        (b"source,person_ref\nt,A\n", "required columns are missing: sex"),
        (b"source,person_ref,sex,sex\nt,A,male,male\n", "repeats sex"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_whole_and_the_others_go_on(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "resident.csv").write_bytes(content)
    write_csv(tmp_path / "in" / "measurement.csv", pressure("A", "2024-01-02", 120))
    report = checked(tmp_path)
    assert [item.table for item in report.landed] == ["measurement"]
    assert message in report.refused[0].message


def test_truncated_files_are_refused_whole(tmp_path: Path) -> None:
    rows = [resident(f"P{number}") for number in range(2000)]
    plain = write_csv(tmp_path / "plain.csv", rows)
    (tmp_path / "in").mkdir()
    packed = gzip.compress(plain.read_bytes())
    (tmp_path / "in" / "resident.csv.gz").write_bytes(packed[: len(packed) // 2])
    pl.DataFrame(rows).write_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "in" / "resident_b.parquet").write_bytes(whole[: len(whole) // 2])
    report = checked(tmp_path)
    assert not report.landed
    assert len(report.refused) == 2


def test_a_folder_without_extracts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "residents.pdf").write_text("")
    with pytest.raises(UserError, match="no extract file"):
        checked(tmp_path)


def test_a_misspelt_file_name_is_left_alone_with_a_suggestion(tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "measurment.csv", pressure("A", "2024-01-02", 120))
    write_csv(tmp_path / "in" / "resident.csv", [resident("A")])
    report = checked(tmp_path)
    assert [fault.expected for fault in report.ignored] == ["measurement?"]


def test_an_unclosed_quotation_mark_refuses_the_file_instead_of_hiding_its_rest(tmp_path: Path) -> None:
    lines = ["source,person_ref,full_name,sex", *(f"t,P{n},Nguyen,male" for n in range(200))]
    lines[50] = 't,P49,"Nguyen,male'
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "resident.csv").write_text("\n".join(lines) + "\n")
    report = checked(tmp_path)
    assert not report.landed
    assert "cannot be told apart" in report.refused[0].message


def test_a_file_without_a_header_shows_nobody(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "resident.csv").write_text("t,ZQREF,Zquang Zmarker,Zquang Zmarker,male\n")
    (tmp_path / "in" / "resident_2.csv").write_text("t,ZQREF,Zquang Zmarker,1960-01-01,male\n")
    told = str(checked(tmp_path).refused).lower()
    assert told.count("fault(") == 2
    assert "zq" not in told


def test_a_value_in_the_wrong_column_is_shown_by_its_shape(tmp_path: Path) -> None:
    row = resident("A", sex="Trần Thị Bé", ward_code="26758")
    other = resident("B", ward_code="079060012345")
    write_csv(tmp_path / "in" / "resident.csv", [row, other, *(resident(f"P{n}") for n in range(20))])
    write_csv(tmp_path / "in" / "health_record.csv", [record("P1")])
    report = run_build(tmp_path / "home", tmp_path / "in")
    text = (tmp_path / "home" / "quarantine" / f"{report.build_id}.csv").read_text()
    assert "aaaa aaa aa" in text
    assert "999999999999" in text
    assert "079060012345" not in text
    assert "bé" not in text.lower()


#: As written -> as stored.
INSTANTS = {
    "2024-03-05 00:30:00+00": "2024-03-05 07:30:00",
    "2024-03-05T00:30:00Z": "2024-03-05 07:30:00",
    "2024-03-05 00:30:00+09": "2024-03-04 22:30:00",
    "2024-03-05T00:30:00+07:00": "2024-03-05 00:30:00",
    "2024-03-05T00:30:00": "2024-03-05 00:30:00",
    "2024-03-05": "2024-03-05 00:00:00",
}


def test_instants_are_told_in_the_time_of_the_city(tmp_path: Path) -> None:
    """A file for each form, so that none is read in the light of the others."""
    source = small_extract(tmp_path / "in", people=2)
    (source / "measurement.csv").unlink()
    reading = pressure("P000", "2024-03-05", 120)[0]
    for number, written in enumerate(INSTANTS):
        row = reading | {"measurement_id": f"M{number}", "taken_at": written}
        write_csv(source / f"measurement_{number}.csv", [row])
    run_build(tmp_path / "home", source)
    with open_warehouse(settings(tmp_path / "home")) as connection:
        found = dict(
            connection.execute(
                "select logical_name, taken_at::varchar from raw_measurement join meta_file on file_id = _file_id"
            ).fetchall()
        )
    assert found == {f"in/measurement_{number}": stored for number, stored in enumerate(INSTANTS.values())}


def test_years_no_program_can_write_are_refused(tmp_path: Path) -> None:
    source = small_extract(tmp_path / "in", people=20)
    rows = [{"encounter_id": f"E{n}", "person_ref": "P001", "started_at": "2024-03-05"} for n in range(9)]
    for year in ("20240", "0001", "1799"):
        wrong = rows[0] | {"encounter_id": "X", "started_at": f"{year}-03-05"}
        write_csv(source / f"encounter_{year}.csv", [*rows, wrong])
    report = run_build(tmp_path / "home", source)
    assert [item.quarantined for item in report.landed if item.table == "encounter"] == [1, 1, 1]
    run_build(tmp_path / "home", source)


def test_whole_numbers_written_as_decimals_and_odd_blanks_are_the_same_reference(tmp_path: Path) -> None:
    people = [resident("12\u00a0"), resident("13\t"), resident("14")]
    write_csv(tmp_path / "in" / "resident.csv", people)
    records = [record(str(n), record_id=f"R{n}") | {"person_ref": float(n)} for n in (12, 13, 14)]
    pl.DataFrame(records).write_parquet(tmp_path / "in" / "health_record.parquet")
    run_build(tmp_path / "home", tmp_path / "in")
    placed = "select sum(records) from mart_record where step = 'created' and place_id > 0"
    assert marts(tmp_path / "home", placed) == [(3,)]


def test_signs_of_file_patterns_in_a_name_are_letters(tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "resident-*.csv", [resident("A")])
    write_csv(tmp_path / "in" / "resident-1.csv", [resident("B"), resident("C")])
    assert sorted(item.received for item in checked(tmp_path).landed) == [1, 2]


@pytest.mark.parametrize(
    ("text", "field"),
    [('synthetic = "false"', "synthetic"), ("as_of = 20241231", "as_of"), ("name = 3", "name")],
)
def test_a_manifest_of_wrong_types_is_refused(tmp_path: Path, text: str, field: str) -> None:
    write_csv(tmp_path / "in" / "resident.csv", [resident("A")])
    (tmp_path / "in" / "manifest.toml").write_text(text)
    with pytest.raises(UserError) as raised:
        checked(tmp_path)
    assert raised.value.fault.field == field


def test_manifests_below_are_refused_and_linked_folders_are_told(tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "resident.csv", [resident("A")])
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere")
    assert [fault.message for fault in checked(tmp_path).ignored] == ["a linked folder"]
    write_csv(tmp_path / "in" / "demo" / "resident_2.csv", [resident("B")])
    (tmp_path / "in" / "demo" / "manifest.toml").write_text("synthetic = true")
    with pytest.raises(UserError, match="below the folder"):
        checked(tmp_path)
