"""What references are looked up in: the file itself, and other files of its delivery for what it does not have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from warehouse.readers.fhir import maps
from warehouse.readers.fhir.records import read, table_of
from warehouse.readers.fhir.shapes import SHAPES
from warehouse.readers.fhir.sniff import LINE_SUFFIXES, first_kind, is_fhir
from warehouse.readers.fhir.sql import run, run_file, text

#: Element that refers -> the kinds it may mean.
_MEANT = {
    "medicationReference": ("Medication",),
    "subject": ("Patient",),
    "patient": ("Patient",),
    "serviceProvider": ("Organization", "Location"),
}


def add_own(connection: duckdb.DuckDBPyConnection, kinds: Sequence[str]) -> None:
    """Fill ``fhir_drug`` and ``fhir_identifier`` from the tables of resources."""
    if "Medication" in kinds:
        run(connection, text("own_drugs"))
    for kind in kinds:
        if "identifier" in SHAPES[kind]:
            run(connection, text("own_identifiers").replace("resource", table_of(kind)), {"kind": kind})


def look_up(connection: duckdb.DuckDBPyConnection, kinds: Sequence[str], others: Sequence[Path]) -> None:
    """Add what other files have, when the file refers to a Medication or calls somebody by an identifier only."""
    wanted = {meant for kind in kinds for meant in _asked(connection, kind)}
    for path in others:
        if wanted and is_fhir(path) and _may_hold(path, wanted):
            _copy(connection, path)


def _may_hold(path: Path, wanted: set[str]) -> bool:
    """Whether a file is worth reading: the files of an export are of one kind each, which their first line names."""
    kind = first_kind(path)
    return kind in wanted or kind not in SHAPES or not path.name.lower().endswith(LINE_SUFFIXES)


def _asked(connection: duckdb.DuckDBPyConnection, kind: str) -> list[str]:
    """The kinds that records of ``kind`` refer to and only another file may name."""
    if kind == "Observation":
        by_column = {
            "person_key": "contains(person_key, '?identifier=')",
            "facility_key": "contains(facility_key, '?identifier=')",
        }
        meant = {"person_key": ("Patient",), "facility_key": ("Organization", "Location")}
    else:
        by_column = {name: _is_open(name) for name in _MEANT if name in SHAPES[kind]}
        meant = _MEANT
    table = table_of(kind)
    return [
        one
        for name, is_open in by_column.items()
        if run(connection, f"select 1 from {table} where {is_open} limit 1")
        for one in meant[name]
    ]


def _is_open(name: str) -> str:
    if name == "medicationReference":
        return f"{name} is not null and not starts_with({name}.reference, '#')"
    logical = f"{name}.reference is null and {name}.identifier.value is not null"
    return f"contains({name}.reference, '?identifier=') or ({logical})"


def _copy(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Read another file on a connection of its own, whose temporary tables are apart, and copy the two tables."""
    with connection.cursor() as other:
        run_file(other, "macros")
        maps.create(other)
        reading = read(other, path)
        run_file(other, "lookups")
        add_own(other, reading.kinds)
        for table in ("fhir_drug", "fhir_identifier"):
            connection.register("fhir_given", other.sql(f"select * from {table}").to_arrow_table())
            run(connection, f"insert into {table} select * from fhir_given")
            connection.unregister("fhir_given")
