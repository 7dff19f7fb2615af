"""Mapping files: columns and words of others become those of the contracts; every fault is told at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from tests.support.wild_files import assert_accounted, rows_of, windows_1258, xlsx
from warehouse.contracts import load_contracts
from warehouse.errors import Faults, UserError
from warehouse.readers import wild
from warehouse.readers.staged import Staged

PAGE = Path(__file__).parents[2] / "docs" / "mapping_files.md"
HEAD = 'files = ["*"]\nsource = "test"\nreviewed = 2026-11-27\n'
RESIDENT = """
[tables.resident]
source = { constant = "bv" }
person_ref = "MA_BN"
sex = "Phái"
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def example(kind: str, name: str) -> str:
    """What follows a mark ``<!-- kind: name -->`` on the page."""
    return PAGE.read_text(encoding="utf-8").split(f"<!-- {kind}: {name} -->\n")[1]


def block(name: str) -> str:
    """The text between the fences after the mark."""
    return example("file", name).split("\n", 1)[1].split("```")[0]


def staged(
    connection: duckdb.DuckDBPyConnection, folder: Path, text: str, content: str, name: str = "list.csv"
) -> Staged:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    mapping = wild.parse_mapping("a.mapping.toml", HEAD + text)
    return wild.stage(connection, path, table=None, mapping=mapping)


def faults(text: str) -> str:
    with pytest.raises(Faults) as caught:
        wild.parse_mapping("a.mapping.toml", text)
    return str(caught.value)


@pytest.mark.parametrize("is_old", [False, True])
def test_the_hospitals_wide_list_of_the_page(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, is_old: bool
) -> None:
    text = block("kham_2024.csv")
    path = tmp_path / "kham_2024.csv"
    path.write_bytes(windows_1258(text) if is_old else text.encode())
    (tmp_path / "benh_vien_a.mapping.toml").write_text(block("benh_vien_a.mapping.toml"), encoding="utf-8")
    mapping = wild.mapping_for(wild.read_mappings(tmp_path), "2024/kham_2024.csv")
    assert mapping is None
    mapping = wild.mapping_for(wild.read_mappings(tmp_path), "KHAM_2024.csv")
    assert mapping is not None
    found = wild.stage(connection, path, table=None, mapping=mapping)
    assert_accounted(connection, found, rows=5)
    people = rows_of(connection, found, "resident")
    assert people[0] == {
        "_row": 1,
        "source": "benh_vien_a",
        "person_ref": "79024-1001",
        "full_name": "Nguyễn Thị Ánh",
        "birth_date": "1960-05-17",
        "sex": "female",
    }
    assert [row["sex"] for row in people] == ["female", "male", "?"]
    assert [row["started_at"] for row in rows_of(connection, found, "encounter")] == [
        "2024-05-06T08:30:00",
        "2024-05-06T09:00:00",
        "2024-05-07T10:15:00",
    ]
    results = rows_of(connection, found, "measurement")
    assert len(results) == 10
    assert len({row["measurement_id"] for row in results}) == 10
    first = {row["code"]: (row["value"], row["unit"]) for row in results if row["_row"] == 1}
    assert first == {
        "8480-6": ("152", "mm[Hg]"),
        "8462-4": ("94", "mm[Hg]"),
        "29463-7": ("62.5", "kg"),
        "8302-2": ("158", "cm"),
        "4548-4": ("7.1", "%"),
    }
    assert {row["panel_ref"] for row in results if row["_row"] == 1} == {"79024-L1"}


def test_the_register_of_the_page(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    table = example("sheet", "so_tha_quan3.xlsx Sổ THA").split("\n\n")[0]
    lines = [line for line in table.split("\n") if "---" not in line]
    rows: list[list[Any]] = [
        [int(cell) if cell.isdecimal() else cell for cell in map(str.strip, line.strip("|").split("|"))]
        for line in lines[1:]
    ]
    path = xlsx(tmp_path / "so_tha_quan3.xlsx", {"Sổ THA": rows, "Ghi chú": [["x"]]})
    mapping = wild.parse_mapping("so_tha.mapping.toml", block("so_tha.mapping.toml"))
    assert mapping.applies_to(path.name)
    found = wild.stage(connection, path, table=None, mapping=mapping)
    assert_accounted(connection, found, rows=4)
    assert [(row["person_ref"], row["icd10"]) for row in rows_of(connection, found, "condition")] == [
        ("079060012345", "I10"),
        ("079058000002", "E11.9"),
    ]
    results = rows_of(connection, found, "measurement")
    assert sorted((row["measurement_id"], row["value"]) for row in results) == [
        ("so_tha_2024\\-05\\-06-1-diastolic", "90"),
        ("so_tha_2024\\-05\\-06-1-systolic", "145"),
    ]
    assert ("sheet", 1) in {(item.kind, item.records) for item in found.set_aside}


def test_the_page_names_every_field_and_property() -> None:
    from warehouse.readers.wild import mapping_faults

    page = PAGE.read_text(encoding="utf-8")
    for name in (*mapping_faults._FIELDS, *mapping_faults._RULE_FIELDS):
        assert re.search(rf"`?\[?\b{name}\b", page), name


def test_names_and_words_are_compared_without_case_blanks_and_marks(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    text = RESIDENT.replace(
        '"Phái"', '{ column = "Giới  tính", values = { "Nữ" = "female", "" = "unknown" } }'
    )
    content = 'ma_bn,"GIỚI\ntính "\n1,NỮ\n2,  nữ \n3,\n4,khác\n5,nu\u031b\u0303\n'
    found = staged(connection, tmp_path, text, content)
    sexes = [row["sex"] for row in rows_of(connection, found, "resident")]
    assert sexes == ["female", "female", "unknown", "khác", "female"]


def test_words_never_become_sql(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    evil = "x'); drop table staged_resident; --"
    text = f"""
[tables.resident]
source = {{ constant = "{evil}" }}
person_ref = {{ columns = ["MA_BN", "{evil}"], separator = "'" }}
sex = {{ column = "Phái", values = {{ "{evil}" = "female" }} }}
"""
    found = staged(connection, tmp_path, text, f'MA_BN,"{evil}",Phái\n1,2,"{evil}"\n')
    [row] = rows_of(connection, found, "resident")
    assert (row["source"], row["person_ref"], row["sex"]) == (evil, "1'2", "female")


def test_joined_references_tell_rows_apart_and_need_every_part(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    text = RESIDENT.replace('"MA_BN"', '["A", "B"]')
    parts = [("a-", "b"), ("a", "-b"), ("a\\", "b"), ("a\\-", "b"), ("a", "b"), ("a-b", "c"), ("a", "b-c")]
    content = "A,B,Phái\n" + "".join(f"{a},{b},male\n" for a, b in parts) + "a,,male\n,b,male\n"
    references = [
        row["person_ref"]
        for row in rows_of(connection, staged(connection, tmp_path, text, content), "resident")
    ]
    assert len(set(references[:-2])) == len(parts)
    assert references[4] == "a-b"
    assert references[-2:] == [None, None]


def test_dates_are_read_in_the_formats_given_and_no_other(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    text = RESIDENT + 'birth_date = { column = "NS", dates = ["%m/%d/%Y", "%Y%m%d"] }\n'
    content = "MA_BN,Phái,NS\n1,male,05/17/1960\n2,male,19600517\n3,male,17/05/1960\n4,male,1960\n5,male,\n"
    got = [
        row["birth_date"]
        for row in rows_of(connection, staged(connection, tmp_path, text, content), "resident")
    ]
    # Landing would read the third day first, against what the mapping says.
    assert got == ["1960-05-17", "1960-05-17", "? 17/05/1960", "1960", None]


def test_factors_percentages_and_zeros_in_front(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    text = """
[tables.measurement]
measurement_id = { column = "ID", pad = 5 }
person_ref = "ID"
code = { constant = "4548-4" }
value = { column = "HbA1c", times = 100 }
taken_at = { constant = "2024-05-06" }
"""
    content = "ID,HbA1c\n12,0.065\n123456,abc\nx1,0.07\n"
    rows = rows_of(connection, staged(connection, tmp_path, text, content), "measurement")
    assert [(row["measurement_id"], row["value"]) for row in rows] == [
        ("00012", "6.5"),
        ("123456", "abc"),
        ("x1", "7.0"),
    ]


def test_rows_that_the_mapping_leaves_are_set_aside_and_counted(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    text = """
[only]
"Loại" = ["xn"]
[tables.measurement]
measurement_id = { column = "ID", named = true }
person_ref = "ID"
taken_at = { constant = "2024-05-06" }
[tables.measurement.rows.sys]
code = { constant = "8480-6" }
value = "HATT"
[tables.measurement.rows.dia]
code = { constant = "8462-4" }
value = "HATTr"
"""
    content = "ID,Loại,HATT,HATTr\n1,XN,150,\n2,khác,1,2\n3,xn,,\n4,xn,1,2\n"
    found = staged(connection, tmp_path, text, content)
    assert [(row["_row"], row["code"]) for row in rows_of(connection, found, "measurement")] == [
        (1, "8480-6"), (4, "8462-4"), (4, "8480-6"),
    ]  # fmt: skip
    assert sorted(item.records for item in found.set_aside) == [1, 1]
    assert_accounted(connection, found, rows=4)


def test_columns_that_are_missing_are_told_by_the_mappings_names(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(UserError, match="missing: Phái") as caught:
        staged(connection, tmp_path, RESIDENT, "MA_BN,Nguyễn Thị Ánh\n1,x\n")
    assert "Nguyễn" not in str(caught.value)
    optional = RESIDENT + 'phone = { column = "ĐT", optional = true }\n'
    found = staged(connection, tmp_path, optional, "MA_BN,Phái\n1,male\n")
    assert rows_of(connection, found, "resident")[0]["phone"] is None


def test_a_parquet_file_with_a_mapping(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "list[1].parquet"
    frame = pl.DataFrame({"MA_BN": [1.0, 2.0, None], "Phái": ["Nam", None, "x"], "x": [1.5, 2.5, 1]})
    frame.write_parquet(path)
    text = RESIDENT.replace('"Phái"', '{ column = "phái", values = { nam = "male" } }')
    found = wild.stage(connection, path, table=None, mapping=wild.parse_mapping("a", HEAD + text))
    assert [(row["person_ref"], row["sex"]) for row in rows_of(connection, found, "resident")] == [
        ("1", "male"),
        ("2", None),
        (None, "x"),
    ]
    assert_accounted(connection, found, rows=3)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match="read to its end"):
        wild.stage(connection, path, table=None, mapping=wild.parse_mapping("a", HEAD + text))


def test_two_mappings_of_one_file_are_refused() -> None:
    first, second = (wild.parse_mapping(f"{name}.mapping.toml", HEAD + RESIDENT) for name in "ab")
    with pytest.raises(UserError, match="both apply"):
        wild.mapping_for([first, second], "x.csv")


def test_all_faults_of_all_files_are_told_at_once_with_suggestions(tmp_path: Path) -> None:
    (tmp_path / "a.mapping.toml").write_text(
        """
file = ["x"]
reviewed = "2026"
source = "t"
[values.sex]
Nam = "male"
" nam" = "female"
[tables.residents]
person_ref = "A"
[tables.resident]
source = { constant = "x" }
person_reff = "A"
person_ref = { column = "A", columns = ["B"] }
sex = { column = "S", value = "sex" }
birth_date = { column = "N", dates = "%Q" }
death_date = { column = "N", times = 2 }
vulnerable = { constant = "rich" }
[tables.measurement]
measurement_id = "M"
person_ref = "P"
taken_at = "T"
[tables.measurement.rows.a]
code = { constant = "systolic" }
[tables.measurement.rows.b]
taken_at = "T"
value = "V"
""",
        encoding="utf-8",
    )
    (tmp_path / "b.mapping.toml").write_text("files = [", encoding="utf-8")
    with pytest.raises(Faults) as caught:
        wild.read_mappings(tmp_path)
    told = str(caught.value)
    for words in (
        "field file: unknown field",
        "did you mean files?",
        "field files: missing field",
        "reviewed: not a date",
        "two meanings",
        "residents: unknown table",
        "did you mean resident?",
        "person_reff: unknown column",
        "did you mean person_ref?",
        "the rules clash",
        "unknown property 'value'",
        "not a date format",
        "times is for numbers",
        "'rich' is no value of vulnerable",
        "'systolic' is no value of code",
        "no column of the file decides",
        "taken_at is given above the rows too",
        "required column code is not given",
        "would share their key",
        "b.mapping.toml: not valid TOML",
    ):
        assert words in told, words


@pytest.mark.parametrize(
    "text",
    [
        "files = 1\nsource = 1\nreviewed = 1\nsheet = 1\ndecimal = 1\nvalues = 1\nonly = 1\ntables = 1",
        HEAD + "[tables]",
        HEAD + "[tables]\nresident = 1",
        HEAD + "[tables.resident]\nsex = 1\nsource = []\nperson_ref = [1, {}]",
        HEAD + "[tables.resident]\nrows = 1\nsex = {}",
        HEAD + '[tables.resident]\nsex = { column = "x", values = 1, dates = 1, pad = "x", times = true }',
        HEAD + '[values]\nsex = 1\n[only]\nx = 1\n[tables.resident]\nsex = { column = "x", values = "sex" }',
        HEAD + '[tables.resident]\nsex = { column = "x", values = "none" }',
    ],
)
def test_no_shape_of_a_mapping_file_is_anything_but_faults(text: str) -> None:
    assert "a.mapping.toml" in faults(text)


def test_columns_staged_are_those_of_the_contract_in_its_order(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    text = '[tables.resident]\nsex = "S"\nperson_ref = "A"\nsource = { constant = "x" }\n'
    [table] = staged(connection, tmp_path, text, "A,S\n1,male\n").tables
    assert table.columns == ("source", "person_ref", "sex")
    assert set(table.columns) <= set(load_contracts()["resident"].names)
