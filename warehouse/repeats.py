"""Rows that come again: of all rows with one key the first stays, in the order of files, then of rows.

Senders of records (FHIR, health XML) send a record again when it has changed: of those the newest file's row stays.

The cheap question (is any key repeated?) comes first, since it nearly never is.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from warehouse import casting
from warehouse.contracts import PERSON, Contract
from warehouse.database import rows


def mark_within(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """``landing_repeat``: rows of ``landing_row`` whose key came before in the same file."""
    key = _key(contract)
    rows(connection, "create temp table landing_repeat (_row bigint, is_same boolean)")
    repeated = f"select {key} from landing_row where _fault is null group by all having count(*) > 1"
    if not rows(connection, f"{repeated} limit 1"):
        return
    content = ", ".join(expression for _, expression in casting.stored_columns(contract).values())
    candidate = f"""select {key}, 1 as _file_id, _row, hash({content}) as content from landing_row
        where _fault is null and ({key}) in (select ({key}) from ({repeated}))"""
    rows(connection, f"insert into landing_repeat select _row, is_same from ({_later(key, candidate)})")


def mark_across(connection: duckdb.DuckDBPyConnection, contract: Contract, *, first_new: int) -> bool:
    """Rows of files from number ``first_new`` on whose key a file before them brought: are there any?

    They are in ``landing_repeat`` then: ``_file_id``, ``_row``, and ``is_same`` when all stored columns are equal to
    those of the row that stays.
    """
    key, table = _key(contract), f"raw_{contract.table}"
    new, old = f"from {table} where _file_id >= $first_new", f"from {table} where _file_id < $first_new"
    repeated = f"""(select {key} {new} group by all having count(*) > 1) union all
        (select {key} {old} and ({key}) in (select ({key}) {new}))"""
    number = {"first_new": first_new}
    if not rows(connection, f"select 1 from ({repeated}) limit 1", number):
        return False
    content = ", ".join(f'"{name}"' for name in casting.stored_columns(contract))
    candidate = f"""select {key}, _file_id, _row, hash({content}) as content from {table}
        where ({key}) in (select ({key}) from ({repeated}))"""
    found = f"{_later(key, candidate)} and _file_id >= $first_new"
    rows(connection, f"create temp table landing_repeat as {found}", number)
    return True


def mark_superseded(
    connection: duckdb.DuckDBPyConnection, contract: Contract, *, first_new: int, telling: Sequence[int]
) -> bool:
    """Rows of files of records whose key a later one of them brought again: are there any?

    ``telling``: numbers of all files of records. They are in ``landing_repeat`` then: ``_file_id`` and ``_row``.
    """
    key, table = _key(contract), f"raw_{contract.table}"
    among = "_file_id in (select unnest($telling::integer[]))"
    repeated = f"""select {key} from {table} where {among} group by all
        having count(distinct _file_id) > 1 and max(_file_id) >= $first_new"""
    values = {"telling": list(telling), "first_new": first_new}
    if not telling or not rows(connection, f"select 1 from ({repeated}) limit 1", values):
        return False
    rows(
        connection,
        f"""create temp table landing_repeat as select _file_id, _row from (
                select _file_id, _row, max(_file_id) over (partition by {key}) as newest
                from {table} where {among} and ({key}) in (select ({key}) from ({repeated})))
            where _file_id < newest""",
        values,
    )
    return True


def _later(key: str, candidate: str) -> str:
    return f"""select _file_id, _row, content = kept as is_same from (
            select *, row_number() over earlier as place, first_value(content) over earlier as kept
            from ({candidate}) window earlier as (partition by {key} order by _file_id, _row))
        where place > 1"""


def _key(contract: Contract) -> str:
    return ", ".join(_stored(contract, name) for name in contract.key)


def _stored(contract: Contract, name: str) -> str:
    if name == PERSON:
        return "person_key"
    return f'"{name}_key"' if contract.column(name).pseudonymised else f'"{name}"'
