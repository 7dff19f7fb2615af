"""Groups of districts: tables of many people are made of one group after another, so that each fits into memory.

What the SQL counts of somebody depends on nobody else, and every count belongs to one place. So a file that says
``-- slices: people`` in its header gives the same rows whether it runs over the whole city or district by district; a
whole city at once spilled more than 60 GB to disk. A core table of a group makes room for that of the next; what
outlives its group (marts, and what a table of the whole city reads) is collected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from warehouse import shadows
from warehouse.database import CATALOG, CORE, rows
from warehouse.engine import TableRun
from warehouse.engine_table import Table
from warehouse.errors import Defect

#: People of a group, unless one district has more.
SLICE_PEOPLE = 1_000_000
#: Schema of the tables of the running group: looked up before all others.
_SLICE = f"{CORE}.slice"
#: Column of every table of people.
_PERSON = "person_key"
Places = Sequence[int]


def split(tables: Sequence[Table]) -> tuple[list[Table], list[Table], list[Table]]:
    """Tables made of the whole city first, those made by groups, and those of the whole city that read the latter.

    Raises :class:`Defect` where a table made by groups would read what is there only after all groups.
    """
    sliced = [table for table in tables if table.is_sliced]
    late: set[str] = {table.name for table in sliced}
    after = []
    for table in tables:
        if not table.is_sliced and late & set(table.inputs):
            late.add(table.name)
            after.append(table)
    whole = {table.name for table in after} | collected(tables)
    for table in sliced:
        if wrong := sorted(whole & set(table.inputs)):
            raise Defect(f"{table.name}.sql is made by groups of people, {', '.join(wrong)} after all groups")
    before = [table for table in tables if table.name not in late]
    return before, sliced, after


def collected(tables: Sequence[Table]) -> frozenset[str]:
    """Names of the tables made by groups that outlive their group."""
    wanted = {name for table in tables if not table.is_sliced for name in table.inputs}
    return frozenset(t.name for t in tables if t.is_sliced and (t.is_mart or t.name in wanted))


def groups(connection: duckdb.DuckDBPyConnection) -> list[Places]:
    """Place ids of whole districts with about :data:`SLICE_PEOPLE` people in each group.

    A district is never cut, nor are the people without one (known from a record only): a city whose records come
    before its register is one group.
    """
    found: list[list[int]] = []
    filled = 0
    for count, places in rows(
        connection,
        """select sum(coalesce(n.people, 0))::bigint, list(p.place_id order by p.place_id) from rule_place p
           left join (select place_id, count(*) as people from core_person group by place_id) n using (place_id)
           group by p.district_code order by p.district_code nulls first""",
    ):
        if not found or (filled and filled + count > SLICE_PEOPLE):
            found.append([])
            filled = 0
        found[-1] += places
        filled += count
    return list(found)


def run(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    parameters: Mapping[str, Any],
    *,
    keep: frozenset[str],
    slices: Sequence[Places],
    progress: Callable[[str], None] = lambda name: None,
) -> list[TableRun]:
    """Make ``tables`` of one group of places after another; those of ``keep`` are in ``core.main`` afterwards."""
    total: dict[str, TableRun] = {}
    inputs = sorted({name for table in tables for name in table.inputs} - {table.name for table in tables})
    people = [name for name in inputs if _has_people(connection, name)]
    parts = _parts(slices)
    for number, part in enumerate(parts, start=1):
        of = f" {number}/{len(parts)}" if len(parts) > 1 else ""
        with _only(connection, people, part):
            for table in tables:
                progress(table.name + of)
                made = shadows.make(connection, table, parameters, schema=_SLICE)
                earlier = total.get(table.name, TableRun(table.name, 0, 0.0))
                total[table.name] = TableRun(
                    table.name, earlier.rows + made.rows, earlier.seconds + made.seconds
                )
                if table.name in keep:
                    _collect(connection, table.name, first=number == 1)
    return list(total.values())


def _parts(slices: Sequence[Places]) -> list[Places | None]:
    """What the groups are: everybody; or those of some places, and at last whoever is in none (no place).

    Whoever is in no register and has no record is in no place, but has rows all the same.
    """
    return [None] if len(slices) == 1 else [*slices, ()]


def _collect(connection: duckdb.DuckDBPyConnection, name: str, *, first: bool) -> None:
    start = f"create or replace table {CORE}.main.{name} as" if first else f"insert into {CORE}.main.{name}"
    rows(connection, f"{start} from {_SLICE}.{name}")


def _has_people(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    return any(column == _PERSON for column, *_ in rows(connection, f"describe {name}"))


@contextmanager
def _only(
    connection: duckdb.DuckDBPyConnection, inputs: Sequence[str], places: Places | None
) -> Iterator[None]:
    """Let the names of tables of people stand for the people of some places; none: of no place; ``None``: everybody."""
    rows(connection, f"create schema {_SLICE}")
    rows(connection, f"set search_path = '{_SLICE},{CORE}.main,{CATALOG}.main'")
    if places is not None:
        _views(connection, inputs, places)
    yield
    rows(connection, f"set search_path = '{CORE}.main,{CATALOG}.main'")
    rows(connection, f"drop schema {_SLICE} cascade")


def _views(connection: duckdb.DuckDBPyConnection, inputs: Sequence[str], places: Places) -> None:
    wanted, join = (" where place_id in (select unnest($places))", "semi") if places else ("", "anti")
    rows(
        connection,
        f"create table {_SLICE}.slice_person as select {_PERSON} from {CORE}.main.core_person{wanted}",
        {"places": list(places)} if places else None,
    )
    for name in inputs:
        rows(
            connection,
            f"""create view {_SLICE}.{name} as
                select t.* from {CORE}.main.{name} t {join} join {_SLICE}.slice_person using ({_PERSON})""",
        )
