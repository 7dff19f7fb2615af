"""Files nobody wants to receive, and what `hssk check` is to say of each: verdict, and a word of the reason.

Verdicts: accept, quarantine (rows are refused, the others stay), reject (the whole file), ignore (left alone).
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import xlsxwriter

MARK = "Zquang Zmarker"
HEAD = "source,person_ref,full_name,sex,birth_date\n"
GOOD = f"t,A,{MARK},male,1960-05-17\nt,B,{MARK},female,1970-01-01\n"
CSV = HEAD + GOOD
RESULT_HEAD = "measurement_id,person_ref,code,value,unit,taken_at\n"
RESULT = "1,A,8480-6,120,mm[Hg],2024-03-05T08:00:00\n"


@dataclass(frozen=True)
class Nasty:
    """One input: what it is, its file name and bytes, the verdict, a part of the reason, rows accepted (None: any)."""

    what: str
    file: str
    content: Callable[[], bytes]
    verdict: str
    says: str = ""
    accepted: int | None = None


def text(content: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    return lambda: content.encode(encoding)


def result(row: str) -> Callable[[], bytes]:
    return text(RESULT_HEAD + RESULT + row)


def zipped(members: dict[str, bytes]) -> Callable[[], bytes]:
    def pack() -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return stream.getvalue()

    return pack


def workbook(rows: list[list[object]], name: str = "resident") -> Callable[[], bytes]:
    def pack() -> bytes:
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream, {"in_memory": True})
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
        book.close()
        return stream.getvalue()

    return pack


def parquet(**columns: list[object]) -> Callable[[], bytes]:
    def pack() -> bytes:
        stream = io.BytesIO()
        pl.DataFrame(columns).write_parquet(stream)
        return stream.getvalue()

    return pack


def observation(**changes: object) -> str:
    resource = {
        "resourceType": "Observation", "id": "o1", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2024-03-05T08:00:00+07:00",
        "valueQuantity": {"value": 120, "unit": "mm[Hg]"},
    }  # fmt: skip
    return json.dumps({**resource, **changes}) + "\n"


BLANKS = HEAD.encode() + b" " * 2**28
DEEP = '{"resourceType": "Observation", "x": ' + "[" * 10_000 + "]" * 10_000 + "}\n"
COLUMNS: list[object] = [*HEAD.strip().split(",")]
SOMEBODY: list[object] = ["t", "A", MARK, "male", "1960-05-17"]

TABLES = (
    Nasty("an empty file", "resident.csv", text(""), "reject", "empty"),
    Nasty("blanks only", "resident.csv", text(" \n \n"), "reject", ""),
    Nasty("a header and no rows", "resident.csv", text(HEAD), "accept", accepted=0),
    Nasty("no header: a person in the first line", "resident.csv", text(GOOD), "reject", "required columns"),
    Nasty("a required column is missing", "resident.csv", text("source,person_ref\nt,A\n"), "reject", "sex"),
    Nasty(
        "a column name twice",
        "resident.csv",
        text("source,person_ref,sex,sex\nt,A,male,male\n"),
        "reject",
        "repeats",
    ),
    Nasty(
        "more cells than the header",
        "resident.csv",
        text(CSV + f"t,C,{MARK},male,1960-01-01,x\n"),
        "quarantine",
        "more cells",
        2,
    ),
    Nasty(
        "fewer cells than the header",
        "resident.csv",
        text(CSV + f"t,C,{MARK}\n"),
        "quarantine",
        "fewer cells",
        2,
    ),
    Nasty(
        "a quotation mark that is never closed",
        "resident.csv",
        text(CSV + 't,C,"' + MARK + ",male,1960-01-01\n" * 3),
        "reject",
        "quotation",
    ),
    Nasty(
        "a line end inside quotation marks",
        "resident.csv",
        text(CSV + 't,C,"Zquang\nZmarker",male,1960-01-01\n'),
        "accept",
        accepted=3,
    ),
    Nasty("semicolons", "resident.csv", text(CSV.replace(",", ";")), "accept", accepted=2),
    Nasty("bars", "resident.csv", text(CSV.replace(",", "|")), "accept", accepted=2),
    Nasty(
        "line ends of old Macintoshes", "resident.csv", text(CSV.replace("\n", "\r")), "accept", accepted=2
    ),
    Nasty("UTF-8 with a byte order mark", "resident.csv", text(CSV, "utf-8-sig"), "accept", accepted=2),
    Nasty(
        "UTF-16, little end first", "resident.csv", text("\ufeff" + CSV, "utf-16-le"), "accept", accepted=2
    ),
    Nasty("UTF-16, big end first", "resident.csv", text("\ufeff" + CSV, "utf-16-be"), "accept", accepted=2),
    Nasty(
        "windows-1258",
        "resident.csv",
        text(CSV.replace(MARK, "Nguy\u00ean Va\u0301n"), "cp1258"),
        "accept",
        accepted=2,
    ),
    Nasty(
        "a byte that is no UTF-8 in one row",
        "resident.csv",
        lambda: (CSV + "t,D,Nguyễn Văn Đức,male,1960-01-01\n").encode() + b"t,C,Zq\xff\xfe,male,1960-01-01\n",
        "quarantine",
        "",
        3,
    ),
    Nasty(
        "a NUL byte in one row",
        "resident.csv",
        lambda: CSV.encode() + b"t,C,Zq\x00,male,1960-01-01\n",
        "quarantine",
        "",
        2,
    ),
    Nasty("NUL bytes alone", "resident.csv", lambda: b"\x00" * 500, "reject", ""),
    Nasty(
        "a title above and a total below",
        "resident.csv",
        text("Danh sách\n\n" + CSV + "Tổng cộng,2,,,\n"),
        "accept",
        accepted=2,
    ),
    Nasty(
        "a formula for a name",
        "resident.csv",
        text(CSV + "t,C,=HYPERLINK(1),male,1960-01-01\n"),
        "accept",
        accepted=3,
    ),
    Nasty(
        "a person in the wrong column",
        "resident.csv",
        text(CSV + f"t,C,male,{MARK},1960-01-01\n"),
        "quarantine",
        "one of male",
        2,
    ),
    Nasty("30 February", "resident.csv", text(CSV + "t,C,x,male,2024-02-30\n"), "quarantine", "a date", 2),
    Nasty("the year 0958", "resident.csv", text(CSV + "t,C,x,male,0958-01-01\n"), "quarantine", "", 2),
    Nasty("gzip cut short", "resident.csv.gz", lambda: gzip.compress(CSV.encode() * 500)[:60], "reject", ""),
    Nasty("gzip that is no gzip", "resident.csv.gz", text(CSV), "reject", ""),
    Nasty("bzip2 named gzip", "resident.csv.gz", lambda: bz2.compress(CSV.encode()), "reject", ""),
    Nasty(
        "a gzip bomb (268 MB of blanks)",
        "resident.csv.gz",
        lambda: gzip.compress(BLANKS, 1),
        "accept",
        "",
        0,
    ),
    Nasty(
        "not a number for a value",
        "measurement.csv",
        result("2,A,8480-6,NaN,mm[Hg],2024-03-05\n"),
        "quarantine",
        "a number",
        1,
    ),
    Nasty(
        "infinity for a value",
        "measurement.csv",
        result("2,A,8480-6,Infinity,mm[Hg],2024-03-05\n"),
        "quarantine",
        "a number",
        1,
    ),
    Nasty(
        "a number of 400 digits",
        "measurement.csv",
        result(f"2,A,8480-6,{'9' * 400},mm[Hg],2024-03-05\n"),
        "quarantine",
        "a number",
        1,
    ),
    Nasty(
        "a decimal comma",
        "measurement.csv",
        result('2,A,8302-2,"160,5",cm,2024-03-05\n'),
        "accept",
        accepted=2,
    ),
    Nasty(
        "a code that is no LOINC",
        "measurement.csv",
        result("2,A,8480-x,120,mm[Hg],2024-03-05\n"),
        "quarantine",
        "loinc",
        1,
    ),
    Nasty("one key twice, the same row", "measurement.csv", result(RESULT), "accept", accepted=1),
    Nasty(
        "one key twice, another value",
        "measurement.csv",
        result(RESULT.replace("120", "121")),
        "quarantine",
        "one row per key",
        1,
    ),
    Nasty("a file of another name", "mesurement.csv", result(""), "ignore", "measurement?"),
    Nasty("a picture", "resident.png", text("x"), "ignore", "format"),
    Nasty(
        "Parquet cut short",
        "resident.parquet",
        lambda: parquet(source=["t"], person_ref=["A"], sex=["male"])()[:-30],
        "reject",
        "Parquet",
    ),
    Nasty("CSV named Parquet", "resident.parquet", text(CSV), "reject", "Parquet"),
    Nasty(
        "Parquet with lists for texts",
        "resident.parquet",
        parquet(source=["t"], person_ref=["A"], sex=[["male"]]),
        "quarantine",
        "one of male",
        0,
    ),
    Nasty(
        "a cell of three megabytes",
        "resident.csv",
        text(CSV + f"t,C,{'x' * 3_000_000},male,1960-01-01\n"),
        "quarantine",
        "",
        2,
    ),
)
BOOKS = (
    Nasty("a sound workbook", "resident.xlsx", workbook([COLUMNS, SOMEBODY]), "accept", accepted=1),
    Nasty(
        "a workbook with a title and a total",
        "resident.xlsx",
        workbook([["Danh sách"], [], COLUMNS, SOMEBODY, ["Tổng cộng", 1]]),
        "accept",
        accepted=1,
    ),
    Nasty("a workbook that is text", "resident.xlsx", text(CSV), "reject", ""),
    Nasty("a workbook cut short", "resident.xlsx", lambda: workbook([["source"]])()[:200], "reject", ""),
    Nasty(
        "a zip with a path out of the folder",
        "resident.zip",
        zipped({"../../resident.csv": CSV.encode()}),
        "reject",
        "",
    ),
    Nasty(
        "a zip within a zip",
        "resident.zip",
        zipped({"inner.zip": zipped({"resident.csv": CSV.encode()})()}),
        "reject",
        "",
    ),
    Nasty("a zip of one table", "resident.zip", zipped({"resident.csv": CSV.encode()}), "accept", accepted=2),
    Nasty(
        "a zip bomb (268 MB of blanks)",
        "resident.zip",
        zipped({"resident.csv": BLANKS}),
        "reject",
        "",
    ),
    Nasty("an empty zip", "resident.zip", zipped({}), "reject", ""),
)
FHIR = (
    Nasty("a sound Observation", "a.ndjson", text(observation()), "accept", accepted=1),
    Nasty(
        "one broken line among good ones",
        "a.ndjson",
        text(observation() + '{"resourceType": "Obs\n' + observation(id="o2")),
        "quarantine",
        "JSON",
        2,
    ),
    Nasty("a line that is a list", "a.ndjson", text(observation() + "[1, 2]\n"), "quarantine", "", 1),
    Nasty(
        "an object without a resource type",
        "a.ndjson",
        text(observation() + '{"id": "x"}\n'),
        "quarantine",
        "",
        1,
    ),
    Nasty(
        "NaN as a JSON literal",
        "a.ndjson",
        text(observation() + observation(id="o2").replace("120", "NaN")),
        "quarantine",
        "",
        1,
    ),
    Nasty(
        "1e999 for a value",
        "a.ndjson",
        text(observation() + observation(id="o2").replace("120", "1e999")),
        "quarantine",
        "",
        1,
    ),
    Nasty("ten thousand brackets", "a.ndjson", text(observation() + DEEP), "accept", "", 1),
    Nasty(
        "entered in error",
        "a.ndjson",
        text(observation() + observation(id="o2", status="entered-in-error")),
        "accept",
        accepted=1,
    ),
    Nasty(
        "no subject",
        "a.ndjson",
        text(observation() + observation(id="o2", subject=None)),
        "quarantine",
        "a value",
        1,
    ),
    Nasty("one id twice", "a.ndjson", text(observation() + observation()), "accept", accepted=1),
    Nasty(
        "no value, and why",
        "a.ndjson",
        text(observation() + observation(id="o2", valueQuantity=None, dataAbsentReason={"text": "refused"})),
        "accept",
        accepted=1,
    ),
    Nasty(
        "gzip cut short",
        "a.ndjson.gz",
        lambda: gzip.compress(observation().encode() * 300)[:50],
        "ignore",
        "",
    ),
    Nasty(
        "the manifest of an export",
        "manifest.json",
        text('{"transactionTime": "2024-01-01T00:00:00Z", "output": []}'),
        "ignore",
        "",
    ),
    Nasty("JSON that is no FHIR", "a.json", text('{"a": 1}'), "ignore", "FHIR"),
    Nasty(
        "an id of a million signs",
        "a.ndjson",
        text(observation() + observation(id="x" * 1_000_000)),
        "accept",
        accepted=2,
    ),
)
