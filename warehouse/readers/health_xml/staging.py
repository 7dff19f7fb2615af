"""From one file to staged tables: visits sent again give way to the later, and a person has one row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from warehouse.contracts import load_contracts
from warehouse.errors import Defect
from warehouse.readers.health_xml import account, contents
from warehouse.readers.health_xml.account import Account
from warehouse.readers.health_xml.batches import COLUMNS, Batches
from warehouse.readers.health_xml.envelope import Envelope
from warehouse.readers.staged import Staged, StagedTable

_WORK = "health_xml_work"
#: Versions of a visit: any two whole ones are alike, and a broken one is older than they are.
_WHOLE, _BROKEN = "1970-01-01", "-infinity"
_NEWEST = (
    "row_number() over (partition by {key} order by try_cast(_at as timestamp) desc nulls last, _row desc)"
)
#: Tables that name a visit, and how.
_NAMES_OF_VISITS = {
    "encounter": "encounter_id",
    "medication": "encounter_ref",
    "measurement": "encounter_ref",
}
#: Tables of people -> what has one row.
_OF_PEOPLE = {"resident": "person_ref", "insurance_spell": "person_ref, from_date"}


def stage(connection: duckdb.DuckDBPyConnection, path: Path, *, prefix: str = "staged") -> Staged:
    """Make the temporary tables ``<prefix>_<table>`` of one file: text columns of the contract, and ``_row``.

    Facilities get no row: a visit knows of one no more than its code, which would contradict the row of a register.

    ``_row`` is the number of the HOSO in the file from 1. ``records`` counts visits of which something could be read;
    a visit has one bad record for all its broken parts, whose other parts arrive. Raises :class:`UserError` when the
    file is refused whole; then no table is left.
    """
    if not prefix.isidentifier():
        raise Defect(f"{prefix!r} cannot begin the name of a table")
    counts = Account()
    try:
        batches = Batches(connection, prefix)
        envelope = Envelope(path)
        for visit in envelope.visits():
            batches.add(visit.row, contents.read(visit, envelope.name, counts))
        batches.close()
        counts.set_aside(account.VISIT, account.SENT_AGAIN, _drop_earlier(connection, batches))
        versions = _versions(connection, batches, prefix)
        tables = [_settled(connection, batches, table) for table in COLUMNS]
    except BaseException:
        for table in (*COLUMNS, "version"):
            _run(connection, f"drop table if exists {prefix}_{table}")
        raise
    finally:
        _run(connection, f"drop table if exists {_WORK}")
    return Staged(
        tables=tuple(table for table in tables if table is not None),
        bad=tuple(counts.bad),
        records={account.VISIT: counts.visits} if counts.visits else {},
        set_aside=counts.told(),
        versions=versions,
    )


def _drop_earlier(connection: duckdb.DuckDBPyConnection, batches: Batches) -> int:
    """Delete the rows of visits that come again later in the file. Returns how many visits.

    One whose person could not be read gives way to a whole one, wherever that stands.
    """
    _run(
        connection,
        f"""create or replace temp table {_WORK} as
            with named(visit, _row, is_whole) as ({_named(batches)}),
            sent as (select visit, _row, bool_or(is_whole) as is_whole from named group by visit, _row)
            select _row from sent
            qualify row_number() over (partition by visit order by is_whole desc, _row desc) > 1""",
    )
    [(count,)] = _run(connection, f"select count(*) from {_WORK}")
    for table in COLUMNS if count else ():
        _run(connection, f"delete from {batches.relation(table)} where _row in (select _row from {_WORK})")
    return int(count)


def _named(batches: Batches) -> str:
    """The visits of the file: their name, their number, and whether their person could be read."""
    return " union ".join(
        f"select {key}, _row, person_ref is not null from {batches.relation(table)} where {key} is not null"
        for table, key in _NAMES_OF_VISITS.items()
    )


def _versions(connection: duckdb.DuckDBPyConnection, batches: Batches, prefix: str) -> str:
    """The visits, and when they began: so the newest row of somebody is told from older ones in other files.

    Senders do not number versions: of a visit in several files the newest file's counts, but for one whose person
    could not be read. That one is older than all others, which are alike.
    """
    relation = f"{prefix}_version"
    _run(
        connection,
        f"""create or replace temp table {relation} as
            with named(visit, _row, is_whole) as ({_named(batches)}),
            began as (select _row, max(started_at) as moment from {batches.relation("encounter")} group by all)
            select
                _row,
                'visit/' || visit as record,
                if(bool_or(is_whole), '{_WHOLE}', '{_BROKEN}') as version,
                true as is_dated,
                min(moment) as moment
            from named left join began using (_row) group by _row, visit""",
    )
    return relation


def _settled(connection: duckdb.DuckDBPyConnection, batches: Batches, table: str) -> StagedTable | None:
    """One row a person where there can be one only; without the column that served for that. None when empty."""
    relation = batches.relation(table)
    if table in _OF_PEOPLE:
        newest = _NEWEST.format(key=_OF_PEOPLE[table])
        kept = f"select * from {relation} qualify person_ref is null or {newest} = 1"
        _run(connection, f"create or replace temp table {_WORK} as {kept}")
        _run(connection, f"drop table {relation}")
        _run(connection, f"create temp table {relation} as select * exclude (_at) from {_WORK}")
    return _offered(connection, table, relation)


def _offered(connection: duckdb.DuckDBPyConnection, table: str, relation: str) -> StagedTable | None:
    if not _run(connection, f"select 1 from {relation} limit 1"):
        _run(connection, f"drop table {relation}")
        return None
    there = {row[0] for row in _run(connection, f"describe {relation}")}
    columns = tuple(name for name in load_contracts()[table].names if name in there)
    return StagedTable(table=table, relation=relation, columns=columns)


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()
