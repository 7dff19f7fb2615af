"""The engine: orders the SQL files by what they read, and runs them one table each.

A file holds one SELECT; its name is the table it makes. Inputs are found by sqlglot's scopes (a CTE may shadow a
table). Unknown inputs, cycles and files that nothing uses are errors.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from warehouse.engine_table import Table, shadows_of
from warehouse.errors import Defect, suggest

FOLDERS = ("ingest", "person", "check", "shadow", "mart")


@dataclass(frozen=True)
class TableRun:
    """What one table cost."""

    name: str
    rows: int
    seconds: float


@cache
def load_tables(package: str = "warehouse.sql") -> tuple[Table, ...]:
    """Every SQL file in running order. Raises :class:`Defect` for cycles and repeated names."""
    found: dict[str, Table] = {}
    for folder in FOLDERS:
        for item in _sql_files(resources.files(package).joinpath(folder)):
            table = parse(item.name.removesuffix(".sql"), folder, item.read_text(encoding="utf-8"))
            if table.name in found:
                raise Defect(f"two SQL files make the table {table.name}")
            found[table.name] = table
    return order(found)


def parse(name: str, folder: str, sql: str) -> Table:
    """Read one file's inputs and parameters from its syntax tree."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    sources = {
        source.name
        for scope in traverse_scope(tree)
        for source in scope.sources.values()
        if isinstance(source, exp.Table)
    }
    parameters = {node.name for node in tree.find_all(exp.Parameter, exp.Placeholder) if node.name}
    inputs = sources | set(shadows_of(sql))
    return Table(name, folder, sql, tuple(sorted(inputs)), tuple(sorted(parameters)))


def order(tables: Mapping[str, Table]) -> tuple[Table, ...]:
    """Tables so that each stands after what it reads; ties by name, so the order is always the same."""
    sorter = TopologicalSorter(
        {name: sorted(set(tables[name].inputs) & set(tables)) for name in sorted(tables)}
    )
    try:
        return tuple(tables[name] for name in sorter.static_order())
    except CycleError as error:
        raise Defect(f"SQL files read each other in a circle: {' -> '.join(error.args[1])}") from None


def check_inputs(tables: Iterable[Table], given: Iterable[str]) -> None:
    """Every input is made by a file or given; every file is read by another or is a mart."""
    tables = tuple(tables)
    known = {table.name for table in tables} | set(given)
    for table in tables:
        for name in table.inputs:
            if name not in known:
                raise Defect(
                    f"{table.name}.sql reads {name}, which nothing makes: {suggest(name, sorted(known))}"
                )
    read = {name for table in tables for name in table.inputs}
    unused = [table.name for table in tables if not table.is_mart and table.name not in read]
    if unused:
        raise Defect(f"SQL files nothing reads: {', '.join(unused)}")


def run(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[Table],
    parameters: Mapping[str, Any],
    *,
    schema: str,
    bodies: Mapping[str, str] | None = None,
) -> list[TableRun]:
    """Make each table in ``schema`` (``catalog.schema``) as ``create or replace table``; returns rows and seconds.

    ``bodies``: SELECT to run in the place of a table's own, for tables that another engine has made.
    """
    runs = []
    for table in tables:
        start = time.perf_counter()
        elsewhere = (bodies or {}).get(table.name)
        values = {} if elsewhere else {name: parameters[name] for name in table.parameters}
        target = f"{schema}.{table.name}"
        made = f"create or replace table {target} as\n{elsewhere or table.body}"
        [(count,)] = connection.execute(made, values or None).fetchall()
        runs.append(TableRun(table.name, count, time.perf_counter() - start))
    return runs


def _sql_files(folder: Traversable) -> list[Traversable]:
    return sorted(
        (item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name
    )
