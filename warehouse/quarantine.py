"""What was refused and why: one row each, without any identifying value, and the counts by reason."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from warehouse import casting
from warehouse.contracts import Contract
from warehouse.database import rows
from warehouse.readers.scan import Scan

QUARANTINE_DETAIL_LIMIT = 1_000_000
MALFORMED = "malformed"
_MASK_LENGTH = 40
#: (file id, line, column, rule, value or None, expected)
Refusal = tuple[int, int, str, str, str | None, str]
#: (column, rule, expected, rows)
Reason = tuple[str, str, str, int]


def quarantine(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    file_id: int,
    rules: list[casting.Rule],
    scan: Scan,
) -> tuple[Reason, ...]:
    """Write what was refused, one row each, and return the counts by reason. Identifying values are never written."""
    found: list[Refusal] = []
    numbers = Numbers(scan.rows_per_record, sorted(line.row for line in scan.bad))
    for (number,) in rows(
        connection, "select distinct _fault from landing_row where _fault is not null order by 1"
    ):
        rule = rules[number - 1]
        column = contract.column(rule.column)
        hidden = column.identifying or column.pseudonymised
        shown = "null" if hidden else _masked(f'"_text_{column.name}"::varchar')
        broken = rows(
            connection,
            f"select _row, {shown} from landing_row where _fault = $number order by _row limit $limit",
            {"number": number, "limit": QUARANTINE_DETAIL_LIMIT},
        )
        found += [
            (file_id, numbers.of(row), rule.column, rule.rule, value, rule.expected) for row, value in broken
        ]
    repeated = rows(
        connection,
        "select _row from landing_repeat where not is_same order by _row limit $limit",
        {"limit": QUARANTINE_DETAIL_LIMIT},
    )
    found += [conflict(contract, file_id, numbers.of(row)) for (row,) in repeated]
    found += unread(file_id, scan)
    keep(connection, found)
    return counted((), found)


def conflict(contract: Contract, file_id: int, line: int) -> Refusal:
    """A row whose key an earlier one had, and which says something else."""
    expected = "one row per key; the first stays, this one differs"
    return (file_id, line, ", ".join(contract.key), "conflict", None, expected)


def keep(connection: duckdb.DuckDBPyConnection, found: list[Refusal]) -> None:
    """Write refusals down, one row each."""
    if found:
        frame = pl.DataFrame(found, schema=_QUARANTINE_SCHEMA, orient="row")
        connection.register("incoming_quarantine", frame.to_arrow())
        rows(connection, "insert into meta_quarantine select * from incoming_quarantine")
        connection.unregister("incoming_quarantine")


def counted(reasons: Iterable[Reason], found: Sequence[Refusal]) -> tuple[Reason, ...]:
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


@dataclass(frozen=True)
class Numbers:
    """From ``_row`` to the number by which a person finds the row in the file.

    Readers of records number these (``rows_per_record`` above 1); of a table ``_row`` counts the parsed rows, and the
    rows its parser refused come in between.
    """

    rows_per_record: int
    refused_rows: list[int]

    def of(self, row: int) -> int:
        """The record, or the data row of the file."""
        if self.rows_per_record > 1:
            return row // self.rows_per_record
        place = row
        while (shifted := row + bisect_right(self.refused_rows, place)) != place:
            place = shifted
        return place


def unread(file_id: int, scan: Scan) -> list[Refusal]:
    """Records that could not be read at all."""
    return [(file_id, bad.row, "", MALFORMED, None, bad.reason) for bad in scan.bad]
