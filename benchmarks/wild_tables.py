"""How fast tables in the wild are read, against DuckDB's own reading of the plain UTF-8 file.

    python -m benchmarks.wild_tables [ROWS]

One table of measurements, written in each format; megabytes are those of the plain UTF-8 text, so that formats compare.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import xlsxwriter

from warehouse.readers import tabular, wild

HEADER = "measurement_id,person_ref,panel_ref,code,value,unit,taken_at,facility_ref,method"
MAPPING = """
files = ["*"]
source = "benchmark"
reviewed = 2026-11-27
[tables.measurement]
measurement_id = "measurement_id"
person_ref = ["facility_ref", "person_ref"]
code = { column = "code", values = { "HATT" = "8480-6" } }
value = "value"
taken_at = { column = "taken_at", dates = ["%Y-%m-%d", "%d/%m/%Y"] }
"""
#: A workbook of more rows takes minutes to write.
MOST_SHEET_ROWS = 100_000


def lines(rows: int) -> Iterator[str]:
    """The table as text, line by line."""
    yield HEADER
    for n in range(rows):
        day = f"2024-{1 + n % 12:02}-{1 + n % 28:02}"
        yield f"M{n},P{n // 3},V{n},8480-6,{100 + n % 90},mm[Hg],{day},79024,Tự động {n % 7}"


def formats(folder: Path, rows: int) -> dict[str, Path]:
    """The table in every format, by the name of the format."""
    text = "\n".join(lines(rows)) + "\n"
    made = {"UTF-8": folder / "measurement.csv", "UTF-8, titles": folder / "measurement_titles.csv"}
    made["UTF-8"].write_text(text, encoding="utf-8")
    made["UTF-8, titles"].write_text("DANH SÁCH" + "," * HEADER.count(",") + "\n" + text, encoding="utf-8")
    made["UTF-16"] = folder / "measurement_16.csv"
    made["UTF-16"].write_text(text, encoding="utf-16")
    made["windows-1258"] = folder / "measurement_1258.csv"
    made["windows-1258"].write_bytes(text.replace("ự", "ư\u0323").replace("ộ", "ô\u0323").encode("cp1258"))
    made["gzip"] = folder / "measurement.csv.gz"
    made["gzip"].write_bytes(gzip.compress(text.encode(), 6))
    made["zstd"] = folder / "measurement.csv.zst"
    with pa.CompressedOutputStream(str(made["zstd"]), "zstd") as stream:
        stream.write(text.encode())
    made["zip"] = folder / "measurement.zip"
    with zipfile.ZipFile(made["zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("measurement.csv", text)
    if rows <= MOST_SHEET_ROWS:
        made["XLSX"] = folder / "measurement.xlsx"
        with xlsxwriter.Workbook(made["XLSX"], {"constant_memory": True}) as book:
            sheet = book.add_worksheet("measurement")
            for place, line in enumerate(lines(rows)):
                sheet.write_row(place, 0, line.split(","))
    return made


def timed(action: Callable[[duckdb.DuckDBPyConnection], object]) -> float:
    """Seconds of the better of two runs, each on a connection of its own."""
    best = float("inf")
    for _ in range(2):
        with duckdb.connect() as connection:
            start = time.perf_counter()
            action(connection)
            best = min(best, time.perf_counter() - start)
    return best


def plain(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """DuckDB by itself, its header and delimiter found out."""
    sql = "create temp table t as select * from read_csv($path, all_varchar = true)"
    connection.execute(sql, {"path": str(path)}).fetchall()


def fast(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The reader of clean tables."""
    source = tabular.open_source(path, HEADER.split(","))
    tabular.verify(source)
    tabular.scan(connection, source)


def main(rows: int) -> None:
    """Print seconds and megabytes a second of every format."""
    mapping = wild.parse_mapping("benchmark.mapping.toml", MAPPING)
    with tempfile.TemporaryDirectory() as name:
        made = formats(Path(name), rows)
        size = made["UTF-8"].stat().st_size / 1e6
        print(f"{rows} rows, {size:.1f} MB of text")
        report = {
            "DuckDB read_csv": timed(lambda connection: plain(connection, made["UTF-8"])),
            "tabular (fast reader)": timed(lambda connection: fast(connection, made["UTF-8"])),
        }
        for label, path in made.items():
            report[f"wild: {label}"] = timed(
                lambda connection, path=path: wild.stage(connection, path, table="measurement", mapping=None)  # type: ignore[misc]
            )
        report["wild: UTF-8, mapping"] = timed(
            lambda connection: wild.stage(connection, made["UTF-8"], table=None, mapping=mapping)
        )
        for label, seconds in report.items():
            print(f"{label:24} {seconds:7.2f} s {size / seconds:8.1f} MB/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MOST_SHEET_ROWS)
