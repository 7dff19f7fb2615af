"""Rows that come again: of all rows with one key the first stays, in the order of files, then of rows.

Senders of records (FHIR, health XML) send a record again when it has changed, or to take it back. Of one record the
last version counts, whatever file it came in, with all its rows or none; of rows of one key that are of different
records (somebody's particulars in each of their visits) the last record's. That holds among files of one sender:
where manifests state two, the first row stays there too, and the other is told as a conflict.

The cheap question (is any key repeated?) comes first, since it nearly never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

import duckdb

from warehouse import casting
from warehouse.contracts import PERSON, Contract, load_contracts
from warehouse.database import rows
from warehouse.readers import formats
from warehouse.readers.scan import NO_TABLE


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


def mark_across(connection: duckdb.DuckDBPyConnection, contract: Contract, step: Step) -> bool:
    """Rows of files of a step whose key a file before them brought: are there any?

    They are in ``landing_repeat`` then: ``_file_id``, ``_row``, and ``is_same`` when all stored columns are equal to
    those of the row that stays.
    """
    key, table = _key(contract), f"raw_{contract.table}"
    new = f"from {table} where _file_id between $first_new and $last"
    old = f"from {table} where _file_id < $first_new"
    repeated = f"""(select {key} {new} group by all having count(*) > 1) union all
        (select {key} {old} and ({key}) in (select ({key}) {new}))"""
    numbers = {"first_new": step.first, "last": step.last}
    if not rows(connection, f"select 1 from ({repeated}) limit 1", numbers):
        return False
    content = ", ".join(f'"{name}"' for name in casting.stored_columns(contract))
    candidate = f"""select {key}, _file_id, _row, hash({content}) as content from {table}
        where ({key}) in (select ({key}) from ({repeated})) and _file_id <= $last"""
    found = f"{_later(key, candidate)} and _file_id >= $first_new"
    rows(connection, f"create temp table landing_repeat as {found}", numbers)
    return True


@dataclass(frozen=True, kw_only=True)
class Part:
    """One table of a file that is about to count; ``sender``: whose it is, where that is stated."""

    file_id: int
    table: str
    name: str
    format: str
    sender: str | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """Files to settle together, by their numbers; ``is_alone``: one file, because senders differ (``sender``: its)."""

    first: int
    last: int
    is_alone: bool = False
    sender: str | None = None


def put_parts(connection: duckdb.DuckDBPyConnection, landed: Iterable[Part]) -> None:
    """``landing_part``: the tables of files of records that are loaded or ``landed``.

    A file that tells of several tables has a number for each; its records stand under the first, ``delivery``.
    """
    rows(
        connection,
        """create temp table landing_given (
            file_id integer, table_name text, name text, format text, sender text)""",
    )
    for part in landed:
        connection.execute("insert into landing_given values (?, ?, ?, ?, ?)", list(astuple(part))).fetchall()
    rows(
        connection,
        """create temp table landing_part as
            select file_id, table_name, sender, min(file_id) over (partition by name) as delivery from (
                from landing_given
                union all select file_id, table_name, logical_name, format, sender from meta_file)
            where list_contains($telling, format)""",
        {"telling": list(formats.TELLING)},
    )
    rows(connection, "drop table landing_given")


def steps(connection: duckdb.DuckDBPyConnection, landed: Sequence[Part]) -> list[Step]:
    """What to settle together: everything, unless two stated senders use one key. Which of their rows stays depends
    on who came first, so then files are settled one after another, as if each had come in a build of its own.
    """
    first_new = min(part.file_id for part in landed)
    if not _is_mixed(connection, {part.table for part in landed}, first_new):
        return [Step(first=first_new, last=max(part.file_id for part in landed))]
    of_files: dict[str, list[Part]] = {}
    for part in sorted(landed, key=lambda one: one.file_id):
        of_files.setdefault(part.name, []).append(part)
    return [
        Step(first=parts[0].file_id, last=parts[-1].file_id, is_alone=True, sender=parts[0].sender)
        for parts in of_files.values()
    ]


def _is_mixed(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], first_new: int) -> bool:
    """Does a new file of records bring a key that a file of another stated sender has?"""
    if not rows(connection, "select 1 from landing_part having count(distinct sender) > 1"):
        return False
    keys = {
        f"raw_{table}": ("_file_id", _names(load_contracts()[table])) for table in tables if table != NO_TABLE
    }
    keys["meta_record"] = ("file_id", ["record_key"])
    return any(
        rows(connection, _brought_by_two(table, number, names), {"first_new": first_new})
        for table, (number, names) in sorted(keys.items())
    )


def _brought_by_two(table: str, number: str, names: Sequence[str]) -> str:
    key, told = ", ".join(names), ", ".join(f"r.{name}" for name in names)
    return f"""select {told} from {table} r inner join landing_part p on p.file_id = r.{number}
        where ({told}) in (select ({key}) from {table} where {number} >= $first_new)
        group by all having count(distinct p.sender) > 1 limit 1"""


def mark_older(connection: duckdb.DuckDBPyConnection, step: Step) -> bool:
    """Records of which another file has a later version, or the same and came later: are there any?

    Only where one of both is a file of the step. They are in ``landing_older`` then (``delivery``, ``record_number``,
    ``by_file``: which has the later one), and no longer among the records of their file. A version without a moment is
    later than all that came before it: it stands with the last moment of those from then on.
    """
    numbers = {"first_new": step.first, "last": step.last}
    contested = """select record_key from meta_record where file_id <= $last
        group by all having count(*) > 1 and max(file_id) >= $first_new"""
    if not rows(connection, f"select 1 from ({contested}) limit 1", numbers):
        return False
    fits, values = _of_one_sender("file_id", step)
    rows(
        connection,
        f"""create temp table landing_contest as select * replace (
                if(is_dated or file_id < $first_new, version, max(version) over (
                    partition by record_key order by file_id rows unbounded preceding)) as version)
            from meta_record where record_key in ({contested}) and file_id <= $last {fits}""",
        {**numbers, **values},
    )
    ranked = """select record_key, file_id as delivery, record_number,
            row_number() over last as place, first_value(file_id) over last as winner
        from landing_contest
        window last as (partition by record_key order by version desc nulls last, is_dated, file_id desc)"""
    beaten, values = _beaten(ranked, "record_key", step)
    rows(connection, f"create temp table landing_older as {beaten}", values)
    _settle_records(connection, step.first)
    return True


def _settle_records(connection: duckdb.DuckDBPyConnection, first_new: int) -> None:
    """Take what ``landing_older`` has out of ``meta_record``; new versions without a moment keep what they got."""
    rows(
        connection,
        """update meta_record set version = c.version from landing_contest c
            where c.file_id = meta_record.file_id and c.record_number = meta_record.record_number
                and not c.is_dated and c.file_id >= $first_new""",
        {"first_new": first_new},
    )
    rows(
        connection,
        """delete from meta_record where exists (from landing_older o
            where o.delivery = meta_record.file_id and o.record_number = meta_record.record_number)""",
    )
    rows(connection, "drop table landing_contest")
    _remember_hidden(connection, "landing_older")


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


def mark_superseded(connection: duckdb.DuckDBPyConnection, contract: Contract, step: Step) -> bool:
    """Rows of files of records whose key another record brought in another of them, which is later: are there any?

    Later: by when the record was, else by the order of files. They are in ``landing_repeat`` then: ``_file_id``,
    ``_row``.
    """
    key, table = _key(contract), f"raw_{contract.table}"
    among = "_file_id in (select file_id from landing_part) and _file_id <= $last"
    repeated = f"""select {key} from {table} where {among} group by all
        having count(distinct _file_id) > 1 and max(_file_id) >= $first_new"""
    numbers = {"first_new": step.first, "last": step.last}
    if not rows(connection, f"select 1 from ({repeated}) limit 1", numbers):
        return False
    names = _names(contract)
    both = " and ".join(f"k.{name} is not distinct from r.{name}" for name in names)
    fits, values = _of_one_sender("p.delivery", step)
    rows(
        connection,
        f"""create temp table landing_contest as select {", ".join(f"r.{name}" for name in names)},
                r._file_id, r._row, p.delivery, m.moment
            from {table} r
            inner join ({repeated}) k on {both}
            inner join landing_part p on p.file_id = r._file_id
            left join meta_record m on m.file_id = p.delivery and m.record_number = r._row // $size
            where r._file_id <= $last {fits}""",
        {**numbers, **values, "size": formats.ROWS_PER_RECORD},
    )
    ranked = f"""select *, row_number() over last as place, first_value(delivery) over last as winner
        from landing_contest
        window last as (partition by {key} order by moment desc nulls last, _file_id desc, _row)"""
    beaten, values = _beaten(ranked, key, step)
    rows(connection, f"create temp table landing_repeat as {beaten}", values)
    rows(connection, "drop table landing_contest")
    _remember_hidden(connection, "landing_repeat")
    return _any_repeat(connection)


def _of_one_sender(column: str, step: Step) -> tuple[str, dict[str, object]]:
    """SQL that leaves records of other stated senders alone, and its parameter; ``column``: number of a delivery."""
    if step.sender is None or not step.is_alone:
        return "", {}
    fits = "select delivery from landing_part where coalesce(sender, $sender) = $sender"
    return f"and {column} in ({fits})", {"sender": step.sender}


def _beaten(ranked: str, key: str, step: Step) -> tuple[str, dict[str, object]]:
    """SQL of those among ``ranked`` for which another stands, ``by_file``, and its parameters.

    In a step of one file all others were settled among themselves (two senders' may both stand, with a file that
    states none between them): the new one gives way to what is later, and what is earlier gives way to it.
    """
    if not step.is_alone:
        return f"select *, winner as by_file from ({ranked}) where place > 1", {}
    placed = f"""select *, max(place) filter (delivery = $first_new) over (partition by {key}) as new_place
        from ({ranked})"""
    by_file = "if(delivery = $first_new, winner, $first_new)::integer as by_file"
    beaten = f"select *, {by_file} from ({placed}) where place > 1 and place >= new_place"
    return beaten, {"first_new": step.first}


def _remember_hidden(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Which file lost records or rows to which: without the other one they would have to be looked at again."""
    found = f"select distinct delivery, by_file from {table} where by_file <> delivery"
    rows(connection, f"insert into meta_hidden {found} except select file_id, by_file from meta_hidden")


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
