"""Settling: what other files have too is taken out: rows whose key came before, and records of which another file has a
later version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from warehouse import repeats
from warehouse.contracts import Contract, load_contracts
from warehouse.database import rows
from warehouse.errors import Defect
from warehouse.landing import Landed, date_range
from warehouse.quarantine import MALFORMED, QUARANTINE_DETAIL_LIMIT, Numbers, conflict, counted, keep
from warehouse.readers import formats
from warehouse.readers.scan import NO_TABLE


def settle(connection: duckdb.DuckDBPyConnection, landed: Sequence[Landed]) -> list[Landed]:
    """Take out the rows whose key another file brought, and count them: of files just landed those an earlier file
    had, of files of records those of which another file has a later version.
    """
    if not landed:
        return []
    first_new = min(item.file_id for item in landed)
    settled = {item.file_id: item for item in landed}
    repeats.put_parts(
        connection, ((item.file_id, item.table, item.logical_name, item.format) for item in landed)
    )
    if repeats.mark_older(connection, first_new=first_new):
        for contract in load_contracts().values():
            if repeats.mark_of_older(connection, contract):
                settled = _without_later(connection, contract, settled)
        rows(connection, "drop table landing_older")
    for table in sorted({item.table for item in landed} - {NO_TABLE}):
        contract = load_contracts()[table]
        if repeats.mark_superseded(connection, contract, first_new=first_new):
            settled = _without_later(connection, contract, settled)
        if repeats.mark_across(connection, contract, first_new=first_new):
            for file_id, again, same in rows(
                connection,
                """select _file_id, count(*), count(*) filter (is_same)
                   from landing_repeat group by _file_id order by _file_id""",
            ):
                settled[file_id] = _without(connection, contract, settled[file_id], again, same)
            rows(connection, "drop table landing_repeat")
    rows(connection, "drop table landing_part")
    return list(settled.values())


def _without_later(
    connection: duckdb.DuckDBPyConnection, contract: Contract, settled: dict[int, Landed]
) -> dict[int, Landed]:
    """The files without the rows in ``landing_repeat``, for which later ones stand; counted as their duplicates."""
    table = contract.table
    gone = rows(connection, "select _file_id, count(*) from landing_repeat group by all order by all")
    rows(
        connection,
        f"""delete from raw_{table} where exists (from landing_repeat n
            where n._file_id = raw_{table}._file_id and n._row = raw_{table}._row)""",
    )
    rows(connection, "drop table landing_repeat")
    for file_id, again in gone:
        if item := settled.get(file_id):
            settled[file_id] = replace(
                item,
                accepted=item.accepted - again,
                duplicate=item.duplicate + again,
                repeats_of_others=item.repeats_of_others + again,
            )
        rows(
            connection,
            """update meta_file set accepted = accepted - $again, duplicate = duplicate + $again,
               repeats_of_others = repeats_of_others + $again where file_id = $file_id""",
            {"again": again, "file_id": file_id},
        )
    return settled


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
