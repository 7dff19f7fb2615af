"""Landing: the rows of one table of a file become rows of ``raw_<table>``, of the linkage store, or of the quarantine.

Nothing is lost silently: accepted + quarantined + duplicate = received, asserted for every file. Identifying values
pass from the scan to the sealed linkage file and rest nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

from warehouse import casting, linkage, repeats, tombstones
from warehouse.contracts import PERSON, TYPES, Contract, load_contracts
from warehouse.database import FORGOTTEN, META_TABLES, rows
from warehouse.errors import Defect, UserError
from warehouse.extract_files import ExtractFile
from warehouse.identity import Keys, hmac_parameters, hmac_sql, reference_parameters, reference_sql
from warehouse.quarantine import Reason, counted, keep, quarantine, unread
from warehouse.readers import formats, tabular
from warehouse.readers.scan import NO_TABLE, Scan
from warehouse.readers.staged import SetAside

_SEALED_CHUNK_ROWS = 1_000_000
_STAGING = ("landing_person", "landing_row", "landing_repeat")


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What became of the rows of one table of a file."""

    file_id: int
    table: str
    format: str
    logical_name: str
    file_name: str
    sha256: str
    as_of: date | None
    """The extract date of its manifest."""
    received: int
    accepted: int
    quarantined: int
    duplicate: int
    repeats_of_others: int
    """Rows, duplicate or in conflict, whose key another file brought first."""
    first_date: date | None
    last_date: date | None
    unknown_columns: tuple[str, ...]
    reasons: tuple[Reason, ...]
    """What was refused."""
    set_aside: tuple[SetAside, ...] = ()
    """Records of the whole file that were read and give no row, with the reason; beside its first table only."""
    sender: str | None = None
    """Who sent it, where its manifest states that."""


def land_file(
    connection: duckdb.DuckDBPyConnection,
    file: ExtractFile,
    source: tabular.Source | None,
    *,
    first_id: int,
    keys: Keys,
    store: Path | None,
) -> list[Landed]:
    """Land a file table by table, numbered from ``first_id``; ``source``: what a plain table was found to be.

    Raises :class:`UserError` when it cannot be read; then nothing of it is left.
    """
    landed: list[Landed] = []
    try:
        for scan in formats.scans(connection, file.task, source):
            file_id = first_id + len(landed)
            part = land(connection, file, scan, file_id=file_id, first_id=first_id, keys=keys, store=store)
            landed.append(replace(part, sender=file.manifest.sender))
    except UserError:
        clear(connection, of=[item.file_id for item in landed])
        raise
    return landed


def land(
    connection: duckdb.DuckDBPyConnection,
    file: ExtractFile,
    scan: Scan,
    *,
    file_id: int,
    first_id: int,
    keys: Keys,
    store: Path | None,
) -> Landed:
    """Land one table of a file, whose first has the number ``first_id``. ``store`` is the folder of sealed linkage
    files, None in a dry run.

    Its rows count once the file is registered; until then they are nobody's, and :func:`clear` takes them away.
    """
    _keep_versions(connection, file_id, scan, keys, file.manifest.scope)
    if scan.table == NO_TABLE:
        return _land_nothing(connection, file, scan, file_id)
    contract = load_contracts()[scan.table]
    scan = _within_scope(contract, scan, file.manifest.scope)
    rules = _stage(connection, contract, file, scan, keys)
    tombstones.drop_records(connection, contract, first_id, formats.rows_per_record(file.format))
    repeats.mark_within(connection, contract)
    if store is not None:
        sealed = store / sealed_name(file.sha256, scan.table, file.format)
        label = sealed.name.removesuffix(linkage.SEALED)
        linkage.seal(sealed, keys.linkage_key, label, _identifiers(connection, contract, scan))
    landed = _move(connection, contract, file, file_id, rules, scan)
    for table in _STAGING:
        rows(connection, f"drop table if exists {table}")
    return landed


def _land_nothing(
    connection: duckdb.DuckDBPyConnection, file: ExtractFile, scan: Scan, file_id: int
) -> Landed:
    """A file whose records give no row: what was not read is told all the same."""
    refused = unread(file_id, scan)
    keep(connection, refused)
    return Landed(
        file_id=file_id,
        table=NO_TABLE,
        format=file.format,
        logical_name=file.logical_name,
        file_name=file.path.name,
        sha256=file.sha256,
        as_of=file.manifest.as_of,
        received=len(scan.bad),
        accepted=0,
        quarantined=len(scan.bad),
        duplicate=0,
        repeats_of_others=0,
        first_date=None,
        last_date=None,
        unknown_columns=(),
        reasons=counted((), refused),
        set_aside=scan.set_aside,
    )


def _keep_versions(
    connection: duckdb.DuckDBPyConnection, file_id: int, scan: Scan, keys: Keys, scope: str | None
) -> None:
    """Which records the file has, and how new: for :mod:`warehouse.settling` to tell what counts."""
    if scan.versions is None:
        return
    moments = ", ".join(f"try_cast({name} as timestamptz)" for name in ("version", "moment"))
    key = reference_sql("version", "$within || record")
    rows(
        connection,
        f"""insert into meta_record (file_id, record_number, record_key, version, moment, is_dated)
            select $file_id, _row, {key}, {moments}, is_dated from {scan.versions}""",
        {
            "file_id": file_id,
            "within": f"{scope}/" if scope else "",
            **reference_parameters(["version"], keys.pseudonym_key),
        },
    )


def _within_scope(contract: Contract, scan: Scan, scope: str | None) -> Scan:
    """The rows with every reference made one of the scope, ``scope/reference``, before anything is made of it."""
    columns = [
        column
        for column in contract.columns
        if column.name in scan.kinds and (column.pseudonymised or column.name == PERSON)
    ]
    if scope is None or not columns:
        return scan
    texts = (
        f"$scope || '/' || {casting.text_expression(column, scan.kinds[column.name])} as \"{column.name}\""
        for column in columns
    )
    return replace(
        scan,
        clause=f"(select * replace ({', '.join(texts)}) from {scan.clause})",
        kinds={**scan.kinds, **{column.name: "VARCHAR" for column in columns}},
        parameters={**scan.parameters, "scope": scope},
    )


def sealed_name(sha256: str, table: str, form: str) -> str:
    """The linkage file of one table of a file: by the fingerprint alone where a file is one table."""
    return (f"{sha256}-{table}" if form in formats.TELLING else sha256) + linkage.SEALED


def unland(connection: duckdb.DuckDBPyConnection, file_id: int, table: str) -> None:
    """Take the rows of an earlier file out again, inside the caller's transaction."""
    raw = () if table == NO_TABLE else (f"raw_{table} where _file_id",)
    kept = ("meta_hidden where file_id", "meta_hidden where by_file")
    for target in (*raw, *(f"{name} where file_id" for name in META_TABLES), *kept):
        rows(connection, f"delete from {target} = $file_id", {"file_id": file_id})


def clear(connection: duckdb.DuckDBPyConnection, *, of: Sequence[int] | None = None) -> None:
    """Take away what files left that were never registered: of a build that was refused or killed.

    ``of``: numbers of files, where only these are meant.
    """
    if of is not None and not of:
        return
    among = "" if of is None else " and {} in (select unnest($of::integer[]))"
    values = None if of is None else {"of": list(of)}
    rows(connection, "begin transaction")
    for target in [
        *(f"raw_{name} where _file_id" for name in load_contracts()),
        "meta_quarantine where file_id",
        "meta_record where file_id",
    ]:
        column = target.rpartition(" ")[2]
        sql = f"delete from {target} not in (select file_id from meta_file){among.format(column)}"
        rows(connection, sql, values)
    rows(connection, "commit")


def _stage(
    connection: duckdb.DuckDBPyConnection, contract: Contract, file: ExtractFile, scan: Scan, keys: Keys
) -> list[casting.Rule]:
    """``landing_row``: every parsed row, typed, keyed and judged. Returns the rules that ``_fault`` counts from 1."""
    rules, limits = casting.rules(contract)
    rules += tombstones.rules(contract)
    hashed = [column.name for column in contract.columns if column.pseudonymised]
    secret = hmac_parameters("pseudonym", keys.pseudonym_key)
    if contract.has_person:
        text = casting.text_expression(contract.column(PERSON), scan.kinds[PERSON])
        key = hmac_sql("pseudonym", "'person:' || ref")
        sql = (
            f"create temp table landing_person as select ref, {key} as person_key"
            f" from (select distinct {text} as ref from {scan.clause}) where ref is not null"
        )
        rows(connection, sql, {**scan.parameters, **secret})
        if rows(connection, "select 1 from landing_person having count(*) <> count(distinct person_key)"):
            raise Defect(f"two people of {file.path.name} have one pseudonym: 60 bits are not enough")
    tombstones.recognise(connection, contract, scan, keys)
    query = _stage_sql(contract, scan, rules, hashed)
    used = reference_parameters(map(_kind, hashed), keys.pseudonym_key)
    rows(connection, f"create temp table landing_row as {query}", {**scan.parameters, **limits, **used})
    return rules


def _stage_sql(contract: Contract, scan: Scan, rules: list[casting.Rule], hashed: list[str]) -> str:
    types = scan.kinds
    texts, typed = [], []
    for column in contract.columns:
        if column.name not in types:
            texts.append(f'null::varchar as "_text_{column.name}"')
            typed.append(f'null::{TYPES[column.type]} as "{column.name}"')
            continue
        text = f'"_text_{column.name}"'
        texts.append(f"{casting.text_expression(column, types[column.name])} as {text}")
        expression = casting.typed_expression(column, types[column.name]).replace(f'"{column.name}"', text)
        typed.append(f'{expression} as "{column.name}"')
    cases = " ".join(f"when {rule.broken} then {number}" for number, rule in enumerate(rules, start=1))
    keys = [_key_expression(name) for name in hashed]
    judged = ["t.*", *keys, f"(case {cases} end)::smallint as _fault"]
    join = ""
    if contract.has_person:
        judged.append("p.person_key")
        join = f' left join landing_person p on p.ref = t."_text_{PERSON}"'
    layer_1 = f"select _row, {', '.join(texts)} from {scan.clause}"
    layer_2 = f"select *, {', '.join(typed)} from ({layer_1})"
    return f"select {', '.join(judged)} from ({layer_2}) t{join}"


def _key_expression(name: str) -> str:
    value = reference_sql(_kind(name), f'"{name}"')
    return f'case when "{name}" is not null then {value} end as "{name}_key"'


def _kind(name: str) -> str:
    """What a column refers to: ``encounter`` of ``encounter_ref`` and of ``encounter_id``."""
    return name.removesuffix("_ref").removesuffix("_id")


def _identifiers(
    connection: duckdb.DuckDBPyConnection, contract: Contract, scan: Scan
) -> Iterator[pl.DataFrame]:
    """The identifying part of a file in frames of at most a million rows: who is who, and what was written."""
    if not contract.has_person:
        return
    names = [c.name for c in contract.columns if c.identifying and c.name != PERSON and c.name in scan.kinds]
    texts = ", ".join(f'"_text_{name}" as "{name}"' for name in names)
    some = " or ".join(f'"_text_{name}" is not null' for name in names)
    not_forgotten = f"person_key not in (select key from {FORGOTTEN})"
    queries = [
        f"select person_key, ref as person_ref, null::bigint as _row from landing_person where {not_forgotten}"
    ]
    if names:
        queries.append(
            f'select person_key, "{PERSON}" as person_ref, _row, {texts} from landing_row'
            f" where _fault is null and ({some})"
        )
    for query in queries:
        for batch in connection.sql(query).to_arrow_reader(_SEALED_CHUNK_ROWS):
            yield pl.DataFrame(batch)


def _move(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    file: ExtractFile,
    file_id: int,
    rules: list[casting.Rule],
    scan: Scan,
) -> Landed:
    stored = casting.stored_columns(contract)
    names = ", ".join(f'"{name}"' for name in stored)
    values = ", ".join(expression for _, expression in stored.values())
    [(accepted,)] = rows(
        connection,
        f"insert into raw_{contract.table} ({names}, _file_id, _row) select {values}, $file_id, _row"
        " from landing_row where _fault is null and _row not in (select _row from landing_repeat)",
        {"file_id": file_id},
    )
    reasons = quarantine(connection, contract, file_id, rules, scan)
    [(parsed,)] = rows(connection, "select count(*) from landing_row")
    [(same, differing)] = rows(
        connection, "select count(*) filter (is_same), count(*) filter (not is_same) from landing_repeat"
    )
    [(refused,)] = rows(connection, "select count(*) from landing_row where _fault is not null")
    first, last = date_range(connection, contract, file_id, until=file.manifest.as_of)
    landed = Landed(
        file_id=file_id,
        table=contract.table,
        format=file.format,
        logical_name=file.logical_name,
        file_name=file.path.name,
        sha256=file.sha256,
        as_of=file.manifest.as_of,
        received=parsed + len(scan.bad),
        accepted=accepted,
        quarantined=refused + differing + len(scan.bad),
        duplicate=same,
        repeats_of_others=0,
        first_date=first,
        last_date=last,
        unknown_columns=tuple(sorted(set(scan.kinds) - set(contract.names))),
        reasons=reasons,
        set_aside=scan.set_aside,
    )
    _check_nothing_lost(connection, contract, landed)
    return landed


def _check_nothing_lost(connection: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed) -> None:
    """Every received row is accounted for, and every accepted row of a person has a pseudonym."""
    if landed.accepted + landed.quarantined + landed.duplicate != landed.received:
        raise Defect(f"rows of {landed.file_name} do not add up: {landed}")
    nameless = "select 1 from landing_row where _fault is null and person_key is null limit 1"
    if contract.has_person and rows(connection, nameless):
        raise Defect(f"an accepted row of {landed.file_name} has no pseudonym")


def date_range(
    connection: duckdb.DuckDBPyConnection, contract: Contract, file_id: int, *, until: date | None
) -> tuple[date | None, date | None]:
    """Earliest and latest day in the rows of a file, of those up to its extract date; no identifying one."""
    days = [c.name for c in contract.columns if c.type in ("date", "timestamp") and not c.identifying]
    if not days:
        return None, None
    lows, highs = (
        ", ".join(
            f'{name}("{day}"::date) filter (where "{day}"::date <= coalesce($until, "{day}"::date))'
            for day in days
        )
        for name in ("min", "max")
    )
    sql = f"select least({lows}), greatest({highs}) from raw_{contract.table} where _file_id = $file_id"
    [(first, last)] = rows(connection, sql, {"file_id": file_id, "until": until})
    return first, last


def register(
    connection: duckdb.DuckDBPyConnection, file: ExtractFile, landed: Landed, loaded_at: datetime
) -> None:
    """Make the rows of a landed table of a file count."""
    manifest = file.manifest
    values = (
        landed.file_id, landed.logical_name, landed.table, landed.file_name, landed.format, landed.sha256, file.bytes,
        landed.received, landed.accepted, landed.quarantined, landed.duplicate, landed.repeats_of_others,
        landed.first_date, landed.last_date, manifest.source or manifest.name, manifest.synthetic, manifest.as_of,
        file.folder, loaded_at.replace(tzinfo=None), landed.sender,
    )  # fmt: skip
    marks = ", ".join("?" for _ in values)
    connection.execute(f"insert into meta_file values ({marks})", list(values)).fetchall()
    for item in landed.set_aside:
        row = [landed.file_id, item.kind, item.why, item.records]
        connection.execute("insert into meta_set_aside values (?, ?, ?, ?)", row).fetchall()
