"""Whom landing refuses: people who were forgotten, and their records, by the pseudonyms they were forgotten under.

A pseudonym cannot be made again under a new key, since nothing tells whose it was. So the pseudonym keys from before
are kept (``Keys.retired``), and references that arrive are hashed under each that has tombstones: whoever is known
again is refused by the new pseudonym from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from warehouse import casting
from warehouse.contracts import PERSON, RECORD, Contract
from warehouse.database import FORGOTTEN, FORGOTTEN_BEFORE, FORGOTTEN_RECORD, rows
from warehouse.identity import Keys, hmac_parameters, hmac_sql, reference_parameters, reference_sql
from warehouse.readers.scan import Scan

RULE = "forgotten"
#: What a pseudonym of ``forgotten_before`` is of.
_PERSON_KIND, _RECORD_KIND = "person", "record"
_SAID = "nobody who was forgotten on request"


def put(
    connection: duckdb.DuckDBPyConnection,
    people: Iterable[int],
    records: Iterable[int],
    before: Mapping[int, tuple[Iterable[int], Iterable[int]]],
) -> None:
    """Let landing know whom to refuse. ``before``: place of a retired key -> people and records under it."""
    for table in (FORGOTTEN, FORGOTTEN_RECORD, FORGOTTEN_BEFORE):
        rows(connection, f"delete from {table}")
    for table, keys in ((FORGOTTEN, people), (FORGOTTEN_RECORD, records)):
        rows(connection, f"insert into {table} select unnest($keys::bigint[])", {"keys": list(keys)})
    for place, kinds in before.items():
        for kind, keys in zip((_PERSON_KIND, _RECORD_KIND), kinds, strict=True):
            rows(
                connection,
                f"insert into {FORGOTTEN_BEFORE} select $place, $kind, unnest($keys::bigint[])",
                {"place": place, "kind": kind, "keys": list(keys)},
            )


def recognise(connection: duckdb.DuckDBPyConnection, contract: Contract, scan: Scan, keys: Keys) -> None:
    """Note the pseudonyms of today of those a file brings who were forgotten under a retired key.

    People are those of ``landing_person``. Costs one hash a reference and key, where the key has tombstones.
    """
    for place, kind in rows(connection, f"select distinct place, kind from {FORGOTTEN_BEFORE} order by all"):
        secret = keys.retired[place]
        if kind == _PERSON_KIND and contract.has_person:
            old, values = hmac_sql("retired", "'person:' || ref"), hmac_parameters("retired", secret)
            _note(connection, FORGOTTEN, "person_key", f"landing_person where {old}", place, kind, values)
        elif kind == _RECORD_KIND and contract.has_record and RECORD in scan.kinds:
            text = casting.text_expression(contract.column(RECORD), scan.kinds[RECORD])
            new, old = (reference_sql(name, "ref") for name in ("record", "retired"))
            source = f"(select distinct {text} as ref from {scan.clause}) where ref is not null and {old}"
            [was] = reference_parameters(["record"], secret).values()
            values = reference_parameters(["record"], keys.pseudonym_key) | {"reference_retired": was}
            _note(connection, FORGOTTEN_RECORD, new, source, place, kind, {**scan.parameters, **values})


def _note(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    new: str,
    source: str,
    place: int,
    kind: str,
    values: Mapping[str, object],
) -> None:
    known = f"(select key from {FORGOTTEN_BEFORE} where place = $place and kind = $kind)"
    sql = f"insert into {table} select {new} from {source} in {known}"
    rows(connection, sql, {**values, "place": place, "kind": kind})


def drop_records(
    connection: duckdb.DuckDBPyConnection, contract: Contract, delivery: int, rows_per_record: int
) -> None:
    """Take the records of people who were forgotten out of ``meta_record`` again; their rows are in ``landing_row``."""
    if not contract.has_person or not rows(connection, f"select 1 from {FORGOTTEN} limit 1"):
        return
    rows(
        connection,
        f"""delete from meta_record where file_id = $delivery and record_number in (
            select _row // $size from landing_row where person_key in (select key from {FORGOTTEN}))""",
        {"delivery": delivery, "size": rows_per_record},
    )


def rules(contract: Contract) -> list[casting.Rule]:
    """Rows of people who were forgotten, and of their records, are refused, whoever sends them again."""
    found = []
    if contract.has_person:
        broken = f"p.person_key in (select key from {FORGOTTEN})"
        found.append(casting.Rule(PERSON, RULE, broken, _SAID))
    if contract.has_record:
        broken = f"{RECORD}_key in (select key from {FORGOTTEN_RECORD})"
        found.append(casting.Rule(RECORD, RULE, broken, _SAID))
    return found
