"""From the resources of one file to rows of contract tables, and the account of every resource."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from warehouse.contracts import load_contracts
from warehouse.errors import Defect
from warehouse.readers.fhir import beside as elsewhere
from warehouse.readers.fhir import drug_names, maps
from warehouse.readers.fhir.records import make_absent, read, table_of
from warehouse.readers.fhir.shapes import SHAPES
from warehouse.readers.fhir.sql import make, run, run_file, text
from warehouse.readers.staged import SetAside, Staged, StagedTable

#: Contract table -> the kinds of resources that give its rows.
TARGETS = {
    "resident": ("Patient",),
    "encounter": ("Encounter",),
    "measurement": ("Observation",),
    "condition": ("Condition",),
    "medication": ("MedicationRequest", "MedicationDispense", "MedicationStatement"),
    "immunisation": ("Immunization",),
    "facility": ("Organization", "Location"),
}
_PARAMETERS: dict[str, Any] = {
    "panels": ["85354-9", "55284-4"],
    "systolic": "8480-6",
    "diastolic": "8462-4",
    "pair": r"^\s*(\d{2,3})\s*/\s*(\d{2,3})",
    "icd10_shape": r"[A-Z]\d{2}(\.?\d{1,2})?[*†+]?",
}
_WORK = (
    *(table_of(kind) for kind in SHAPES),
    *(
        "fhir_other",
        "fhir_record",
        "fhir_line",
        "fhir_part",
        "fhir_version",
        "fhir_superseded",
        "fhir_identifier",
    ),
    *("fhir_known", "fhir_drug", "fhir_visit", "fhir_supply", "fhir_named"),
    *maps.TABLES,
)


def stage(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    prefix: str = "staged",
    beside: Sequence[Path] = (),
    try_fast: bool = True,
) -> Staged:
    """Make the temporary tables ``<prefix>_<table>`` of one file: text columns of the contract, and ``_row``.

    ``beside`` are other files of the same delivery: a Medication, or a Patient known by an identifier only, is looked
    for there when the file itself does not have it. ``try_fast`` is for tests: both ways of reading give equal rows.
    Not inside a transaction: the fast way may fail on purpose, and DuckDB would give the transaction up with it.
    Raises :class:`UserError` when the file is refused whole; broken records are listed in the result.
    """
    if not prefix.isidentifier():
        raise Defect(f"{prefix!r} cannot begin the name of a table")
    with _in_file_order(connection):
        try:
            run_file(connection, "macros")
            maps.create(connection)
            reading = read(connection, path, try_fast=try_fast)
            _resolve(connection, reading.kinds, [other for other in beside if other != path])
            tables = [
                _stage_table(connection, table, f"{prefix}_{table}", reading.kinds) for table in TARGETS
            ]
            return Staged(
                tables=tuple(table for table in tables if table is not None),
                bad=reading.bad,
                records=_counted(connection, reading.kinds),
                set_aside=_set_aside(connection, reading.kinds, prefix),
                versions=_versions(connection, f"{prefix}_version"),
            )
        finally:
            for table in _WORK:
                run(connection, f"drop table if exists {table}")


@contextmanager
def _in_file_order(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows are numbered as they stand in the file, whatever the connection is set to."""
    [(before,)] = run(connection, "select current_setting('preserve_insertion_order')")
    run(connection, "set preserve_insertion_order = true")
    try:
        yield
    finally:
        run(connection, f"set preserve_insertion_order = {'true' if before else 'false'}")


def _resolve(connection: duckdb.DuckDBPyConnection, kinds: Sequence[str], beside: Sequence[Path]) -> None:
    """The tables references are looked up in: ``fhir_known``, ``fhir_drug``, ``fhir_visit``."""
    run_file(connection, "lookups")
    if len(kinds) > 1:
        elsewhere.add_own(connection, kinds)
    if beside:
        elsewhere.look_up(connection, kinds, beside)
    run_file(connection, "known")
    if "Encounter" in kinds:
        make(connection, "fhir_visit", "visit")


def _stage_table(
    connection: duckdb.DuckDBPyConnection, table: str, relation: str, kinds: Sequence[str]
) -> StagedTable | None:
    """Make one staged table; None when the file has no record for it."""
    run(connection, f"drop table if exists {relation}")
    if not set(kinds) & set(TARGETS[table]):
        return None
    for kind in TARGETS[table]:
        if kind not in kinds:
            make_absent(connection, kind)
    parameters = {**_PARAMETERS, **{name: list(maps.systems(name)) for name in ("loinc", "atc", "cvx")}}
    if table == "medication":
        make(connection, "fhir_supply", "supply", parameters)
        drug_names.name(connection, parameters)
    make(connection, relation, table, parameters)
    names = {row[0] for row in run(connection, f"describe {relation}")}
    columns = tuple(name for name in load_contracts()[table].names if name in names)
    return StagedTable(table=table, relation=relation, columns=columns)


def _versions(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """The last version of each resource that can give rows, also where the file deletes it."""
    kinds = [kind for of in TARGETS.values() for kind in of]
    run(connection, f"create or replace temp table {relation} as {text('versions')}", {"kinds": kinds})
    return relation


def _counted(connection: duckdb.DuckDBPyConnection, kinds: Sequence[str]) -> dict[str, int]:
    """Resources by kind."""
    counts = dict(run(connection, "select kind, count(*) from fhir_other group by kind"))
    for kind in kinds:
        [(count,)] = run(connection, f"select count(*) from {table_of(kind)}")
        counts[kind] = counts.get(kind, 0) + count
    return {_told(kind): counts[kind] for kind in sorted(counts)}


def _told(kind: str) -> str:
    """The kind, unless it is none of FHIR's: then it may be anybody's text."""
    return kind if kind in maps.set_aside_words() else "other"


def _set_aside(
    connection: duckdb.DuckDBPyConnection, kinds: Sequence[str], prefix: str
) -> tuple[SetAside, ...]:
    """Every resource that gave no row, by kind and reason."""
    found: dict[tuple[str, str], int] = {}
    for kind, why, count in run(connection, text("other_set_aside")):
        _add(found, _told(kind), why, count)
    targets = {kind: target for target, of in TARGETS.items() for kind in of}
    for kind in kinds:
        staged = f"{prefix}_{targets[kind]}" if kind in targets else None
        for why, count in _without_rows(connection, kind, staged):
            _add(found, kind, why, count)
    return tuple(SetAside(kind=kind, why=why, records=found[kind, why]) for kind, why in sorted(found))


def _add(found: dict[tuple[str, str], int], kind: str, why: str | None, count: int) -> None:
    key = kind, why or maps.set_aside_words()[kind]
    found[key] = found.get(key, 0) + count


def _without_rows(
    connection: duckdb.DuckDBPyConnection, kind: str, staged: str | None
) -> list[tuple[Any, ...]]:
    gap = "fhir_gap(o.code, o.part, o.members)" if kind == "Observation" else "null"
    rest = f"where o._row not in (select _row from {staged})" if staged else ""
    return run(
        connection,
        f"""select coalesce(s.why, o._why, {gap}) as why, count(*)
            from {table_of(kind)} o left join fhir_superseded s using (_row) {rest} group by 1""",
    )
