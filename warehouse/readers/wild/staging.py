"""One file, whatever its kind, staged as tables of contracts: the door of this package."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as Words
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from warehouse.contracts import Contract, load_contracts
from warehouse.readers.staged import BadRecord, SetAside, Staged, StagedTable
from warehouse.readers.wild import encodings, parquet, rows, spreadsheet, unpack
from warehouse.readers.wild.grid import Grid, Hints, load_grid
from warehouse.readers.wild.headers import Known, folded
from warehouse.readers.wild.limits import LIMITS, Limits, refused
from warehouse.readers.wild.mapping import Mapping, Target
from warehouse.readers.wild.shaping import add_columns, contract_target, fill, taken, target_columns

TEXT_SUFFIXES = tuple(kind + packed for kind in unpack.TEXT_SUFFIXES for packed in ("", *unpack.PACKED))
SUFFIXES = (*TEXT_SUFFIXES, unpack.ARCHIVE, *spreadsheet.SUFFIXES)
ROW, SHEET, MEMBER, CELL = "row", "sheet", "member", "cell"
NOT_ONLY = "not among the rows that the mapping takes"
NO_VALUE = "no cell that the mapping reads is filled"
NO_HEADER = "no row names the columns looked for"
NO_TABLE = "its name is of no table"
HIDDEN = "hidden"
NO_DATA = "no table of text"
ERROR = "an error (#N/A, #DIV/0!), read as empty"


def stage(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    table: str | None,
    mapping: Mapping | None,
    prefix: str = "staged",
    limits: Limits = LIMITS,
) -> Staged:
    """Stage every table of one file as temporary tables ``<prefix>_<table>``.

    ``table`` is what the file's name says, for the sheets and members whose own names say nothing; with a ``mapping``
    neither counts. Of every kind of record, ``records`` = staged (distinct ``_row``) + set aside; bad ones are apart.
    The rows of a second sheet or member are counted on from the first.

    Raises :class:`UserError` when the file cannot be used as a whole; no text of the file is in its words.
    """
    stager = _Stager(connection, path, table, mapping, prefix, limits)
    try:
        stager.read()
        return stager.staged()
    except BaseException:
        for relation in stager.relations.values():
            connection.execute(f'drop table if exists "{relation}"').fetchall()
        raise
    finally:
        connection.execute(f'drop table if exists "{stager.grid_relation}"').fetchall()


@dataclass
class _Stager:
    connection: duckdb.DuckDBPyConnection
    path: Path
    table: str | None
    mapping: Mapping | None
    prefix: str
    limits: Limits
    relations: dict[str, str] = field(default_factory=dict)
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bad: list[BadRecord] = field(default_factory=list)
    records: Counter[str] = field(default_factory=Counter)
    aside: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: int = 0

    @property
    def grid_relation(self) -> str:
        return f"{self.prefix}_grid"

    def read(self) -> None:
        """Every sheet or member that is a table."""
        name = self.path.name.lower()
        if name.endswith(spreadsheet.SUFFIXES):
            self._workbook()
        elif name.endswith(parquet.SUFFIX):
            self._take(self._parquet())
        else:
            self._texts()
        if not self.relations:
            names = (
                self.mapping.known.listed
                if self.mapping
                else load_contracts()[self.table or "resident"].names
            )
            what = "the columns " if self.mapping or self.table else "the columns of one table, like "
            raise refused(self.path.name, "no header line was found", what + ", ".join(names))

    def _workbook(self) -> None:
        workbook = spreadsheet.open_workbook(self.path, self.limits)
        hints = Hints(decimal_comma=self._comma(default=False), is_workbook=True, epoch=workbook.epoch)
        for name in workbook.names:
            known = self._known(name)
            if known is None:
                self._set_aside(SHEET, NO_TABLE)
                continue
            sheet = spreadsheet.read_sheet(workbook, name)
            if not sheet.is_visible:
                self._set_aside(SHEET, HIDDEN)
                continue
            grid = load_grid(
                self.connection, sheet.rows, known, file=self.path.name, relation=self.grid_relation,
                first=self.first, hints=hints, is_exact=False,
            )  # fmt: skip
            if grid is None:
                self._set_aside(SHEET, NO_HEADER)
                continue
            if sheet.errors:
                self._set_aside(CELL, ERROR, sheet.errors)
            self._take(grid, name)

    def _texts(self) -> None:
        members, others = unpack.members(self.path, self.limits)
        if others:
            self._set_aside(MEMBER, NO_DATA, others)
        for member in members:
            known = self._known(member.name)
            grid = self._text(member, known) if known else None
            if grid is not None:
                self._take(grid, member.name)
            elif member.name:
                self._set_aside(MEMBER, NO_HEADER if known else NO_TABLE)

    def _text(self, member: unpack.Member, known: Known) -> Grid | None:
        file = self.path.name
        encoding = encodings.detect(member, file)
        delimiter = rows.delimiter_of(member, encoding, file, known)
        return load_grid(
            self.connection, rows.rows_of(member, encoding, file, delimiter), known, file=file,
            relation=self.grid_relation, first=self.first,
            hints=Hints(decimal_comma=self._comma(default=delimiter == ";")), is_exact=True,
            is_swallowed=lambda row: rows.has_swallowed(row, delimiter),
        )  # fmt: skip

    def _parquet(self) -> Grid:
        known = self._known("")
        if known is None:
            raise refused(self.path.name, "its name is of no table", "a mapping, or a name of a contract")
        hints = Hints(decimal_comma=self._comma(default=False))
        return parquet.load(self.connection, self.path, known, relation=self.grid_relation, hints=hints)

    def _known(self, part: str) -> Known | None:
        """The columns to look for in a sheet or member; None when it is no table."""
        if self.mapping is not None:
            return self.mapping.known if not part or self.mapping.takes_sheet(part) else None
        contract = self._contract(part)
        return Known.of_contract(contract) if contract else None

    def _contract(self, part: str) -> Contract | None:
        name = table_named(part) or self.table
        return load_contracts()[name] if name else None

    def _comma(self, *, default: bool) -> bool:
        decimal = self.mapping.decimal if self.mapping else None
        return default if decimal is None else decimal == ","

    def _take(self, grid: Grid, part: str = "") -> None:
        """Shape a grid into its tables, and account for its rows."""
        only = self.mapping.only if self.mapping else {}
        for target in self._targets(grid, part):
            self._shape(grid, target, only)
        self.bad += grid.bad
        for why, count in grid.set_aside.items():
            self._set_aside(ROW, why, count)
        condition, parameters = taken(grid, only)
        sql = f'select count(*) filter ({condition}) from "{grid.relation}"'
        [(read,)] = self.connection.execute(sql, parameters or None).fetchall()
        distinct = self._distinct()
        self._set_aside(ROW, NOT_ONLY, grid.data_rows - read)
        self._set_aside(ROW, NO_VALUE, read - distinct)
        self.records[ROW] += distinct
        self.first += grid.rows

    def _targets(self, grid: Grid, part: str) -> tuple[Target, ...]:
        """What the grid is to give. Raises :class:`UserError` when it lacks columns."""
        if self.mapping is not None:
            names: tuple[str, ...] = self.mapping.required
            missing = [name for name in names if folded(name) not in grid.columns]
            targets = self.mapping.tables
        else:
            contract = self._contract(part)
            assert contract is not None, "a grid without a mapping has a table"
            names = contract.names
            missing = [c.name for c in contract.columns if c.required and c.name not in grid.columns]
            targets = (contract_target(contract, grid),)
        if missing:
            message = f"required columns are missing: {', '.join(missing)}"
            raise refused(self.path.name, message, "a header line with the names " + ", ".join(names))
        return targets

    def _shape(self, grid: Grid, target: Target, only: Words[str, tuple[str, ...]]) -> None:
        relation = self.relations.setdefault(target.table, f"{self.prefix}_{target.table}")
        columns = target_columns(target)
        if target.table not in self.columns:
            self.connection.execute(f'drop table if exists "{relation}"').fetchall()
            self.columns[target.table] = ()
        add_columns(
            self.connection, relation, [name for name in columns if name not in self.columns[target.table]]
        )
        given = {*self.columns[target.table], *columns}
        self.columns[target.table] = tuple(
            name for name in load_contracts()[target.table].names if name in given
        )
        fill(self.connection, grid, target, relation, only)

    def _distinct(self) -> int:
        """Rows of the grid at hand that gave a row of some table."""
        union = " union all ".join(
            f'select _row from "{name}" where _row > $first' for name in self.relations.values()
        )
        [(count,)] = self.connection.execute(
            f"select count(distinct _row) from ({union})", {"first": self.first}
        ).fetchall()
        return int(count)

    def staged(self) -> Staged:
        tables = [
            StagedTable(table=name, relation=relation, columns=self.columns[name])
            for name, relation in self.relations.items()
        ]
        aside = [SetAside(kind=kind, why=why, records=count) for (kind, why), count in self.aside.items()]
        return Staged(
            tables=tuple(tables), bad=tuple(self.bad), records=dict(self.records), set_aside=tuple(aside)
        )

    def _set_aside(self, kind: str, why: str, count: int = 1) -> None:
        if count:
            self.aside[kind, why] += count
            self.records[kind] += count


def table_named(part: str) -> str | None:
    """The contract that a sheet or a member is named after: ``measurement``, ``Measurement 2024``."""
    name = folded(part)
    fits = [table for table in load_contracts() if name == table or _begins(name, table)]
    return max(fits, key=len, default=None)


def _begins(name: str, table: str) -> bool:
    return name.startswith(table) and not name[len(table)].isalnum()
