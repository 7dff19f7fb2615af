"""Groups of districts: tables of many people are made of one group after another, so that each fits into memory.

What the person SQL counts of somebody depends on nobody else, and every count belongs to one place. So a file that says
``-- slices: people`` in its header gives the same rows whether it runs over the whole city or district by district; a
whole city at once spilled more than 60 GB to disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from warehouse.database import CATALOG, rows
from warehouse.engine_table import Table

#: People of a group, unless one district has more.
SLICE_PEOPLE = 1_000_000
Places = Sequence[int]


def groups(connection: duckdb.DuckDBPyConnection, *, people: int | None = None) -> list[Places]:
    """Place ids of whole districts with about ``people`` people (default :data:`SLICE_PEOPLE`) in each group."""
    most = SLICE_PEOPLE if people is None else people
    found: list[list[int]] = []
    filled = 0
    for count, places in rows(
        connection,
        """select sum(coalesce(n.people, 0))::bigint, list(p.place_id order by p.place_id) from rule_place p
           left join (select place_id, count(*) as people from core_person group by place_id) n using (place_id)
           group by p.district_code order by p.district_code nulls first""",
    ):
        if not found or (filled and filled + count > most):
            found.append([])
            filled = 0
        found[-1] += places
        filled += count
    return list(found)


def make(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    values: Mapping[str, Any],
    *,
    target: str,
    slices: Sequence[Places],
) -> None:
    """Create or replace ``target`` from the SELECT of a table, one group of places after another."""
    order = table.order
    inputs = [name for name in table.inputs if _has_people(connection, name)]
    made = "temp.slice_result" if order else target
    kind, name = ("temp table", "slice_result") if order else ("table", target)
    for number, places in enumerate(slices):
        start = f"insert into {made}" if number else f"create or replace {kind} {name} as"
        with _only(connection, inputs, places):
            rows(connection, f"{start}\n{table.body}", values)
    if order:
        # The rows of a mart lie in the order of its questions.
        rows(connection, f"create or replace table {target} as from {made} order by {order}")
        rows(connection, f"drop table {made}")


def _has_people(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    return any(column == "person_key" for column, *_ in rows(connection, f"describe {CATALOG}.main.{name}"))


@contextmanager
def _only(connection: duckdb.DuckDBPyConnection, inputs: Sequence[str], places: Places) -> Iterator[None]:
    """Let the names of tables of people stand for the people of some places: temporary names are looked up first."""
    rows(
        connection,
        f"""create or replace temp table slice_person as
            select person_key from {CATALOG}.main.core_person where place_id in (select unnest($places))""",
        {"places": list(places)},
    )
    for name in inputs:
        rows(
            connection,
            f"""create or replace temp view {name} as
                select t.* from {CATALOG}.main.{name} t semi join temp.slice_person using (person_key)""",
        )
    yield
    # Not after a fault: the transaction is over then, and with it everything temporary in it.
    for name in inputs:
        rows(connection, f"drop view temp.{name}")
    rows(connection, "drop table temp.slice_person")
