"""SQL of the FHIR reader, one temporary table a file, and how it is run. DuckDB only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import duckdb

_PARAMETER = re.compile(r"\$([a-z][a-z0-9_]*)")


@cache
def text(name: str) -> str:
    """The text of ``<name>.sql`` without its comments."""
    raw = resources.files("warehouse.readers.fhir.sql").joinpath(f"{name}.sql").read_text("utf-8")
    return "\n".join(line for line in raw.splitlines() if not line.startswith("--")).strip()


def run(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Run one statement with those of ``parameters`` that it names, and fetch its rows."""
    named = set(_PARAMETER.findall(sql))
    used = {name: value for name, value in (parameters or {}).items() if name in named}
    return connection.execute(sql, used).fetchall() if used else connection.execute(sql).fetchall()


def run_file(
    connection: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Run the statements of one file that makes its own tables or macros."""
    found: list[tuple[Any, ...]] = []
    for statement in text(name).split(";\n"):
        found = run(connection, statement, parameters)
    return found


def make(
    connection: duckdb.DuckDBPyConnection, table: str, name: str, parameters: Mapping[str, Any] | None = None
) -> None:
    """Make the temporary ``table`` of the SELECT in one file."""
    run(connection, f"create or replace temp table {table} as {text(name)}", parameters)
