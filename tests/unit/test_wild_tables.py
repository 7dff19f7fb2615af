"""Tables in the wild: whatever the file, its rows come out as they were written, or are told of."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import xlsxwriter

from tests.support.wild_files import assert_accounted, ods, ods_row, rows_of, windows_1258, xls, xlsx
from warehouse.errors import UserError
from warehouse.readers import wild
from warehouse.readers.staged import Staged

HEADER = ["source", "person_ref", "full_name", "birth_date", "sex"]
PEOPLE = [
    ["bv", "P1", "Nguyễn Thị Ánh", "1960-05-17", "female"],
    ["bv", "P2", "Trần Văn Đường", "1958", "male"],
]
SECRET = "Nguyễn Thị Ánh"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def written(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


def staged(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    content: bytes | None = None,
    table: str | None = "resident",
    **more: Any,
) -> Staged:
    if content is not None:
        path.write_bytes(content)
    return wild.stage(connection, path, table=table, mapping=None, **more)


def people(connection: duckdb.DuckDBPyConnection, found: Staged) -> list[list[str | None]]:
    return [[row[name] for name in HEADER] for row in rows_of(connection, found, "resident")]


def refusal(
    connection: duckdb.DuckDBPyConnection, path: Path, content: bytes | None = None, **more: Any
) -> str:
    with pytest.raises(UserError) as caught:
        staged(connection, path, content, **more)
    assert "P1" not in str(caught.value)
    assert "Nguy" not in str(caught.value)
    assert connection.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
    return str(caught.value)


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-16-be-mark", "windows-1258"],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_delimiter_and_line_end_gives_the_same_rows(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, encoding: str, delimiter: str, end: str
) -> None:
    text = written([HEADER, *PEOPLE], delimiter, end)
    content = {
        "windows-1258": lambda: windows_1258(text),
        "utf-16-be-mark": lambda: b"\xfe\xff" + text.encode("utf-16-be"),
    }.get(encoding, lambda: text.encode(encoding))()
    found = staged(connection, tmp_path / "resident.csv", content)
    assert people(connection, found) == PEOPLE
    assert_accounted(connection, found, rows=2)


def test_text_is_composed_whatever_the_file_wrote(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    text = unicodedata.normalize("NFD", written([HEADER, *PEOPLE]))
    found = staged(connection, tmp_path / "resident.csv", text.encode())
    assert people(connection, found) == PEOPLE


def test_western_text_is_not_taken_for_vietnamese(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    # Lower-case i and o with grave are tone marks in windows-1258.
    rows = [["bv", "P1", "Cecìlia Nicolò Maìo Müller", "1960", "female"]]
    found = staged(connection, tmp_path / "resident.csv", written([HEADER, *rows]).encode("cp1252"))
    assert people(connection, found) == rows


@pytest.mark.parametrize(
    ("content", "words"),
    [
        # Nguyễn Thị Ánh, Trần Văn Đường, Lê Hữu Phước as the fonts of VNI and of TCVN3 write them.
        ("Nguyeãn Thò AÙnh,Traàn Vaên Ñöôøng,Leâ Höõu Phöôùc".encode("cp1252"), "VNI"),
        ("NguyÔn ThÞ ¸nh,TrÇn V¨n §\xadêng,Lª H÷u Ph\xadíc".encode("cp1252"), "TCVN3"),
    ],
)
def test_text_of_font_encodings_is_refused_never_guessed(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, content: bytes, words: str
) -> None:
    lines = b"".join(b"bv,Q," + name + b",1960,female\n" for name in content.split(b",")) * 3
    told = refusal(connection, tmp_path / "resident.csv", ",".join(HEADER).encode() + b"\n" + lines)
    assert words in told
    assert "Unicode" in told


def test_text_saved_in_a_wrong_encoding_is_refused(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    text = written([HEADER, ["bv", "Q", "Nguyễn Thị Diễm", "1960", "female"], *PEOPLE[1:]])
    wrong = text.encode().decode("cp1252", errors="ignore").encode()
    assert "wrong encoding" in refusal(connection, tmp_path / "resident.csv", wrong)


def test_titles_blanks_totals_and_signatures_are_accounted_and_rows_are_numbered_below_the_header(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    rows = [
        ["DANH SÁCH NGƯỜI DÂN", "", "", "", ""],
        ["", "", "", "", ""],
        HEADER,
        PEOPLE[0],
        ["", " ", "", "", ""],
        PEOPLE[1],
        ["Tổng cộng: 2", "", "", "", ""],
        ["", "", "", "Người lập bảng", ""],
    ]
    found = staged(connection, tmp_path / "resident.csv", written(rows).encode())
    assert people(connection, found) == PEOPLE
    assert [row["_row"] for row in rows_of(connection, found, "resident")] == [1, 3]
    assert_accounted(connection, found, rows=7)
    assert sorted(item.records for item in found.set_aside) == [1, 1, 1, 2]


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_rows_mean_the_same_wherever_a_batch_ends(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("warehouse.readers.wild.rows._BATCH", batch)
    blanks: list[list[str]] = [[""] * 5] * 70
    rows = [HEADER, *blanks, *PEOPLE, ["Tổng cộng", "", "", "", ""], ["Người lập", "", "", "", ""]]
    found = staged(connection, tmp_path / "resident.csv", written(rows).encode())
    assert [row["_row"] for row in rows_of(connection, found, "resident")] == [71, 72]
    assert sorted(item.records for item in found.set_aside) == [1, 1, 70]
    assert_accounted(connection, found, rows=74)


def test_lines_inside_cells_are_not_counted_against_a_bad_row(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    people_of_two_lines = [["bv", "P1", "Nguyễn\r\nThị\nÁnh\rBa", "1960", "female"]]
    lines = [",".join(HEADER), 'bv,P1,"Nguyễn\r\nThị\nÁnh\rBa",1960,female', 'bv,P2,"x"y,1960,male']
    found = staged(connection, tmp_path / "resident.csv", "\n".join(lines).encode())
    assert people(connection, found) == people_of_two_lines
    assert [record.row for record in found.bad] == [2]


def test_a_row_below_a_subtotal_is_no_note(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    rows = [HEADER, PEOPLE[0], ["Cộng", "", "", "", ""], ["bv", "P3", "", "", ""], PEOPLE[1]]
    found = staged(connection, tmp_path / "resident.csv", written(rows).encode())
    assert [row["_row"] for row in rows_of(connection, found, "resident")] == [1, 3, 4]
    assert_accounted(connection, found, rows=4)


def test_a_person_whose_name_begins_like_a_total_is_a_person(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    rows = [["Tống", "T1", "Tống Văn A", "1960", "male"], ["Total Care", "T2", "Công", "1961", "male"]]
    found = staged(connection, tmp_path / "resident.csv", written([HEADER, *rows]).encode())
    assert people(connection, found) == rows


def test_rows_that_cannot_be_read_are_bad_and_the_others_stay(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    lines = [
        ",".join(HEADER).encode(),
        ",".join(PEOPLE[0]).encode(),
        b"bv,P3",
        b"bv,P4,x,1960,male,more",
        b'bv,P5,"x"y,1960,male',
        b"bv,P6,a\x00b,1960,male",
        b"bv,P7,a\xffb,1960,male",
        ",".join([*PEOPLE[1], "", ""]).encode(),
    ]
    found = staged(connection, tmp_path / "resident.csv", b"\n".join(lines))
    assert people(connection, found) == PEOPLE
    assert [record.row for record in found.bad] == [2, 3, 4, 5, 6]
    assert not any(name in record.reason for record in found.bad for name in ("P3", "P4", "P5"))
    assert_accounted(connection, found, rows=7)


@pytest.mark.parametrize(
    "lines",
    [
        ['bv,P3,"x,1960,male', "bv,P4,y,1960,male"],
        ['bv,P3,"x,1960,male', 'bv,P4,y"z,1960,male'],
        ['bv,P3,"x,1960,male', 'bv,P4,y",1960,male'],
    ],
)
def test_a_quotation_mark_that_swallows_rows_refuses_the_file(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, lines: list[str]
) -> None:
    # The last of them closes by chance: its row has the right length, so only what is in the cell can tell.
    content = "\n".join([",".join(HEADER), ",".join(PEOPLE[0]), *lines]).encode()
    if lines[1].endswith('y",1960,male'):
        found = staged(connection, tmp_path / "resident.csv", content)
        assert_accounted(connection, found, rows=2)
    else:
        assert "quotation mark" in refusal(connection, tmp_path / "resident.csv", content)


def test_a_refusal_leaves_the_callers_transaction_alone(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute("begin transaction").fetchall()
    content = "\n".join([",".join(HEADER), ",".join(PEOPLE[0]), 'bv,P3,"x', "y,z"]).encode()
    assert "quotation mark" in refusal(connection, tmp_path / "resident.csv", content)
    found = staged(connection, tmp_path / "resident.csv", written([HEADER, *PEOPLE]).encode())
    assert people(connection, found) == PEOPLE
    connection.execute("commit").fetchall()


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n", b"\xff\xfe"])
def test_an_empty_file_is_refused(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, content: bytes
) -> None:
    assert "empty" in refusal(connection, tmp_path / "resident.csv", content)


def test_a_header_without_rows_gives_an_empty_table(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    found = staged(connection, tmp_path / "resident.csv", ",".join(HEADER).encode())
    assert people(connection, found) == []
    assert_accounted(connection, found, rows=0)


def test_a_file_without_a_header_is_refused_and_tells_nothing_of_it(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    assert "no header line" in refusal(connection, tmp_path / "resident.csv", written(PEOPLE).encode())


def test_a_name_twice_is_refused_only_where_it_matters(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = tmp_path / "resident.csv"
    twice = written([[*HEADER, " SEX "], [*PEOPLE[0], "male"]])
    assert "repeats sex" in refusal(connection, path, twice.encode())
    notes = written([[*HEADER, "note", "note", ""], [*PEOPLE[0], "", "", ""]])
    assert people(connection, staged(connection, path, notes.encode())) == PEOPLE[:1]


def test_decimal_commas_of_a_semicolon_file(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    header = ["measurement_id", "person_ref", "code", "value", "taken_at"]
    values = ["62,5", "5,625", "1.234,5", "7", "-0,5", "6,5%", "abc"]
    rows = [[str(n), "P", "29463-7", value, "2024-01-01"] for n, value in enumerate(values)]
    content = written([header, *rows], ";").encode()
    found = staged(connection, tmp_path / "m.csv", content, table="measurement")
    got = [row["value"] for row in rows_of(connection, found, "measurement")]
    assert got == ["62.5", "5.625", "1234.5", "7", "-0.5", "6.5", "abc"]


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zst", ".zip"])
def test_packed_files(tmp_path: Path, connection: duckdb.DuckDBPyConnection, suffix: str) -> None:
    found = staged(
        connection, tmp_path / f"resident{suffix}", packed(written([HEADER, *PEOPLE]).encode(), suffix)
    )
    assert people(connection, found) == PEOPLE


def packed(content: bytes, suffix: str, names: tuple[str, ...] = ("a/list.csv",)) -> bytes:
    if suffix.endswith(".gz"):
        return gzip.compress(content)
    if suffix.endswith(".zst"):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(content)
        return bytes(sink.getvalue().to_pybytes())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_members_of_an_archive_are_tables_by_their_names_and_numbered_on(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    content = packed(
        written([HEADER, *PEOPLE]).encode(), ".zip", ("resident_1.csv", "resident_2.csv", "read.me")
    )
    found = staged(connection, tmp_path / "all.zip", content, table=None)
    assert [row["_row"] for row in rows_of(connection, found, "resident")] == [1, 2, 3, 4]
    assert [(item.kind, item.records) for item in found.set_aside] == [("member", 1)]
    assert_accounted(connection, found, rows=4)


@pytest.mark.parametrize(
    "name", ["../resident.csv", "/etc/resident.csv", "a\\..\\resident.csv", "C:/resident.csv"]
)
def test_a_member_that_points_outside_is_refused(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    content = packed(written([HEADER, *PEOPLE]).encode(), ".zip", (name,))
    assert "outside" in refusal(connection, tmp_path / "resident.zip", content)


def test_an_archive_in_an_archive_is_refused(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    content = packed(b"", ".zip", ("resident.csv", "more.zip"))
    assert "another archive" in refusal(connection, tmp_path / "resident.zip", content)


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zst", ".zip"])
def test_bombs_stop_while_they_are_unpacked(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, suffix: str
) -> None:
    content = packed(written([HEADER, *PEOPLE]).encode() + bytes(4_000_000), suffix)
    small = wild.Limits(free_bytes=1_000_000, ratio=20)
    assert "unpacks to more" in refusal(connection, tmp_path / f"resident{suffix}", content, limits=small)
    absolute = wild.Limits(text_bytes=1_000_000)
    assert "unpacks to more" in refusal(connection, tmp_path / f"resident{suffix}", content, limits=absolute)


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zst", ".zip"])
def test_damaged_packed_files_are_refused(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, suffix: str
) -> None:
    whole = packed(written([HEADER, *PEOPLE] * 50).encode(), suffix)
    assert "damaged" in refusal(connection, tmp_path / f"resident{suffix}", whole[: len(whole) // 2])


def test_a_workbook_with_titles_totals_dates_and_errors(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    rows: list[list[Any]] = [
        ["DANH SÁCH"],
        [],
        HEADER,
        ["bv", 79090012345, SECRET, dt.date(1960, 5, 17), "female"],
        ["bv", 2, "=#N/A", 22053, "male"],
        [],
        ["bv", 3.5, "x", 1958, True],
        ["Tổng cộng", 3],
    ]
    path = xlsx(tmp_path / "register.xlsx", {"Resident 2024": rows, "Ghi chú": [["x"]]})
    found = staged(connection, path, table=None)
    assert people(connection, found) == [
        ["bv", "79090012345", SECRET, "1960-05-17", "female"],
        ["bv", "2", None, "1960-05-17", "male"],
        ["bv", "3.5", "x", "1958", "true"],
    ]
    assert [row["_row"] for row in rows_of(connection, found, "resident")] == [1, 2, 4]
    assert_accounted(connection, found, rows=7)
    counts = {(item.kind, item.records) for item in found.set_aside}
    assert {("cell", 1), ("sheet", 1)} <= counts


def test_days_of_both_systems_of_excel(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    header = ["encounter_id", "person_ref", "started_at", "ended_at"]
    for is_1904, number in ((False, 45418.385416666664), (True, 43956.385416666664)):
        rows: list[list[Any]] = [
            header,
            ["E", "P", dt.date(2024, 5, 6), number],
            ["F", "P", "2024", str(int(number))],
        ]
        path = xlsx(tmp_path / f"{is_1904}.xlsx", {"encounter": rows}, date_1904=is_1904)
        first, second = rows_of(connection, staged(connection, path, table=None), "encounter")
        assert (first["started_at"], first["ended_at"]) == ("2024-05-06 00:00:00", "2024-05-06T09:15:00")
        # A year that somebody wrote is no day of July 1905.
        assert (second["started_at"], second["ended_at"]) == ("2024", "2024-05-06T00:00:00")


def test_hidden_sheets_are_set_aside(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "resident.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, is_hidden in (("resident", False), ("resident old", True)):
            sheet = book.add_worksheet(name)
            for place, row in enumerate([HEADER, *PEOPLE]):
                sheet.write_row(place, 0, row)
            if is_hidden:
                sheet.hide()
    found = staged(connection, path)
    assert people(connection, found) == PEOPLE
    assert [(item.kind, item.why) for item in found.set_aside] == [("sheet", "hidden")]


def test_a_header_of_two_rows(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    upper = ["source", "person_ref", "Họ tên và ngày sinh", "", "sex"]
    lower = ["", "", "full_name", "birth_date", ""]
    path = xlsx(tmp_path / "resident.xlsx", {"Sheet1": [upper, lower, *PEOPLE]})
    found = staged(connection, path)
    assert people(connection, found) == PEOPLE
    assert_accounted(connection, found, rows=2)


def test_ods_and_xls_give_the_same_rows(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    filling = '<table:table-cell table:number-columns-repeated="16384"/>'
    end = f'<table:table-row table:number-rows-repeated="1048570">{filling}</table:table-row>'
    sheet = "".join(ods_row(row) for row in [HEADER, *PEOPLE]) + end
    assert people(connection, staged(connection, ods(tmp_path / "resident.ods", sheet))) == PEOPLE
    old = xls(tmp_path / "resident.xls", [HEADER, *PEOPLE])
    assert people(connection, staged(connection, old)) == PEOPLE


def test_damaged_and_locked_workbooks_are_refused(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    whole = xlsx(tmp_path / "resident.xlsx", {"resident": [HEADER, *PEOPLE]}).read_bytes()
    assert "damaged" in refusal(connection, tmp_path / "resident.xlsx", whole[:-300])
    assert "damaged" in refusal(connection, tmp_path / "resident.ods", b"nothing of the kind")
    assert "cannot be read" in refusal(connection, tmp_path / "resident.xls", b"\xd0\xcf\x11\xe0" * 200)
    locked = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
    )
    assert "password" in refusal(connection, tmp_path / "resident.xlsx", locked)


def changed(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """A copy of a workbook with other bytes in one of its parts."""
    target = path.with_name(f"changed_{path.name}")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            text = source.read(name)
            assert name != part or old in text
            copy.writestr(name, text.replace(old, new, 1) if name == part else text)
    return target


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("part", "old", "new", "words"),
    [
        (SHEET, b'r="A2"', b'r="XFD1048576"', "unpacks to more"),
        (SHEET, b'<row r="2"', b'<row r="1048576"', "unpacks to more"),
        (SHEET, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet', "no spreadsheet program"),
        (SHEET, b"<sheetData>", b"<sheetData>\x00", "no spreadsheet program"),
        ("xl/_rels/workbook.xml.rels", b"sheet1.xml", b"sheet1.bin", "no spreadsheet program"),
    ],
)
def test_workbooks_that_would_burst_are_refused_before_they_are_opened(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, part: str, old: bytes, new: bytes, words: str
) -> None:
    wide = [[*HEADER, *map(str, range(95))], *PEOPLE]
    path = xlsx(tmp_path / "resident.xlsx", {"resident": wide})
    assert words in refusal(connection, changed(path, part, old, new))


def test_repeated_cells_of_an_ods_and_dull_workbooks_are_bombs(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    sheet = ods_row(HEADER) + ods_row(PEOPLE[0], repeated=1_000_000_000)
    assert "unpacks to more" in refusal(connection, ods(tmp_path / "resident.ods", sheet))
    entity = '<!DOCTYPE x [<!ENTITY a "aaa">]>'
    told = refusal(connection, ods(tmp_path / "resident.ods", ods_row(HEADER), prologue=entity))
    assert "no spreadsheet program" in told
    dull = ods(tmp_path / "resident.ods", ods_row(HEADER) + " " * 3_000_000)
    small = wild.Limits(free_bytes=1_000_000, ratio=20)
    assert "unpacks to more" in refusal(connection, dull, limits=small)


def test_several_tables_of_one_workbook(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    visit = [["encounter_id", "person_ref", "started_at"], ["E1", "P1", "2024-05-06"]]
    path = xlsx(tmp_path / "hospital.xlsx", {"resident": [HEADER, *PEOPLE], "encounter": visit})
    found = staged(connection, path, table=None)
    assert people(connection, found) == PEOPLE
    assert [row["_row"] for row in rows_of(connection, found, "encounter")] == [3]
    assert_accounted(connection, found, rows=3)


def test_required_columns_that_are_missing_are_told_by_the_contracts_names(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    content = written([["person_ref", "sex", SECRET], ["P1", "male", "x"]]).encode()
    assert "missing: source" in refusal(connection, tmp_path / "resident.csv", content)
