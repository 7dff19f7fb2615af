"""Landing: the rows of one file become rows of ``raw_<table>``, of the linkage store, or of the quarantine.

Nothing is lost silently: accepted + quarantined + duplicate = received, asserted for every file. Identifying values
pass from the scan to the sealed linkage file and rest nowhere else.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

from warehouse import casting, linkage, repeats
from warehouse.contracts import PERSON, TYPES, Contract, load_contracts
from warehouse.database import rows
from warehouse.errors import EXIT_DATA, Defect, UserError
from warehouse.extract_files import ExtractFile
from warehouse.identity import Keys, hmac_parameters, hmac_sql, reference_parameters, reference_sql
from warehouse.readers import tabular

QUARANTINE_DETAIL_LIMIT = 1_000_000
_SEALED_CHUNK_ROWS = 1_000_000
_MASK_LENGTH = 40
_MALFORMED = "malformed"
#: (file id, line, column, rule, value or None, expected)
Refusal = tuple[int, int, str, str, str | None, str]
#: (column, rule, expected, rows)
Reason = tuple[str, str, str, int]
_STAGING = ("landing_person", "landing_row", "landing_repeat", "landing_text")


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What became of one file."""

    file_id: int
    table: str
    logical_name: str
    file_name: str
    sha256: str
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


def inspect(file: ExtractFile) -> tabular.Source:
    """Read a file to its end; what it is, or :class:`UserError` when it cannot be used."""
    contract = load_contracts()[file.table]
    source = tabular.open_source(file.path, contract.names)
    _require_columns(contract, source)
    tabular.verify(source)
    return source


def land(
    connection: duckdb.DuckDBPyConnection,
    file: ExtractFile,
    source: tabular.Source,
    *,
    file_id: int,
    keys: Keys,
    sealed: Path | None,
) -> Landed:
    """Land one inspected file. ``sealed`` is the linkage file, None in a dry run.

    Its rows count once the file is registered; until then they are nobody's, and :func:`clear` takes them away.
    """
    contract = load_contracts()[file.table]
    clause, parameters, bad_lines = tabular.scan(connection, source)
    rules = _stage(connection, contract, source, clause, parameters, keys)
    repeats.mark_within(connection, contract)
    if sealed is not None:
        linkage.seal(sealed, keys.linkage_key, file.sha256, _identifiers(connection, contract, source))
    landed = _move(connection, contract, file, file_id, rules, bad_lines, source)
    for table in _STAGING:
        rows(connection, f"drop table if exists {table}")
    return landed


def unland(connection: duckdb.DuckDBPyConnection, file_id: int, table: str) -> None:
    """Take the rows of an earlier file out again, inside the caller's transaction."""
    for target in (f"raw_{table} where _file_id", "meta_quarantine where file_id", "meta_file where file_id"):
        rows(connection, f"delete from {target} = $file_id", {"file_id": file_id})


def settle(connection: duckdb.DuckDBPyConnection, landed: Sequence[Landed]) -> list[Landed]:
    """Take out of files just landed the rows whose key an earlier file brought, and count them."""
    if not landed:
        return []
    first_new = min(item.file_id for item in landed)
    settled = {item.file_id: item for item in landed}
    for table in sorted({item.table for item in landed}):
        contract = load_contracts()[table]
        if repeats.mark_across(connection, contract, first_new=first_new):
            for file_id, again, same in rows(
                connection,
                """select _file_id, count(*), count(*) filter (is_same)
                   from landing_repeat group by _file_id order by _file_id""",
            ):
                settled[file_id] = _without(connection, contract, settled[file_id], again, same)
            rows(connection, "drop table landing_repeat")
    return list(settled.values())


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
        {**number, "rule": _MALFORMED},
    )
    shift = [row for (row,) in malformed]
    differing = rows(
        connection,
        """select _row from landing_repeat where _file_id = $file_id and not is_same
           order by _row limit $limit""",
        {**number, "limit": QUARANTINE_DETAIL_LIMIT},
    )
    conflicts = [_conflict(contract, item.file_id, _line(row, shift)) for (row,) in differing]
    _keep(connection, conflicts)
    first, last = _date_range(connection, contract, item.file_id)
    return replace(
        item,
        accepted=item.accepted - again,
        quarantined=item.quarantined + again - same,
        duplicate=item.duplicate + same,
        repeats_of_others=again,
        first_date=first,
        last_date=last,
        reasons=_counted(item.reasons, conflicts),
    )


def clear(connection: duckdb.DuckDBPyConnection) -> None:
    """Take away what files left that were never registered: of a build that was refused or killed."""
    rows(connection, "begin transaction")
    for target in [
        *(f"raw_{name} where _file_id" for name in load_contracts()),
        "meta_quarantine where file_id",
    ]:
        rows(connection, f"delete from {target} not in (select file_id from meta_file)")
    rows(connection, "commit")


def _require_columns(contract: Contract, source: tabular.Source) -> None:
    missing = [c.name for c in contract.columns if c.required and c.name not in source.columns]
    if missing:
        # A file without a header shows a person's cells here: the contract's names are told, never the file's.
        raise UserError(
            f"required columns are missing: {', '.join(missing)}",
            file=source.path.name,
            expected="a header line with the names of the contract: " + ", ".join(contract.names),
            exit_code=EXIT_DATA,
        )


def _stage(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    source: tabular.Source,
    clause: str,
    parameters: dict[str, object],
    keys: Keys,
) -> list[casting.Rule]:
    """``landing_row``: every parsed row, typed, keyed and judged. Returns the rules that ``_fault`` counts from 1."""
    rules, limits = casting.rules(contract)
    hashed = [column.name for column in contract.columns if column.pseudonymised]
    secret = hmac_parameters("pseudonym", keys.pseudonym_key)
    if contract.has_person:
        types = dict(zip(source.columns, source.types, strict=True))
        text = casting.text_expression(contract.column(PERSON), types[PERSON])
        key = hmac_sql("pseudonym", "'person:' || ref")
        sql = (
            f"create temp table landing_person as select ref, {key} as person_key"
            f" from (select distinct {text} as ref from {clause}) where ref is not null"
        )
        rows(connection, sql, {**parameters, **secret})
        if rows(connection, "select 1 from landing_person having count(*) <> count(distinct person_key)"):
            raise Defect(f"two people of {source.path.name} have one pseudonym: 60 bits are not enough")
    query = _stage_sql(contract, source, clause, rules, hashed)
    used = reference_parameters(map(_kind, hashed), keys.pseudonym_key)
    rows(connection, f"create temp table landing_row as {query}", {**parameters, **limits, **used})
    return rules


def _stage_sql(
    contract: Contract, source: tabular.Source, clause: str, rules: list[casting.Rule], hashed: list[str]
) -> str:
    types = dict(zip(source.columns, source.types, strict=True))
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
    judged = ["t.*", f"(case {cases} end)::smallint as _fault", *keys]
    join = ""
    if contract.has_person:
        judged.append("p.person_key")
        join = f' left join landing_person p on p.ref = t."_text_{PERSON}"'
    layer_1 = f"select _row, {', '.join(texts)} from {clause}"
    layer_2 = f"select *, {', '.join(typed)} from ({layer_1})"
    return f"select {', '.join(judged)} from ({layer_2}) t{join}"


def _key_expression(name: str) -> str:
    value = reference_sql(_kind(name), f'"{name}"')
    return f'case when "{name}" is not null then {value} end as "{name}_key"'


def _kind(name: str) -> str:
    """What a column refers to: ``encounter`` of ``encounter_ref`` and of ``encounter_id``."""
    return name.removesuffix("_ref").removesuffix("_id")


def _identifiers(
    connection: duckdb.DuckDBPyConnection, contract: Contract, source: tabular.Source
) -> Iterator[pl.DataFrame]:
    """The identifying part of a file in frames of at most a million rows: who is who, and what was written."""
    if not contract.has_person:
        return
    names = [
        c.name for c in contract.columns if c.identifying and c.name != PERSON and c.name in source.columns
    ]
    texts = ", ".join(f'"_text_{name}" as "{name}"' for name in names)
    some = " or ".join(f'"_text_{name}" is not null' for name in names)
    queries = ["select person_key, ref as person_ref, null::bigint as _row from landing_person"]
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
    bad_lines: list[tabular.BadLine],
    source: tabular.Source,
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
    reasons = _quarantine(connection, contract, file_id, rules, bad_lines)
    [(parsed,)] = rows(connection, "select count(*) from landing_row")
    [(same, differing)] = rows(
        connection, "select count(*) filter (is_same), count(*) filter (not is_same) from landing_repeat"
    )
    [(refused,)] = rows(connection, "select count(*) from landing_row where _fault is not null")
    first, last = _date_range(connection, contract, file_id)
    landed = Landed(
        file_id=file_id,
        table=contract.table,
        logical_name=file.logical_name,
        file_name=file.path.name,
        sha256=file.sha256,
        received=parsed + len(bad_lines),
        accepted=accepted,
        quarantined=refused + differing + len(bad_lines),
        duplicate=same,
        repeats_of_others=0,
        first_date=first,
        last_date=last,
        unknown_columns=tuple(sorted(set(source.columns) - set(contract.names))),
        reasons=reasons,
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


def _quarantine(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    file_id: int,
    rules: list[casting.Rule],
    bad_lines: list[tabular.BadLine],
) -> tuple[Reason, ...]:
    """Write what was refused, one row each, and return the counts by reason. Identifying values are never written."""
    found: list[Refusal] = []
    shift = sorted(line.row for line in bad_lines)
    for number, rule in enumerate(rules, start=1):
        column = contract.column(rule.column)
        hidden = column.identifying or column.pseudonymised
        shown = "null" if hidden else _masked(f'"_text_{column.name}"::varchar')
        broken = rows(
            connection,
            f"select _row, {shown} from landing_row where _fault = $number order by _row limit $limit",
            {"number": number, "limit": QUARANTINE_DETAIL_LIMIT},
        )
        found += [
            (file_id, _line(row, shift), rule.column, rule.rule, value, rule.expected)
            for row, value in broken
        ]
    repeated = rows(
        connection,
        "select _row from landing_repeat where not is_same order by _row limit $limit",
        {"limit": QUARANTINE_DETAIL_LIMIT},
    )
    found += [_conflict(contract, file_id, _line(row, shift)) for (row,) in repeated]
    found += [(file_id, line.row, "", _MALFORMED, None, line.reason) for line in bad_lines]
    _keep(connection, found)
    return _counted((), found)


def _conflict(contract: Contract, file_id: int, line: int) -> Refusal:
    expected = "one row per key; the first stays, this one differs"
    return (file_id, line, ", ".join(contract.key), "conflict", None, expected)


def _keep(connection: duckdb.DuckDBPyConnection, found: list[Refusal]) -> None:
    if found:
        frame = pl.DataFrame(found, schema=_QUARANTINE_SCHEMA, orient="row")
        connection.register("incoming_quarantine", frame.to_arrow())
        rows(connection, "insert into meta_quarantine select * from incoming_quarantine")
        connection.unregister("incoming_quarantine")


def _counted(reasons: Iterable[Reason], found: Sequence[Refusal]) -> tuple[Reason, ...]:
    """Rows by reason: those counted before, and those of ``found``."""
    counts = {reason[:3]: reason[3] for reason in reasons}
    for _, _, name, kind, _, expected in found:
        counts[(name, kind, expected)] = counts.get((name, kind, expected), 0) + 1
    return tuple((*reason, count) for reason, count in counts.items())


def _masked(text: str) -> str:
    """The value where it cannot name a person (two signs, or a short number), else only its shape.

    In a file whose columns have shifted, a name stands under ``sex`` and an identity number under ``ward_code``.
    """
    letters = f"regexp_replace({text}, '[\\p{{L}}\\p{{M}}]', 'a', 'g')"
    shape = f"left(regexp_replace({letters}, '\\p{{N}}', '9', 'g'), {_MASK_LENGTH})"
    harmless = f"length({text}) <= 2 or regexp_full_match({text}, '[-+0-9.,/]{{1,6}}')"
    return f"case when {harmless} then {text} else {shape} end"


_QUARANTINE_SCHEMA = {
    "file_id": pl.Int32,
    "row_number": pl.Int64,
    "column_name": pl.String,
    "rule": pl.String,
    "value": pl.String,
    "expected": pl.String,
}


def _line(parsed_row: int, refused_rows: list[int]) -> int:
    """Number of a data row in the file, from its number among the parsed rows and the rows refused by the parser."""
    row = parsed_row
    while (shifted := parsed_row + bisect_right(refused_rows, row)) != row:
        row = shifted
    return row


def _date_range(
    connection: duckdb.DuckDBPyConnection, contract: Contract, file_id: int
) -> tuple[date | None, date | None]:
    days = [c.name for c in contract.columns if c.type in ("date", "timestamp") and not c.identifying]
    if not days:
        return None, None
    lows, highs = (", ".join(f'{name}(("{day}")::date)' for day in days) for name in ("min", "max"))
    sql = f"select least({lows}), greatest({highs}) from raw_{contract.table} where _file_id = $file_id"
    [(first, last)] = rows(connection, sql, {"file_id": file_id})
    return first, last


def register(
    connection: duckdb.DuckDBPyConnection, file: ExtractFile, landed: Landed, form: str, loaded_at: datetime
) -> None:
    """Make the rows of a landed file count."""
    manifest = file.manifest
    values = (
        landed.file_id, landed.logical_name, landed.table, landed.file_name, form, landed.sha256, file.bytes,
        landed.received, landed.accepted, landed.quarantined, landed.duplicate, landed.repeats_of_others,
        landed.first_date, landed.last_date, manifest.source or manifest.name, manifest.synthetic, manifest.as_of,
        file.folder, loaded_at.replace(tzinfo=None),
    )  # fmt: skip
    marks = ", ".join("?" for _ in values)
    connection.execute(f"insert into meta_file values ({marks})", list(values)).fetchall()
