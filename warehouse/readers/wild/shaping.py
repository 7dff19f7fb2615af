"""Rows of a contract table from the rows of a grid, as SQL.

Written into SQL are names of contract columns, of grid columns (``c3``) and of relations; words, formats and constants
of a mapping travel as parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from warehouse.contracts import Column, Contract, load_contracts
from warehouse.readers.wild.grid import Grid, Hints
from warehouse.readers.wild.headers import folded
from warehouse.readers.wild.mapping import Cell, Part, Target

_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(8203) || chr(12288) || chr(65279)"
_DATES = ("date", "partial_date", "timestamp")
_NUMBERS = ("decimal", "integer")
_ISO = {"timestamp": "%Y-%m-%dT%H:%M:%S", "date": "%Y-%m-%d", "partial_date": "%Y-%m-%d"}
#: Landing reads day first, which a mapping with other formats has just denied: such a date must not pass.
_DAY_FIRST = r"^\d{1,2}/\d{1,2}/\d{4}"
_DENIED = "? "
_THOUSANDS = r"^(-?\d{1,3}(?:\.\d{3})+)(,\d+)?$"
#: Days of a workbook: until 2100; four digits between 1900 and 2100 are a year that somebody wrote.
_SERIAL = r"\d{1,5}(\.\d+)?"
_LAST_SERIAL = 73_415
_LEAP_1900 = 60
_DAY_ZERO = {1900: "1899-12-30", 1904: "1904-01-01"}


@dataclass
class _Writer:
    """Expressions over one grid, and the parameters they use."""

    grid: Grid
    parameters: dict[str, object] = field(default_factory=dict)

    def parameter(self, value: object) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def cell(self, cell: Cell, column: Column, row: str) -> str:
        """The text of one contract column; ``row`` is the name of the entry of ``rows``, empty without one."""
        if cell.named and row:
            cell = replace(cell, parts=(*cell.parts, Part(constant=row)))
        if cell.alone is None and len(cell.parts) == 1:
            return f"{self.parameter(cell.parts[0].constant)}::varchar"
        text = self._part(cell.parts[0], column) if len(cell.parts) == 1 else self._joined(cell)
        if cell.values:
            text = self._meaning(text, cell.values)
        if column.type in _DATES:
            text = self._date(text, cell, column)
        if column.type in _NUMBERS:
            text = self._number(text, cell)
        if cell.pad:
            width = self.parameter(cell.pad)
            text = (
                f"case when regexp_full_match({text}, '\\d+') and length({text}) < {width}::integer"
                f" then lpad({text}, {width}::integer, '0') else {text} end"
            )
        return text

    def _part(self, part: Part, column: Column | None) -> str:
        """One part as text without blanks around it, null when there is nothing or no such column."""
        if part.constant is not None:
            return f"{self.parameter(part.constant)}::varchar"
        name = self.grid.columns.get(folded(part.column or ""))
        # Free text stays as it is: landing trims.
        return f"nullif(trim({name}, {_BLANKS}), '')" if name else "null::varchar"

    def _joined(self, cell: Cell) -> str:
        r"""Parts with the separator between; null when one is missing. Inside a part the separator is written ``\-``,
        so that two different rows never join to one text.
        """
        separator = self.parameter(cell.separator)
        escape = f"'\\' || {separator}"
        parts = [
            f"replace(replace({self._part(part, None)}, '\\', '\\\\'), {separator}, {escape})"
            for part in cell.parts
        ]
        return "(" + f" || {separator} || ".join(parts) + ")"

    def _meaning(self, text: str, words: Mapping[str, str]) -> str:
        known = self.parameter([folded(word) for word in words])
        meant = self.parameter(list(words.values()))
        # A word that is not there has no place in the list, and stays as it is written.
        place = f"list_position({known}, {_folded(text)})"
        return f"nullif(case when {place} is null then {text} else {meant}[{place}] end, '')"

    def _date(self, text: str, cell: Cell, column: Column) -> str:
        if not cell.dates and not self.grid.hints.is_workbook:
            return text
        iso = self.parameter(_ISO[column.type])
        if column.type != "timestamp":
            # Calamine gives every date cell of a workbook a time.
            text = f"regexp_replace({text}, ' 00:00:00$', '')"
        written = (
            f"try_strptime({text}, {self.parameter(list(cell.dates))})" if cell.dates else "null::timestamp"
        )
        denied = text
        if cell.dates:
            denied = (
                f"case when regexp_matches({text}, {self.parameter(_DAY_FIRST)})"
                f" then {self.parameter(_DENIED)} || {text} else {text} end"
            )
        day = _serial_day(text, self.grid.hints)
        return f"coalesce(strftime(coalesce({written}, {day}), {iso}), {denied})"

    def _number(self, text: str, cell: Cell) -> str:
        text = f"case when contains({text}, '%') then regexp_replace({text}, '^(.*\\d)\\s*%$', '\\1') else {text} end"
        if self.grid.hints.decimal_comma:
            whole = f"replace(regexp_replace({text}, '{_THOUSANDS}', '\\1'), '.', '')"
            comma = f"replace(regexp_extract({text}, '{_THOUSANDS}', 2), ',', '.')"
            text = (
                f"case when regexp_matches({text}, '{_THOUSANDS}') and contains({text}, ',') then {whole} || {comma}"
                f" else regexp_replace({text}, '^(-?\\d+),(\\d+)$', '\\1.\\2') end"
            )
        if cell.times is not None:
            number = f"try_cast({text} as double)"
            factor = self.parameter(float(cell.times))
            # Twelve places take off what binary fractions leave behind.
            text = f"case when {number} is null then {text} else round({number} * {factor}, 12)::varchar end"
        return text


def _folded(text: str) -> str:
    """In SQL what :func:`headers.folded` does to the words of a list; null is the empty word."""
    return f"trim(regexp_replace(lower(nfc_normalize(coalesce({text}, ''))), '[\\s\\x{{a0}}]+', ' ', 'g'))"


def _serial_day(text: str, hints: Hints) -> str:
    if hints.epoch is None:
        return "null::timestamp"
    number = f"try_cast({text} as double)"
    is_day = (
        f"regexp_full_match({text}, '{_SERIAL}') and {number} >= 1 and {number} < {_LAST_SERIAL + 1}"
        f" and not regexp_full_match({text}, '(19\\d\\d|20\\d\\d|2100)')"
    )
    days = f"floor({number})::integer"
    if hints.epoch == 1900:
        # Excel has a 29 February 1900 that never was (day 60): earlier days count one more.
        is_day += f" and {days} <> {_LEAP_1900}"
        days = f"({days} + case when {days} < {_LEAP_1900} then 1 else 0 end)"
    seconds = f"round(({number} - floor({number})) * 86400)::integer"
    day = f"timestamp '{_DAY_ZERO[hints.epoch]}' + to_days({days}) + to_seconds({seconds})"
    return f"case when {is_day} then {day} end"


def contract_target(contract: Contract, grid: Grid) -> Target:
    """The target of a table whose columns have the names of the contract."""
    present = [name for name in contract.names if folded(name) in grid.columns]
    return Target(table=contract.table, columns={name: Cell(parts=(Part(column=name),)) for name in present})


def target_columns(target: Target) -> tuple[str, ...]:
    """The contract columns a target gives, in the order of the contract."""
    given = {*target.columns, *(name for entry in target.rows.values() for name in entry)}
    return tuple(name for name in load_contracts()[target.table].names if name in given)


def queries(
    grid: Grid, target: Target, only: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, dict[str, object]]]:
    """One SELECT of ``target_columns`` and ``_row`` for each row that a row of the grid may give."""
    contract = load_contracts()[target.table]
    for name, entry in target.rows.items() or [("", {})]:
        writer = _Writer(grid)
        cells = {**target.columns, **entry}
        texts = [
            f'{writer.cell(cells[column], contract.column(column), name)} as "{column}"'
            if column in cells
            else f'null::varchar as "{column}"'
            for column in target_columns(target)
        ]
        conditions = [*_only(writer, only), *_filled(writer, entry)]
        where = f" where {' and '.join(conditions)}" if conditions else ""
        yield f'select {", ".join(texts)}, _row from "{grid.relation}"{where}', writer.parameters


def taken(grid: Grid, only: Mapping[str, tuple[str, ...]]) -> tuple[str, dict[str, object]]:
    """A condition, true for the rows that a mapping with ``only`` reads."""
    writer = _Writer(grid)
    return " and ".join(_only(writer, only)) or "true", writer.parameters


def _only(writer: _Writer, only: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [
        f"list_contains({writer.parameter([folded(word) for word in words])},"
        f" {_folded(writer._part(Part(column=column), None))})"
        for column, words in only.items()
    ]


def _filled(writer: _Writer, entry: Mapping[str, Cell]) -> list[str]:
    """A row of ``rows`` is made where a cell that it reads alone is filled."""
    alone = [cell.parts[0] for cell in entry.values() if cell.alone is not None]
    texts = [f"{writer._part(part, None)} is not null" for part in alone]
    return [f"({' or '.join(texts)})"] if texts else []


def add_columns(connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> None:
    """Make the temporary table ``relation`` where it is not there, and add text columns to it."""
    connection.execute(f'create temp table if not exists "{relation}" (_row bigint)').fetchall()
    for name in names:
        connection.execute(f'alter table "{relation}" add column "{name}" varchar').fetchall()


def fill(
    connection: duckdb.DuckDBPyConnection,
    grid: Grid,
    target: Target,
    relation: str,
    only: Mapping[str, tuple[str, ...]],
) -> None:
    """Append the rows of ``target`` to the temporary table ``relation``."""
    for sql, parameters in queries(grid, target, only):
        connection.execute(f'insert into "{relation}" by name {sql}', parameters or None).fetchall()
