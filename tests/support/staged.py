"""What a reader staged of a file, read back: rows by table, and an account that nothing else is left over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.readers.staged import Staged

Rows = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Read:
    """What the reader staged, and the rows of its tables in the order of records."""

    staged: Staged
    rows: Rows

    def of(self, table: str) -> list[dict[str, Any]]:
        return self.rows.get(table, [])

    def only(self, table: str) -> dict[str, Any]:
        [row] = self.of(table)
        return row

    @property
    def aside(self) -> dict[tuple[str, str], int]:
        return {(item.kind, item.why): item.records for item in self.staged.set_aside}

    def measured(self) -> list[tuple[Any, ...]]:
        return [(row["code"], row["value"], row["unit"], row["taken_at"]) for row in self.of("measurement")]


def read_back(stage: Callable[[duckdb.DuckDBPyConnection], Staged]) -> Read:
    """Stage on a connection of its own: tables of text columns, and no other table left on it."""
    with duckdb.connect() as connection:
        staged = stage(connection)
        rows: dict[str, list[dict[str, Any]]] = {}
        for table in staged.tables:
            found = connection.execute(f"select * from {table.relation} order by all")
            names = [column[0] for column in found.description]
            rows[table.table] = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
            assert set(names) == {"_row", *table.columns}
            kinds = connection.execute(f"describe {table.relation}").fetchall()
            assert {kind for name, kind, *_ in kinds if name != "_row"} == {"VARCHAR"}
        left = connection.execute("select table_name from duckdb_tables() where temporary").fetchall()
        told = {staged.versions} - {None}
        assert {name for (name,) in left} == {table.relation for table in staged.tables} | told
    return Read(staged, rows)
