"""People judged again without some of their rows: what numbers rest on what a check found.

Somebody of whom a check found rows gets a shadow for that check (``sql/shadow``): a person with a key of its own and
all the rows but those. A file whose header says ``-- Shadows:`` with tables ``core_shadow_<x>`` is run where these
stand for ``core_<x>``, and where every table between them and what it reads is made once more, of shadows alone. So the
SQL that judges shadows is the SQL that judges people, and costs as much more as shadows have rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from warehouse import engine
from warehouse.database import CORE, rows
from warehouse.engine import TableRun
from warehouse.engine_table import Table
from warehouse.errors import Defect

#: Schema of the tables of shadows: looked up before all others.
_SHADOW = f"{CORE}.shadow"
#: Folder of SQL that makes tables of people out of what was received.
_INGEST = "ingest"


def make(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    parameters: Mapping[str, Any],
    *,
    schema: str,
    bodies: Mapping[str, str] | None = None,
) -> TableRun:
    """Make one table in ``schema`` as :func:`warehouse.engine.run` does, of shadows where its header says so.

    The tables that stand for others must be in ``schema`` already. Those made again are counted in its seconds only.
    """
    if not table.shadows:
        [run] = engine.run(connection, [table], parameters, schema=schema, bodies=bodies)
        return run
    if not _has_shadows(connection, table.shadows, schema):
        # Of nobody nothing needs to be made again: only the columns are.
        nothing = {table.name: f"from ({table.body}) limit 0"}
        [run] = engine.run(connection, [table], parameters, schema=schema, bodies=nothing)
        return run
    again = made_again(engine.load_tables(), table)
    with _standing(connection, table.shadows, schema):
        runs = engine.run(connection, again, parameters, schema=_SHADOW)
        [run] = engine.run(connection, [table], parameters, schema=schema)
    return TableRun(run.name, run.rows, run.seconds + sum(item.seconds for item in runs))


def stands_for(shadow: str) -> str:
    """The name of the table of people that a table of shadows stands for."""
    return shadow.replace("core_shadow_", "core_", 1)


def made_again(tables: Sequence[Table], table: Table) -> list[Table]:
    """Of ``tables`` (in running order), those between what stands for others and what ``table`` reads.

    Raises :class:`Defect` where one of them would read people beside the shadows, whose keys mean others.
    """
    standing = {stands_for(name) for name in table.shadows}
    wanted = set(table.inputs) - set(table.shadows)
    for item in reversed(tables):
        if item.name in wanted - standing:
            wanted |= set(item.inputs)
    shadowed, again = set(standing), []
    for item in tables:
        if item.name in wanted - standing and shadowed & set(item.inputs):
            shadowed.add(item.name)
            again.append(item)
    people = {item.name for item in tables if item.folder == _INGEST} - shadowed
    for item in again:
        if wrong := [name for name in item.inputs if name in people or name.startswith("raw_")]:
            raise Defect(f"{item.name}.sql is made of shadows for {table.name}, but reads {', '.join(wrong)}")
    return again


def _has_shadows(connection: duckdb.DuckDBPyConnection, shadows: Sequence[str], schema: str) -> bool:
    return any(rows(connection, f"select 1 from {schema}.{name} limit 1") for name in shadows)


@contextmanager
def _standing(connection: duckdb.DuckDBPyConnection, shadows: Sequence[str], schema: str) -> Iterator[None]:
    """Let the names of tables of people stand for those of shadows, and new tables of shadows go before others."""
    [(path,)] = rows(connection, "select current_setting('search_path')")
    rows(connection, f"create schema {_SHADOW}")
    for name in shadows:
        rows(connection, f"create view {_SHADOW}.{stands_for(name)} as from {schema}.{name}")
    rows(connection, f"set search_path = '{_SHADOW},{path}'")
    yield
    rows(connection, f"set search_path = '{path}'")
    rows(connection, f"drop schema {_SHADOW} cascade")
