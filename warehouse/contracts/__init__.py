"""Contracts of the canonical tables: what a table of an extract must look like, as data.

Each ``*.toml`` beside this module is one table. They are read into frozen dataclasses; every fault in every file
is reported at once. The page ``docs/contracts.md`` is generated from them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from warehouse.errors import Fault, Faults, UserError, suggest

#: Column type of a contract -> DuckDB type of the raw table.
TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DOUBLE",
    "date": "DATE",
    "partial_date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
CODES = ("icd10", "atc", "loinc", "ward", "district", "definition")
PERSON = "person_ref"
RECORD = "record_id"
_TABLE_FIELDS = {"table", "key", "vi", "en", "source", "reviewed", "columns"}
_COLUMN_FIELDS = {
    "type", "required", "identifying", "pseudonymised", "allowed", "pattern", "code", "at_least", "at_most",
    "unit", "vi", "en",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. ``identifying`` values go to the encrypted linkage store and nowhere else; ``pseudonymised``
    references are stored as keyed hashes; limits are inclusive and in ``unit``.
    """

    name: str
    type: str
    vi: str
    en: str
    required: bool = False
    identifying: bool = False
    pseudonymised: bool = False
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    code: str | None = None
    at_least: int | float | str | None = None
    at_most: int | float | str | None = None
    unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One canonical table: its key, its columns in order, its meaning and where the shape comes from."""

    table: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    vi: str
    en: str
    source: str
    reviewed: date

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def has_person(self) -> bool:
        """True when rows are about one person."""
        return PERSON in self.names

    @property
    def has_record(self) -> bool:
        """True when rows are about one health record, told by its reference."""
        return RECORD in self.names and self.column(RECORD).pseudonymised

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise UserError(
            f"table {self.table} has no column of that name", field=name, expected=suggest(name, self.names)
        )


@cache
def load_contracts() -> Mapping[str, Contract]:
    """All contracts by table name. Raises :class:`Faults` naming every fault in every file."""
    files = sorted(
        (item for item in resources.files(__package__).iterdir() if item.name.endswith(".toml")),
        key=lambda item: item.name,
    )
    return parse_contracts({item.name: item.read_text(encoding="utf-8") for item in files})


def parse_contracts(texts: Mapping[str, str]) -> Mapping[str, Contract]:
    """Contracts from TOML texts by file name; the pure half of :func:`load_contracts`."""
    faults: list[Fault] = []
    contracts: dict[str, Contract] = {}
    for file, text in texts.items():
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            faults.append(Fault(message=f"not valid TOML: {error}", file=file))
            continue
        found = [*_table_faults(file, raw), *_column_faults(file, raw)]
        faults += found
        if not found:
            contract = _build(raw)
            contracts[contract.table] = contract
    if faults:
        raise Faults(faults)
    return contracts


def _build(raw: Mapping[str, Any]) -> Contract:
    columns = tuple(
        Column(name=name, **{**spec, "allowed": tuple(spec.get("allowed", ()))})
        for name, spec in raw["columns"].items()
    )
    return Contract(**{**raw, "key": tuple(raw["key"]), "columns": columns})


def _table_faults(file: str, raw: Mapping[str, Any]) -> list[Fault]:
    faults = [
        Fault(message="unknown field", file=file, field=name, expected=suggest(name, sorted(_TABLE_FIELDS)))
        for name in raw
        if name not in _TABLE_FIELDS
    ]
    faults += [
        Fault(message="missing field", file=file, field=name) for name in sorted(_TABLE_FIELDS - set(raw))
    ]
    if raw.get("table", file.removesuffix(".toml")) != file.removesuffix(".toml"):
        faults.append(Fault(message="table name differs from the file name", file=file, field="table"))
    columns = raw.get("columns", {})
    faults += [
        Fault(message="key names a column that is not there or not required", file=file, field=name)
        for name in raw.get("key", ())
        if not columns.get(name, {}).get("required", False)
    ]
    return faults


def _column_faults(file: str, raw: Mapping[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    for name, spec in raw.get("columns", {}).items():

        def fault(message: str, expected: str | None = None, *, field: str = name) -> None:
            faults.append(Fault(message=message, file=file, field=field, expected=expected))

        for key in sorted(set(spec) - _COLUMN_FIELDS):
            fault(f"unknown property {key!r}", suggest(key, sorted(_COLUMN_FIELDS)))
        for key in sorted({"type", "vi", "en"} - set(spec)):
            fault(f"missing property {key!r}")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            fault("column names are snake_case")
        if spec.get("type", "text") not in TYPES:
            fault(f"unknown type {spec['type']!r}", suggest(str(spec["type"]), TYPES))
        if spec.get("code", CODES[0]) not in CODES:
            fault(f"unknown coding system {spec['code']!r}", suggest(str(spec["code"]), CODES))
        if spec.get("identifying") and spec.get("pseudonymised"):
            fault("a column is identifying or pseudonymised, not both")
        if not _compiles(spec.get("pattern", "")):
            fault("pattern is not a regular expression")
    return faults


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
