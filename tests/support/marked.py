"""One marked person: extracts of every format that name them, and a search for them in everything that was written."""

from __future__ import annotations

import base64
import gzip
import io
import shutil
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import duckdb
import polars as pl

from tests.support import fhir, health_xml, home, wild_files

NAME = "Quách Thị Ỷ Zưởng"
CCCD, CMND, INSURANCE, PHONE = "079160987654", "023987651", "GD4797998765432", "0903987654"
BORN = "1960-11-23"
#: Name of a file of records: outside the store nobody reads it but who runs the command.
FILE = "Lư_079160987655"
#: What tells who somebody is, by what it is: numbers, words, references of every kind of row.
IDENTITY: Mapping[str, Sequence[str]] = {
    "name": (NAME, "Zưởng"),
    "numbers": (CCCD, CMND, INSURANCE[-10:], PHONE),
    "birth": (BORN, "23/11/1960", "196011230000"),
    "references": ("MRK-98765", "HOU-98765", "REC-98765", "MEA-98765", "ENC-98765", "PAN-98765", "FHIRMRK98765",
                   "BNMRK98765", "LKMRK98765", "XLSMRK98765"),
    "file": (FILE, FILE[-12:]),
}  # fmt: skip
#: Shorter pieces of base64 are found everywhere.
_LEAST_CODED = 8
_MAPPING = """
files = ["list.xlsx"]
source = "test"
reviewed = 2026-11-27

[tables.resident]
source = { constant = "xlsx" }
person_ref = "Mã BN"
national_id = "CCCD"
full_name = "Họ tên"
sex = { column = "Giới", values = { Nam = "male", "Nữ" = "female" } }
birth_date = { column = "Ngày sinh", dates = "%d/%m/%Y" }
phone = "Điện thoại"
"""


def extracts(folder: Path) -> list[Path]:
    """Folders of CSV, FHIR, health XML and a workbook with a mapping: rows that are sound, and rows that are not."""
    made = [_tables, _fhir, _health_xml, _workbook]
    return [make(folder / make.__name__.strip("_")) for make in made]


def _tables(folder: Path) -> Path:
    home.small_extract(folder)
    who = {"full_name": NAME, "birth_date": BORN, "national_id": CCCD, "old_id": CMND, "insurance_no": INSURANCE,
           "phone": PHONE, "household_ref": "HOU-98765"}  # fmt: skip
    nobody = dict.fromkeys(who, "") | {"full_name": "A", "birth_date": "1970"}
    people = [home.resident(f"P{n:03}", **nobody) for n in range(40)]
    shifted = {"sex": NAME, "ward_code": CCCD, "district_code": PHONE, "birth_date": INSURANCE}
    people += [home.resident("MRK-98765", **who), home.resident("MRK-98765", **{**who, **shifted})]
    home.write_csv(folder / "resident.csv", people)
    with (folder / "resident.csv").open("a") as file:
        file.write(f'x,"MRK-98765,{NAME},{CCCD},{BORN}\n')
    records = [home.record(f"P{n:03}") for n in range(40)]
    sound = home.record("MRK-98765", record_id="REC-98765")
    home.write_csv(
        folder / "health_record.csv", [*records, sound, {**sound, "created_at": CCCD, "source_system": "his"}]
    )
    row = home.pressure("MRK-98765", "2024-03-05", 150)[0] | {
        "measurement_id": "MEA-98765", "encounter_ref": "ENC-98765", "panel_ref": "PAN-98765", "value_text": NAME,
    }  # fmt: skip
    bad = [{"value": NAME}, {"taken_at": BORN + NAME}, {"code": CCCD}, {"origin": NAME}, {"person_ref": ""}]
    faulty = [{**row, "measurement_id": f"MEA-98765{n}", **fault} for n, fault in enumerate(bad)]
    usual = [one for n in range(40) for one in home.pressure(f"P{n:03}", "2024-03-05", 150 if n % 2 else 120)]
    columns = dict.fromkeys([*row, "origin"], "")
    home.write_csv(folder / "measurement.csv", [columns | one for one in [*usual, row, *faulty]])
    return folder


def _fhir(folder: Path) -> Path:
    folder.mkdir(parents=True)
    person = fhir.patient(
        "FHIRMRK98765",
        birthDate=BORN,
        name=[{"text": NAME, "family": "Quách", "given": ["Thị", "Ỷ", "Zưởng"]}],
        identifier=[{"value": CCCD}, {"value": INSURANCE}],
        telecom=[{"system": "phone", "value": PHONE}],
    )
    about = {"subject": {"reference": "Patient/FHIRMRK98765"}}
    readings = [
        fhir.observation("MEA-98765", **about),
        fhir.observation("MEA-987651", value=None, valueString=NAME, **about),
        fhir.observation("MEA-987652", effectiveDateTime=NAME, **about),
        fhir.observation("MEA-987653", code=CCCD, **about),
    ]
    fhir.ndjson(folder / "all.ndjson", [person, *readings, f'{{"resourceType": "Patient", "name": "{NAME}'])
    fhir.document(folder / f"{FILE}.json", fhir.bundle(person, *readings))
    (folder / f"{FILE} broken.json").write_text(f'{{"resourceType": "Bundle", "{NAME}": "{CCCD}"')
    return folder


def _health_xml(folder: Path) -> Path:
    folder.mkdir(parents=True)
    who = {"MA_LK": "LKMRK98765", "MA_BN": "BNMRK98765", "HO_TEN": NAME, "SO_CCCD": CCCD, "DIEN_THOAI": PHONE,
           "NGAY_SINH": "196011230000", "MA_THE_BHYT": INSURANCE}  # fmt: skip
    note = health_xml.listed("XML5", [{"MA_LK": "LKMRK98765", "STT": "1", "DIEN_BIEN_LS": f"{NAME}, HA 150/90 mmHg",
                                       "THOI_DIEM_DBLS": "202403050820"}])  # fmt: skip
    visits = [
        [*health_xml.claim(**who), note],
        health_xml.claim(**{**who, "MA_LK": "LKMRK987651", "NGAY_VAO": NAME, "GIOI_TINH": CCCD}),
    ]
    health_xml.write(folder / "claims.xml", health_xml.envelope(visits))
    health_xml.write(folder / "broken.xml", health_xml.envelope(visits, wrapping="nested")[:-400] + NAME)
    return folder


def _workbook(folder: Path) -> Path:
    folder.mkdir(parents=True)
    head = ["Mã BN", "CCCD", "Họ tên", "Giới", "Ngày sinh", "Điện thoại"]
    row = ["XLSMRK98765", CCCD, NAME, "Nữ", "23/11/1960", PHONE]
    wild_files.xlsx(folder / "list.xlsx", {"S": [head, row, [*row[:3], NAME, CCCD, PHONE]]})
    (folder / "list.mapping.toml").write_text(_MAPPING)
    return folder


def forms(word: str) -> set[bytes]:
    """The ways a word may lie in a file: with and without tone marks, in other cases and encodings."""
    bare = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    plain = bare.replace("đ", "d").replace("Đ", "D")
    told = {form for text in (word, unicodedata.normalize("NFD", word), bare, plain)
            for form in (text, text.upper(), text.lower())}  # fmt: skip
    found: set[bytes] = set()
    for text in told:
        raw = text.encode()
        found |= {raw, text.encode("utf-16-le"), text.encode("utf-16-be"), quote(text).encode()}
        found |= {raw.hex().encode(), raw.hex().upper().encode(), text.encode("ascii", "backslashreplace")}
        # Base64 of a text inside another: the signs that depend on what stands around it are left away.
        coded = {base64.b64encode(b"x" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)}
        found |= {part for part in coded if len(part) >= _LEAST_CODED}
    return found


def named_in(content: Iterable[bytes]) -> set[str]:
    """Which parts of the identity are found in any of these."""
    wanted = {form: word for words in IDENTITY.values() for word in words for form in forms(word)}
    return {word for part in content for form, word in wanted.items() if form in part}


def contents(path: Path) -> Iterator[bytes]:
    """A file as it lies there, and what is packed in it: archives, columns of Parquet, tables of DuckDB."""
    raw = path.read_bytes()
    yield raw
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    elif raw[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif raw[:4] == b"PAR1":
        yield pl.read_parquet(raw).select(pl.all().cast(pl.String)).write_csv().encode()
    elif raw[8:12] == b"DUCK":
        yield from _tables_of(path)


def _tables_of(path: Path) -> Iterator[bytes]:
    """From a copy: this process may hold the file open another way."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(path, Path(folder) / "copy.duckdb")
        with duckdb.connect(str(copy), read_only=True) as connection:
            columns = "select table_name, column_name from duckdb_columns() where not internal"
            for table, column in connection.execute(columns).fetchall():
                values = connection.sql(f'select distinct "{column}"::varchar as value from {table}').pl()
                yield "\n".join(values["value"].drop_nulls()).encode()
