"""Rows that come again: of all rows with one key the first stays, in the order of files, then of rows.

Senders of records (FHIR, health XML) send a record again when it has changed, or to take it back. Of one record the
last version counts, whatever file it came in, with all its rows or none; of rows of one key that are of different
records (somebody's particulars in each of their visits) the last record's.

The cheap question (is any key repeated?) comes first, since it nearly never is.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from warehouse import casting
from warehouse.contracts import PERSON, Contract
from warehouse.database import rows
from warehouse.readers import formats


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


def put_parts(connection: duckdb.DuckDBPyConnection, landed: Iterable[tuple[int, str, str, str]]) -> None:
    """``landing_part``: the tables of files of records that are loaded or ``landed`` (number, table, file, format).

    A file that tells of several tables has a number for each; its records stand under the first, ``delivery``.
    """
    rows(
        connection,
        "create temp table landing_given (file_id integer, table_name text, name text, format text)",
    )
    for part in landed:
        connection.execute("insert into landing_given values (?, ?, ?, ?)", list(part)).fetchall()
    rows(
        connection,
        """create temp table landing_part as
            select file_id, table_name, min(file_id) over (partition by name) as delivery from (
                from landing_given union all select file_id, table_name, logical_name, format from meta_file)
            where list_contains($telling, format)""",
        {"telling": list(formats.TELLING)},
    )
    rows(connection, "drop table landing_given")


def mark_older(connection: duckdb.DuckDBPyConnection, *, first_new: int) -> bool:
    """Records of which another file has a later version, or the same and came later: are there any?

    Only where one of both is a file from ``first_new`` on. They are in ``landing_older`` then (``delivery``,
    ``record_number``), and no longer among the records of their file.
    """
    new = {"first_new": first_new}
    contested = (
        "select record_key from meta_record group by all having count(*) > 1 and max(file_id) >= $first_new"
    )
    if not rows(connection, f"select 1 from ({contested}) limit 1", new):
        return False
    rows(
        connection,
        f"""create temp table landing_older as select file_id as delivery, record_number from (
                select *, row_number() over (
                    partition by record_key order by version desc nulls last, file_id desc) as place
                from meta_record where record_key in ({contested}))
            where place > 1""",
        new,
    )
    rows(
        connection,
        """delete from meta_record where exists (from landing_older o
            where o.delivery = meta_record.file_id and o.record_number = meta_record.record_number)""",
    )
    return True


def mark_of_older(connection: duckdb.DuckDBPyConnection, contract: Contract) -> bool:
    """Rows of the records in ``landing_older``: are there any? In ``landing_repeat`` then: ``_file_id``, ``_row``."""
    rows(
        connection,
        f"""create temp table landing_repeat as select r._file_id, r._row from raw_{contract.table} r
            inner join landing_part p on p.file_id = r._file_id and p.table_name = $table
            inner join landing_older o on o.delivery = p.delivery and o.record_number = r._row // $size""",
        {"table": contract.table, "size": formats.ROWS_PER_RECORD},
    )
    return _any_repeat(connection)


def mark_superseded(connection: duckdb.DuckDBPyConnection, contract: Contract, *, first_new: int) -> bool:
    """Rows of files of records whose key another record brought in another of them, which is later: are there any?

    Later: by when the record was, else by the order of files. They are in ``landing_repeat`` then: ``_file_id``,
    ``_row``.
    """
    key, table = _key(contract), f"raw_{contract.table}"
    among = "_file_id in (select file_id from landing_part)"
    repeated = f"""select {key} from {table} where {among} group by all
        having count(distinct _file_id) > 1 and max(_file_id) >= $first_new"""
    values = {"first_new": first_new}
    if not rows(connection, f"select 1 from ({repeated}) limit 1", values):
        return False
    names = _names(contract)
    both = " and ".join(f"k.{name} is not distinct from r.{name}" for name in names)
    rows(
        connection,
        f"""create temp table landing_repeat as select _file_id, _row from (
                select r._file_id, r._row, row_number() over (
                    partition by {", ".join(f"r.{name}" for name in names)}
                    order by m.moment desc nulls last, r._file_id desc, r._row) as place
                from {table} r
                inner join ({repeated}) k on {both}
                inner join landing_part p on p.file_id = r._file_id
                left join meta_record m on m.file_id = p.delivery and m.record_number = r._row // $size)
            where place > 1""",
        {**values, "size": formats.ROWS_PER_RECORD},
    )
    return _any_repeat(connection)


def drop_records(connection: duckdb.DuckDBPyConnection, contract: Contract, where: str) -> None:
    """Take the records whose rows are about to go out of ``meta_record``; needs ``landing_part``."""
    rows(
        connection,
        f"""delete from meta_record where exists (
                from raw_{contract.table} r inner join landing_part p on p.file_id = r._file_id
                where {where} and p.delivery = meta_record.file_id
                    and r._row // $size = meta_record.record_number)""",
        {"size": formats.ROWS_PER_RECORD},
    )


def _any_repeat(connection: duckdb.DuckDBPyConnection) -> bool:
    """False without rows in ``landing_repeat``, which is gone then."""
    if rows(connection, "select 1 from landing_repeat limit 1"):
        return True
    rows(connection, "drop table landing_repeat")
    return False


def _later(key: str, candidate: str) -> str:
    return f"""select _file_id, _row, content = kept as is_same from (
            select *, row_number() over earlier as place, first_value(content) over earlier as kept
            from ({candidate}) window earlier as (partition by {key} order by _file_id, _row))
        where place > 1"""


def _key(contract: Contract) -> str:
    return ", ".join(_names(contract))


def _names(contract: Contract) -> list[str]:
    return [_stored(contract, name) for name in contract.key]


def _stored(contract: Contract, name: str) -> str:
    if name == PERSON:
        return "person_key"
    return f'"{name}_key"' if contract.column(name).pseudonymised else f'"{name}"'
