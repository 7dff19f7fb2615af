"""Whatever a table holds, it comes back; whatever bytes a file has, it is rows or a refusal."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import unicodedata
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.wild_files import assert_accounted, ods, ods_row, rows_of, xls, xlsx
from warehouse.errors import UserError
from warehouse.readers import wild
from warehouse.readers.staged import Staged
from warehouse.readers.wild.headers import is_total

HEADER = ["source", "person_ref", "full_name", "sex"]
#: No NUL and no half pairs, which no text file holds; XML knows fewer signs still.
SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
XML_SIGNS = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])
VIETNAMESE = st.text("aăâbcdđeêoôơuưNTP áàảãạấầẩẫậếềểễệứừửữự,;|\t\"'-", max_size=12)


def tables(signs: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    cell = st.one_of(VIETNAMESE, st.text(signs, max_size=12))
    row = st.lists(cell, min_size=len(HEADER), max_size=len(HEADER))
    return st.lists(row.map(lambda cells: ["x", *cells[1:]]), max_size=8)


def staged(connection: duckdb.DuckDBPyConnection, name: str, content: bytes) -> Staged:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return wild.stage(connection, path, table="resident", mapping=None)


def comes_back(name: str, content: bytes, rows: list[list[str]]) -> None:
    with duckdb.connect() as connection:
        found = staged(connection, name, content)
        got = [[row[column] for column in HEADER] for row in rows_of(connection, found, "resident")]
        assert not found.bad
        assert_accounted(connection, found, rows=len(rows))
    # Landing trims; a blank cell is an empty one.
    expected = [[unicodedata.normalize("NFC", cell).strip() or None for cell in row] for row in rows]
    assert [[(cell or "").strip() or None for cell in row] for row in got] == expected


@given(
    tables(SIGNS),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
@example([["x", "\u037e", "e\u0302\u0301", "\u00a0"]], "utf-8", ";", "\n", False)
def test_text_in_any_encoding_comes_back(
    rows: list[list[str]], encoding: str, delimiter: str, end: str, is_packed: bool
) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(
        [HEADER, *rows]
    )
    content = buffer.getvalue().encode(encoding)
    comes_back(
        "resident.csv.gz" if is_packed else "resident.csv",
        gzip.compress(content) if is_packed else content,
        rows,
    )


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
@settings(max_examples=examples(30))
@given(rows=tables(XML_SIGNS))
def test_workbooks_come_back(kind: str, rows: list[list[str]]) -> None:
    # Blanks in ODS are elements of their own; XML itself takes line ends for one another.
    assume(kind != "ods" or not any("  " in cell or cell != cell.strip() for row in rows for cell in row))
    assume(not any(cell.startswith("=") and "#" in cell for row in rows for cell in row))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"resident.{kind}"
        if kind == "xlsx":
            xlsx(path, {"resident": [HEADER, *rows]})
        elif kind == "xls":
            xls(path, [HEADER, *rows])
        else:
            ods(path, "".join(map(ods_row, [HEADER, *rows])))
        content = path.read_bytes()
    comes_back(f"resident.{kind}", content, rows)


def whole(kind: str) -> bytes:
    rows = [HEADER, *([f"x{n}", f"P{n}", "Nguyễn Văn Đường", "male"] for n in range(20))]
    text = "".join(",".join(row) + "\n" for row in rows)
    if kind == "csv":
        return text.encode()
    if kind == "csv.gz":
        return gzip.compress(text.encode())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "resident"
        if kind == "xlsx":
            xlsx(path, {"resident": rows})
        elif kind == "xls":
            xls(path, rows)
        else:
            ods(path, "".join(map(ods_row, rows)))
        return path.read_bytes()


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "xlsx", "ods", "xls"])
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6
    ),
    kept=st.floats(0.3, 1),
)
def test_mutated_bytes_are_rows_or_a_refusal(
    kind: str, changes: list[tuple[float, bytes]], kept: float
) -> None:
    content = bytearray(whole(kind))
    for place, signs in changes:
        start = int(place * len(content))
        content[start : start + len(signs)] = signs
    with duckdb.connect() as connection:
        try:
            found = staged(connection, f"resident.{kind}", bytes(content[: int(kept * len(content))]))
        except UserError as error:
            told = str(error)
        else:
            told = ""
            numbers = [row["_row"] for row in rows_of(connection, found, "resident")]
            aside = sum(item.records for item in found.set_aside if item.kind == "row")
            assert len(set(numbers)) == len(numbers)
            assert aside + len(numbers) == found.records.get("row", 0)
    assert "Nguy" not in told


@given(st.text(SIGNS, max_size=20))
def test_a_total_is_told_by_its_words_alone(text: str) -> None:
    assert not is_total([f"x{text}", "Tổng cộng"])
    assert is_total(["", "Tổng cộng " + " ".join(text.split())])
