"""Settling: what other files have too is taken out: rows whose key came before, and records of which another file has a
later version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from warehouse import repeats
from warehouse.contracts import Contract, load_contracts
from warehouse.database import rows
from warehouse.errors import Defect
from warehouse.landing import Landed, date_range
from warehouse.quarantine import MALFORMED, QUARANTINE_DETAIL_LIMIT, Numbers, conflict, counted, keep
from warehouse.readers import formats
from warehouse.readers.scan import NO_TABLE

_PARTICULARS = "select r.person_key, r.source, r.sex, r.birth_month_index from raw_resident r"


@dataclass(frozen=True, kw_only=True)
class Settled:
    """Files as they count, and what to tell of them."""

    landed: tuple[Landed, ...]
    notes: tuple[str, ...]


def settle(connection: duckdb.DuckDBPyConnection, landed: Sequence[Landed]) -> Settled:
    """Take out the rows whose key another file brought, and count them: of files just landed those an earlier file
    had, of files of records those of which another file has a later version.
    """
    if not landed:
        return Settled(landed=(), notes=())
    settled = {item.file_id: item for item in landed}
    parts = [
        repeats.Part(
            file_id=item.file_id,
            table=item.table,
            name=item.logical_name,
            format=item.format,
            sender=item.sender,
        )
        for item in landed
    ]
    repeats.put_parts(connection, parts)
    rows(connection, f"create temp table landing_gone as {_PARTICULARS} limit 0")
    for step in repeats.steps(connection, parts):
        settled = _settle_step(connection, settled, step)
    notes = _changed_people(connection)
    for table in ("landing_part", "landing_gone"):
        rows(connection, f"drop table {table}")
    return Settled(landed=tuple(settled.values()), notes=notes)


def _settle_step(
    connection: duckdb.DuckDBPyConnection, settled: dict[int, Landed], step: repeats.Step
) -> dict[int, Landed]:
    """The files after those of one step were held against all before them."""
    if repeats.mark_older(connection, step):
        for contract in load_contracts().values():
            if repeats.mark_of_older(connection, contract):
                settled = _without_later(connection, contract, settled)
        rows(connection, "drop table landing_older")
    tables = {item.table for item in settled.values() if step.first <= item.file_id <= step.last}
    for table in sorted(tables - {NO_TABLE}):
        contract = load_contracts()[table]
        if repeats.mark_superseded(connection, contract, step):
            settled = _without_later(connection, contract, settled)
        if repeats.mark_across(connection, contract, step):
            _keep_particulars(connection, contract)
            for file_id, again, same in rows(
                connection,
                """select _file_id, count(*), count(*) filter (is_same)
                   from landing_repeat group by _file_id order by _file_id""",
            ):
                settled[file_id] = _without(connection, contract, settled[file_id], again, same)
            rows(connection, "drop table landing_repeat")
    return settled


def _keep_particulars(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """``landing_gone``: what rows of people in ``landing_repeat`` say of them, before they go."""
    if contract.table == "resident":
        there = "exists (from landing_repeat n where n._file_id = r._file_id and n._row = r._row)"
        rows(connection, f"insert into landing_gone {_PARTICULARS} where {there}")


def _changed_people(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """What to tell where somebody's row went and the one that stays tells of somebody else, as it seems."""
    [(people,)] = rows(
        connection,
        """select count(distinct g.person_key) from landing_gone g
           inner join raw_resident r on r.person_key = g.person_key and r.source = g.source
           where (g.sex <> r.sex and g.sex <> 'unknown' and r.sex <> 'unknown')
               or g.birth_month_index // 12 <> r.birth_month_index // 12""",
    )
    told = f"{people} people came again with another sex or year of birth: two senders may use the same ids"
    return (f"{told}; give each a scope in manifest.toml",) if people else ()


def _without_later(
    connection: duckdb.DuckDBPyConnection, contract: Contract, settled: dict[int, Landed]
) -> dict[int, Landed]:
    """The files without the rows in ``landing_repeat``, for which later ones stand; counted as their duplicates."""
    table = contract.table
    _keep_particulars(connection, contract)
    gone = rows(connection, "select _file_id, count(*) from landing_repeat group by all order by all")
    rows(
        connection,
        f"""delete from raw_{table} where exists (from landing_repeat n
            where n._file_id = raw_{table}._file_id and n._row = raw_{table}._row)""",
    )
    rows(connection, "drop table landing_repeat")
    for file_id, again in gone:
        if item := settled.get(file_id):
            first, last = date_range(connection, contract, file_id, until=item.as_of)
            settled[file_id] = replace(
                item,
                accepted=item.accepted - again,
                duplicate=item.duplicate + again,
                first_date=first,
                last_date=last,
            )
        else:
            _count_less(connection, contract, file_id, again)
    return settled


def _count_less(connection: duckdb.DuckDBPyConnection, contract: Contract, file_id: int, again: int) -> None:
    """A file that was loaded before, after ``again`` of its rows went as duplicates."""
    number = {"file_id": file_id}
    [(as_of,)] = rows(connection, "select as_of from meta_file where file_id = $file_id", number)
    first, last = date_range(connection, contract, file_id, until=as_of)
    rows(
        connection,
        """update meta_file set accepted = accepted - $again, duplicate = duplicate + $again,
           first_date = $first, last_date = $last where file_id = $file_id""",
        {**number, "again": again, "first": first, "last": last},
    )


def _without(
    connection: duckdb.DuckDBPyConnection, contract: Contract, item: Landed, again: int, same: int
) -> Landed:
    """The file without its rows in ``landing_repeat``: ``again`` of them, ``same`` equal to the row that stays."""
    number = {"file_id": item.file_id}
    [(taken,)] = rows(
        connection,
        f"""delete from raw_{contract.table} where _file_id = $file_id
            and _row in (select _row from landing_repeat where _file_id = $file_id)""",
        number,
    )
    if taken != again:
        raise Defect(f"{taken} of {again} repeated rows of {item.file_name} were taken out")
    malformed = rows(
        connection,
        "select row_number from meta_quarantine where file_id = $file_id and rule = $rule order by all",
        {**number, "rule": MALFORMED},
    )
    numbers = Numbers(formats.rows_per_record(item.format), [row for (row,) in malformed])
    differing = rows(
        connection,
        """select _row from landing_repeat where _file_id = $file_id and not is_same
           order by _row limit $limit""",
        {**number, "limit": QUARANTINE_DETAIL_LIMIT},
    )
    conflicts = [conflict(contract, item.file_id, numbers.of(row)) for (row,) in differing]
    keep(connection, conflicts)
    first, last = date_range(connection, contract, item.file_id, until=item.as_of)
    return replace(
        item,
        accepted=item.accepted - again,
        quarantined=item.quarantined + again - same,
        duplicate=item.duplicate + same,
        repeats_of_others=item.repeats_of_others + again,
        first_date=first,
        last_date=last,
        reasons=counted(item.reasons, conflicts),
    )
