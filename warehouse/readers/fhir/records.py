"""From a file to one temporary table of its resources per kind, ``fhir_<kind>``, each with ``_row`` and ``_why``.

Two ways lead to the same tables. The fast one lets DuckDB read NDJSON straight into the shape of a kind; it holds for
a file of one kind whose every value has the expected form. Anything else (several kinds, Bundles, broken lines, a
value of another form) takes the sound one: lines, then records, then their shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.readers.fhir import files, maps
from warehouse.readers.fhir.shapes import COUNTED, SHAPES, Shape, duckdb_columns, json_structure
from warehouse.readers.fhir.sniff import LINE_SUFFIXES, first_kind, holds_lines
from warehouse.readers.fhir.sql import run, run_file, text
from warehouse.readers.staged import BadRecord

#: Bundles inside Bundles are opened so many times.
_DEEPEST = 8
_BUNDLE: dict[str, Shape] = {
    "type": "VARCHAR",
    "entry": [
        {
            "fullUrl": "VARCHAR",
            "resource": "JSON",
            "request": {"method": "VARCHAR", "url": "VARCHAR"},
            "response": {"lastModified": "VARCHAR"},
        }
    ],
}
#: What stands for the status of a resource, by kind.
_STATUS = {
    "Observation": "status",
    "Condition": "verificationStatus.coding[1].code",
    "MedicationRequest": "case when doNotPerform = 'true' then 'not-to-be-taken'"
    " when intent in ('proposal', 'plan') then intent else status end",
    "MedicationDispense": "status",
    "MedicationStatement": "status",
    "Encounter": "status",
    "Immunization": "status",
}
#: Kinds narrowed while they are read; the others are kept in their shape.
_NARROWED = {"Observation": "observation"}
_FROM_LINES = """select row_number() over () as _row, '' as _envelope, * replace (nullif(id, '') as id)
    from read_json($path, columns = $columns, format = 'newline_delimited', auto_detect = false)"""
_FROM_RECORDS = """select _row, _envelope, * exclude (_row, _envelope, _id) replace (_id as id) from (
        select _row, envelope as _envelope, id as _id, unnest(from_json(doc, $structure))
        from fhir_record where kind = $kind and doc is not null
    )"""
_COUNT_LINES = f"""create or replace temp table fhir_other as
    select _row, resourceType as kind, id, meta.lastUpdated as updated from ({_FROM_LINES})"""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What reading a file brought: malformed records, the kinds that have a table, and how it was read."""

    bad: tuple[BadRecord, ...]
    kinds: tuple[str, ...]
    is_fast: bool


def table_of(kind: str) -> str:
    """The temporary table with the resources of a kind."""
    return f"fhir_{kind.lower()}"


def read(connection: duckdb.DuckDBPyConnection, path: Path, *, try_fast: bool = True) -> Reading:
    """Make the tables of resources the file has, ``fhir_other`` (records of no shape), ``fhir_version`` (who is who
    among them, and how new) and ``fhir_superseded``.

    Raises :class:`UserError` for a damaged or oversized file, and for a document that is not JSON.
    """
    if files.is_packed(path):
        files.verify_packed(path)
    is_lines = path.name.lower().endswith(LINE_SUFFIXES) or holds_lines(path)
    kind = first_kind(path) if is_lines and try_fast else None
    if kind is not None and kind != "Bundle" and _read_fast(connection, path, kind):
        return Reading(bad=(), kinds=(kind,) if kind in SHAPES else (), is_fast=True)
    try:
        return _read_soundly(connection, path, is_lines=is_lines)
    except duckdb.OutOfMemoryException:
        raise files.refuse(
            path, "there is not enough memory for the file", "smaller files: split it"
        ) from None


def _read_fast(connection: duckdb.DuckDBPyConnection, path: Path, kind: str) -> bool:
    """True when the file was of one kind and every value of the expected form."""
    run_file(connection, "nothing")
    source = {"path": _literal(path), "columns": duckdb_columns(SHAPES.get(kind, COUNTED))}
    try:
        if kind in SHAPES:
            _make_kind(connection, kind, _FROM_LINES, source)
        else:
            run(connection, _COUNT_LINES, source)
    except duckdb.Error:
        # Whatever it was (a broken line, a value of another form), the sound way tells it apart.
        return False
    table = table_of(kind) if kind in SHAPES else "fhir_other"
    name = "resourceType" if kind in SHAPES else "kind"
    [(of_kind, read_all, with_id, ids)] = run(
        connection,
        f"select count(*) filter ({name} = $kind), count(*), count(id), count(distinct id) from {table}",
        {"kind": kind},
    )
    if of_kind != read_all:
        return False
    updated = "meta.lastUpdated" if kind in SHAPES and kind not in _NARROWED else "updated"
    version = f"""select _row, $kind as kind, id, {updated} as updated, false as is_deleted, _row as arrival
        from {table}"""
    _make_version(connection, version, {"kind": kind})
    if with_id != ids:
        _make_superseded(connection)
    return True


def _read_soundly(connection: duckdb.DuckDBPyConnection, path: Path, *, is_lines: bool) -> Reading:
    connection.register("fhir_given", files.lines(path) if is_lines else files.document(path))
    run(connection, "create or replace temp table fhir_line as select * from fhir_given")
    connection.unregister("fhir_given")
    run_file(connection, "parts")
    run(connection, "drop table fhir_line")
    if not is_lines and run(connection, "select 1 from fhir_part where fault is not null"):
        raise files.refuse(path, "not one whole JSON document of FHIR", "a whole file; send it again")
    _open_bundles(connection)
    known = {"known": list(maps.set_aside_words()), "read": list(SHAPES), "deepest": _DEEPEST}
    run_file(connection, "records", known)
    run(connection, "drop table fhir_part")
    held = {
        kind for (kind,) in run(connection, "select distinct kind from fhir_record where doc is not null")
    }
    kinds = tuple(kind for kind in SHAPES if kind in held)
    for kind in kinds:
        parameters = {"kind": kind, "structure": json_structure(SHAPES[kind])}
        _make_kind(connection, kind, _FROM_RECORDS, parameters)
    version = "select _row, kind, id, updated, is_deleted, arrival from fhir_record where fault is null"
    _make_version(connection, version, {})
    _make_superseded(connection)
    bad = run(connection, "select _row, fault from fhir_record where fault is not null order by _row")
    return Reading(bad=tuple(BadRecord(row, fault) for row, fault in bad), kinds=kinds, is_fast=False)


def _open_bundles(connection: duckdb.DuckDBPyConnection) -> None:
    for level in range(_DEEPEST):
        here = {"level": level, "bundle": json_structure(_BUNDLE)}
        if not run(
            connection,
            "select 1 from fhir_part where level = $level and kind = 'Bundle' and fault is null limit 1",
            here,
        ):
            return
        run_file(connection, "open_bundles", here)


def _make_kind(
    connection: duckdb.DuckDBPyConnection, kind: str, source: str, parameters: Mapping[str, Any]
) -> None:
    """``fhir_<kind>`` from its source, with the reason it is set aside for by its status."""
    status = _STATUS.get(kind, "null::varchar")
    sql = f"""create or replace temp table {table_of(kind)} as
        with source as ({source}), resource as (select *, {status} as _status from source)
        {text(_NARROWED.get(kind, "resource"))}"""
    loinc = {"loinc": list(maps.systems("loinc"))}
    run(connection, sql, {**parameters, **maps.statuses(kind), **loinc})


def make_absent(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """An empty table for a kind the file does not have."""
    columns = ", ".join(f'null::{form} as "{name}"' for name, form in duckdb_columns(SHAPES[kind]).items())
    run(
        connection,
        f"""create or replace temp table {table_of(kind)} as
            select null::bigint as _row, '' as _envelope, null::varchar as _why, {columns} limit 0""",
    )


def _make_version(connection: duckdb.DuckDBPyConnection, version: str, parameters: Mapping[str, Any]) -> None:
    run(
        connection,
        f"""create or replace temp table fhir_version as
            select * exclude (updated), try_cast(updated as timestamptz) as version, version is not null as is_dated
            from ({version})""",
        parameters,
    )


def _make_superseded(connection: duckdb.DuckDBPyConnection) -> None:
    words = {
        "superseded": "an older version of a record the file has again",
        "deleted": "deleted by its sender",
    }
    run_file(connection, "superseded", words)


def _literal(path: Path) -> str:
    """The path with the signs of file patterns escaped, so that one file is read and no other."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
