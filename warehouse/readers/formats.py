"""Which reader a file is for, and its rows as scans: one of a table, several of a file of records.

A file of records (FHIR, health XML, a table with a mapping) tells itself of which tables its rows are, so it is staged
before it is known what it gives. A table is named by its file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.contracts import Contract, load_contracts
from warehouse.errors import EXIT_DATA, UserError
from warehouse.readers import fhir, health_xml, tabular, wild
from warehouse.readers.scan import NO_TABLE, Scan
from warehouse.readers.staged import BadRecord, Staged, StagedTable

CSV, PARQUET, WILD, BOOK, MAPPED = "csv", "parquet", "wild", "book", "mapped"
FHIR, HEALTH_XML = "fhir", "health_xml"
#: Formats whose files tell of which tables their rows are.
TELLING = (BOOK, MAPPED, FHIR, HEALTH_XML)
SUFFIXES = tuple(dict.fromkeys((*tabular.SUFFIXES, *wild.SUFFIXES, *fhir.SUFFIXES, *health_xml.SUFFIXES)))
#: More rows than one record can give to one table (a visit of health XML: 100,000); a record's number times this leaves
#: room for each. With 2^44 rows a file (core_measurement) that is 134 million records.
ROWS_PER_RECORD = 1 << 17


@dataclass(frozen=True, kw_only=True)
class Task:
    """A file to read: ``table`` as its name says, or None where it tells itself; ``beside`` the same delivery."""

    path: Path
    format: str
    table: str | None
    mapping: wild.Mapping | None = None
    beside: Sequence[Path] = ()


def rows_per_record(form: str) -> int:
    """How many rows of a table one record of a file of this format has room for; 1 where rows are records."""
    return ROWS_PER_RECORD if form in (*TELLING, WILD) else 1


def format_of(path: Path) -> str | None:
    """The format of a file by its name and its first bytes; None for what this program does not read."""
    name = path.name.lower()
    if name.endswith(fhir.SUFFIXES) and fhir.is_fhir(path):
        return FHIR
    if name.endswith(health_xml.SUFFIXES) and health_xml.is_health_xml(path):
        return HEALTH_XML
    if name.endswith(tabular.PARQUET_SUFFIXES):
        return PARQUET
    if name.endswith(tabular.CSV_SUFFIXES):
        return CSV
    if name.endswith((*wild.spreadsheet.SUFFIXES, wild.unpack.ARCHIVE)):
        return BOOK
    return WILD if name.endswith(wild.SUFFIXES) else None


def inspect(task: Task) -> tuple[str, tabular.Source | None]:
    """The format a file is read as, and a plain table read to its end; None for what is known once it is staged.

    A CSV that the fast reader does not take (another encoding, title rows) is one for the patient reader. Raises
    :class:`UserError` when a Parquet file cannot be used.
    """
    if task.format not in (CSV, PARQUET):
        return task.format, None
    if task.format == CSV and not tabular.is_utf8(task.path):
        return WILD, None
    try:
        contract = _contract(task)
        source = tabular.open_source(task.path, contract.names)
        _require_columns(contract, task.path, source.columns)
        tabular.verify(source)
    except UserError:
        if task.format == PARQUET:
            raise
        return WILD, None
    return task.format, source


def scans(connection: duckdb.DuckDBPyConnection, task: Task, source: tabular.Source | None) -> Iterator[Scan]:
    """The tables of a file one after another, each until the next is asked for.

    Raises :class:`UserError` when the file cannot be used: before the first.
    """
    if source is not None:
        yield _table_scan(connection, task, source)
        connection.execute("drop table if exists landing_text").fetchall()
        return
    staged = _stage(connection, task)
    try:
        yield from _record_scans(task, staged)
    finally:
        made = [table.relation for table in staged.tables] + [staged.versions] * bool(staged.versions)
        for relation in made:
            connection.execute(f'drop table if exists "{relation}"').fetchall()


def _table_scan(connection: duckdb.DuckDBPyConnection, task: Task, source: tabular.Source) -> Scan:
    clause, parameters, bad = tabular.scan(connection, source)
    return Scan(
        table=_contract(task).table,
        clause=clause,
        kinds=dict(zip(source.columns, source.types, strict=True)),
        parameters=parameters,
        bad=bad,
    )


def _stage(connection: duckdb.DuckDBPyConnection, task: Task) -> Staged:
    if task.format == FHIR:
        return fhir.stage(connection, task.path, beside=task.beside)
    if task.format == HEALTH_XML:
        return health_xml.stage(connection, task.path)
    try:
        staged = wild.stage(connection, task.path, table=task.table, mapping=task.mapping)
    except UserError:
        _tell_plainly(task)
        raise
    for table in () if task.mapping else staged.tables:
        _require_columns(load_contracts()[table.table], task.path, table.columns)
    return staged


def _tell_plainly(task: Task) -> None:
    """What is wrong with a CSV in the words of the fast reader, where it knows: it looks for one header only."""
    if task.format == WILD and task.path.name.lower().endswith(tabular.CSV_SUFFIXES):
        contract = _contract(task)
        _require_columns(contract, task.path, tabular.open_source(task.path, contract.names).columns)


def _record_scans(task: Task, staged: Staged) -> Iterator[Scan]:
    """One scan a table; what was not read and what was set aside stands beside the first, or alone."""
    if not staged.tables:
        yield Scan(
            table=NO_TABLE,
            clause="",
            kinds={},
            bad=staged.bad,
            rows_per_record=rows_per_record(task.format),
            set_aside=staged.set_aside,
            versions=staged.versions,
        )
    for place, table in enumerate(staged.tables):
        bad: Sequence[BadRecord] = () if place else staged.bad
        yield Scan(
            table=table.table,
            clause=_numbered(table),
            kinds=dict.fromkeys(table.columns, "VARCHAR"),
            bad=bad,
            rows_per_record=rows_per_record(task.format),
            set_aside=() if place else staged.set_aside,
            versions=None if place else staged.versions,
        )


def _numbered(table: StagedTable) -> str:
    """The rows of a staged table with a ``_row`` of their own: records give several, in the order of their keys."""
    columns = ", ".join(f'"{name}"' for name in table.columns)
    key = ", ".join(f'"{name}"' for name in load_contracts()[table.table].key if name in table.columns)
    place = f"row_number() over (partition by _row order by {key or '1'}) - 1"
    return f'(select {columns}, _row * {ROWS_PER_RECORD} + {place} as _row from "{table.relation}")'


def _contract(task: Task) -> Contract:
    assert task.table is not None, "a plain table is named by its file"
    return load_contracts()[task.table]


def _require_columns(contract: Contract, path: Path, columns: Sequence[str]) -> None:
    missing = [c.name for c in contract.columns if c.required and c.name not in columns]
    if missing:
        # A file without a header shows a person's cells here: the contract's names are told, never the file's.
        raise UserError(
            f"required columns are missing: {', '.join(missing)}",
            file=path.name,
            expected="a header line with the names of the contract: " + ", ".join(contract.names),
            exit_code=EXIT_DATA,
        )
