"""Reader of tables: CSV (UTF-8 with or without BOM; comma, semicolon, tab; gzip) and Parquet.

DuckDB does the parsing. This module finds out what a file is (format, delimiter, header), and scans it into a
table of text columns (CSV) or names the Parquet scan. Malformed lines are listed, never dropped silently.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.errors import EXIT_DATA, UserError
from warehouse.readers.staged import BadRecord

CSV_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PARQUET_SUFFIXES = (".parquet",)
SUFFIXES = CSV_SUFFIXES + PARQUET_SUFFIXES
DELIMITERS = (",", ";", "\t")
_HEAD_BYTES = 65_536
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_READ_CSV = """read_csv($path, delim = $delimiter, quote = '"', escape = '"', header = true, auto_detect = false,
    columns = $columns, strict_mode = true, null_padding = false, store_rejects = true, rejects_limit = 0,
    nullstr = '')"""
_SWALLOWED = r"""select line from reject_errors where error_type::varchar = 'LINE SIZE OVER MAXIMUM'
    or (error_type::varchar = 'UNQUOTED VALUE' and regexp_matches(csv_line, '[\n\r].')) order by line limit 1"""
_ERROR_WORDS = {
    "MISSING COLUMNS": "the line has fewer cells than the header",
    "TOO MANY COLUMNS": "the line has more cells than the header",
    "UNQUOTED VALUE": "a quotation mark is not closed",
    "LINE SIZE OVER MAXIMUM": "the line is too long",
    "INVALID ENCODING": "the line is not UTF-8",
}


@dataclass(frozen=True)
class Source:
    """A file that can be scanned: its header in file order and, for CSV, its delimiter.

    ``columns`` are the header's names in lower case; ``wanted`` those of them that a contract knows.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    wanted: tuple[str, ...]
    delimiter: str = ","


def is_utf8(path: Path) -> bool:
    """Whether the beginning of a text file is UTF-8; damaged files are for :func:`open_source` to refuse."""
    try:
        head = _head_bytes(path)
    except UserError:
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return b"\x00" not in head


def open_source(path: Path, expected: Iterable[str]) -> Source:
    """Find format, delimiter and header of ``path``; ``expected`` column names help to choose the delimiter.

    Raises :class:`UserError` for an empty, unreadable or wrongly encoded file and for a header that repeats a name.
    """
    known = frozenset(expected)
    if path.name.lower().endswith(PARQUET_SUFFIXES):
        names, types = _parquet_columns(path)
        form, delimiter = "parquet", ","
    else:
        delimiter, names = _csv_header(path, known)
        form, types = "csv", ("VARCHAR",) * len(names)
    columns = tuple(name.lower() for name in names)
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        # A file without a header shows a person here: only names of the contract are told.
        told = ", ".join(name for name in repeated if name in known) or f"{len(repeated)} names"
        raise _refuse(path, f"the header repeats {told}", "a header line with every column name once")
    if form == "parquet" and "file_row_number" in columns:
        raise _refuse(path, "the column name file_row_number is taken", "another name for that column")
    wanted = tuple(name for name in columns if name in known)
    return Source(path, form, columns, types, wanted, delimiter)


def verify(source: Source) -> None:
    """Read the file to its end once, before anything of it lands.

    Raises :class:`UserError` when the file is damaged, and when a quotation mark that is never closed has swallowed
    lines: how many rows it hides cannot be told.
    """
    if source.format == "parquet":
        sql = f"select bit_xor(hash({_names(source)})) from read_parquet($path)"
        parameters = _path(source)
    else:
        sql, parameters = f"select count(*) from {_READ_CSV}", _csv_parameters(source)
    try:
        with duckdb.connect() as connection:
            connection.execute(sql, parameters).fetchall()
            swallowed = connection.execute(_SWALLOWED).fetchall() if source.format == "csv" else []
    except duckdb.Error as error:
        message = f"the file cannot be read to its end ({type(error).__name__})"
        raise _refuse(source.path, message, "a whole, undamaged file; send it again") from None
    if swallowed:
        message = f"from line {swallowed[0][0]} on rows cannot be told apart: a quotation mark is not closed"
        raise _refuse(source.path, message, "quotation marks in pairs, and lines under 2 MB")


def scan(
    connection: duckdb.DuckDBPyConnection, source: Source
) -> tuple[str, dict[str, object], list[BadRecord]]:
    """Make the rows of ``source`` selectable.

    Returns the FROM clause, its parameters, and the lines the parser refused. The clause offers the file's columns
    and ``_row``, the number of the data row counted from 1.
    """
    return _scan_parquet(source) if source.format == "parquet" else _scan_csv(connection, source)


def _scan_parquet(source: Source) -> tuple[str, dict[str, object], list[BadRecord]]:
    clause = (
        f"(select {_names(source)}, file_row_number + 1 as _row"
        " from read_parquet($path, file_row_number = true))"
    )
    return clause, _path(source), []


def _scan_csv(
    connection: duckdb.DuckDBPyConnection, source: Source
) -> tuple[str, dict[str, object], list[BadRecord]]:
    for table in ("reject_errors", "reject_scans"):
        connection.execute(f"drop table if exists {table}").fetchall()
    connection.execute("set preserve_insertion_order = true").fetchall()
    connection.execute(
        f"create temp table landing_text as select * from {_READ_CSV}", _csv_parameters(source)
    ).fetchall()
    connection.execute("set preserve_insertion_order = false").fetchall()
    lines = connection.execute(
        "select line - 1, min(error_type::varchar) from reject_errors group by line order by line"
    ).fetchall()
    bad = [BadRecord(int(row), _ERROR_WORDS.get(kind, kind.lower())) for row, kind in lines]
    # Row ids inside a transaction start from a large constant; the first one is the first data row.
    first = "(select min(rowid) from landing_text)"
    return f"(select {_names(source)}, rowid - {first} + 1 as _row from landing_text)", {}, bad


def _names(source: Source) -> str:
    return ", ".join(f'"{name}"' for name in source.wanted)


def _path(source: Source) -> dict[str, object]:
    return {"path": _literal(source.path)}


def _literal(path: Path) -> str:
    """The path with the signs of file patterns escaped, so that one file is read and no other."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def _csv_parameters(source: Source) -> dict[str, object]:
    # Unknown columns get names of our own: theirs could clash with ours.
    names = [
        name if name in source.wanted else f"_unknown_{place}" for place, name in enumerate(source.columns)
    ]
    columns = dict.fromkeys(names, "VARCHAR")
    return {**_path(source), "delimiter": source.delimiter, "columns": columns}


def _parquet_columns(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        with duckdb.connect() as connection:
            rows = connection.execute(
                "describe select * from read_parquet($path)", {"path": _literal(path)}
            ).fetchall()
    except duckdb.Error:
        raise _refuse(path, "not a readable Parquet file", "a whole Parquet file; send it again") from None
    return tuple(row[0] for row in rows), tuple(row[1] for row in rows)


def _csv_header(path: Path, expected: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """Delimiter and header: of the delimiters, the one whose header names most of the expected columns."""
    text = _head(path)
    if not text.strip():
        raise _refuse(path, "the file is empty", "a header line and rows")
    headers = {delimiter: _first_row(text, delimiter) for delimiter in DELIMITERS}
    best = max(
        DELIMITERS,
        key=lambda mark: (len(expected & {name.lower() for name in headers[mark]}), len(headers[mark])),
    )
    header = headers[best]
    if not all(header):
        raise _refuse(path, "the header has an empty column name", "a name for every column")
    return best, tuple(header)


def _first_row(text: str, delimiter: str) -> list[str]:
    row = next(csv.reader(io.StringIO(text, newline=None), delimiter=delimiter), [])
    return [cell.strip() for cell in row]


def _head(path: Path) -> str:
    head = _head_bytes(path)
    if head.startswith(_UTF16_MARKS) or b"\x00" in head:
        raise _refuse(path, "not UTF-8 text", "save the file as CSV UTF-8")
    return head.decode("utf-8-sig", errors="replace")


def _head_bytes(path: Path) -> bytes:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            return file.read(_HEAD_BYTES)
    except (OSError, EOFError, zlib.error):
        raise _refuse(path, "the compressed file is damaged", "a whole gzip file; send it again") from None


def _refuse(path: Path, message: str, expected: str) -> UserError:
    return UserError(message, file=path.name, expected=expected, exit_code=EXIT_DATA)
