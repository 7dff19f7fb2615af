"""Source mapping files: how the columns and words of one sender become those of the contracts.

A mapping is a TOML file ``*.mapping.toml`` in the extract folder; ``docs/mapping_files.md`` is its reference::

    files = ["kham_*.csv"]              # which files, relative to the extract folder (globs, any case)
    source = "Bệnh viện A, HIS 2024"    # who says what the columns mean
    reviewed = 2026-11-27
    sheet = "Khám*"                     # optional: which sheets of a workbook, members of an archive
    decimal = ","                       # optional: "," or "."; without it a ';' file is taken to write "6,5"

    [values.sex]                        # a named list of words: as written -> as in the contract
    Nam = "male"
    "Nữ" = "female"

    [only]                              # optional: rows that are read at all
    "Loại" = ["Khám", "Tái khám"]

    [tables.resident]                   # contract column = where it comes from
    person_ref = ["MA_CSKCB", "MA_BN"]  # several columns, joined; empty when one of them is
    full_name = "Họ và tên"
    sex = { column = "Giới tính", values = "sex" }
    birth_date = { column = "Ngày sinh", dates = ["%d/%m/%Y"] }

    [tables.measurement]                # wide to long: one row of the file gives one row per entry of `rows`
    measurement_id = { columns = ["MA_CSKCB", "MA_LK"], named = true }
    ...
    [tables.measurement.rows.systolic]
    code = { constant = "8480-6" }
    value = "HATT"

Names of columns are compared folded (:func:`headers.folded`). A word that a list does not have stays as written, so
that landing refuses it where people see it. Nothing of a mapping is written into SQL but names of contracts.
"""

from __future__ import annotations

import fnmatch
import hashlib
import tomllib
from collections.abc import Iterable
from collections.abc import Mapping as Words
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from warehouse.errors import Fault, Faults, UserError
from warehouse.readers.wild.headers import Known, folded
from warehouse.readers.wild.mapping_faults import SHAPES, faults_of

SUFFIX = ".mapping.toml"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A column of the source by its name, or a constant text."""

    column: str | None = None
    constant: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Where a contract column comes from. ``parts`` are joined when there are several; ``named`` adds the name of
    the entry of ``rows``; ``pad`` fills a number with zeros to that many digits; ``times`` is a factor.
    """

    parts: tuple[Part, ...]
    separator: str = "-"
    values: Words[str, str] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    times: float | None = None
    pad: int | None = None
    optional: bool = False
    named: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(part.column for part in self.parts if part.column is not None)

    @property
    def alone(self) -> str | None:
        """The one column it is read from, if it is no join and no constant."""
        return self.parts[0].column if len(self.parts) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Target:
    """Rows for one contract table. ``rows``: name -> columns of one of several rows that a row of the file gives."""

    table: str
    columns: Words[str, Cell]
    rows: Words[str, Words[str, Cell]] = field(default_factory=dict)

    def cells(self) -> Iterable[Cell]:
        yield from self.columns.values()
        for entry in self.rows.values():
            yield from entry.values()


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """One mapping file. ``sha256`` of its text: rows landed by another text of it are to be landed anew."""

    name: str
    sha256: str
    files: tuple[str, ...]
    source: str
    reviewed: date
    tables: tuple[Target, ...]
    sheet: str | None = None
    decimal: str | None = None
    only: Words[str, tuple[str, ...]] = field(default_factory=dict)

    def applies_to(self, relative: str) -> bool:
        """True for a file (its name relative to the extract folder) that one of ``files`` fits."""
        return any(fnmatch.fnmatchcase(folded(relative), folded(glob)) for glob in self.files)

    def takes_sheet(self, name: str) -> bool:
        """True for a sheet or member that ``sheet`` fits; without ``sheet``, for every one."""
        return self.sheet is None or fnmatch.fnmatchcase(folded(name), folded(self.sheet))

    @property
    def required(self) -> tuple[str, ...]:
        """Source columns that the file must have, as written here."""
        cells = [cell for target in self.tables for cell in target.cells() if not cell.optional]
        return tuple(dict.fromkeys([*(name for cell in cells for name in cell.columns), *self.only]))

    @property
    def known(self) -> Known:
        """Every source column the mapping names."""
        cells = [cell for target in self.tables for cell in target.cells()]
        names = [*self.required, *(name for cell in cells for name in cell.columns)]
        return Known.of(names, required=self.required)


def read_mapping(path: Path) -> Mapping:
    """One mapping file. Raises :class:`Faults` naming every fault in it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise Faults([Fault(message="not a UTF-8 text file", file=path.name)]) from None
    return parse_mapping(path.name, text)


def read_mappings(folder: Path) -> tuple[Mapping, ...]:
    """Every mapping file of a folder and those below it. Raises :class:`Faults` naming every fault in every file."""
    found: list[Mapping] = []
    faults: list[Fault] = []
    for path in sorted(item for item in folder.rglob(f"*{SUFFIX}") if item.is_file()):
        try:
            found.append(read_mapping(path))
        except Faults as error:
            faults += error.faults
    if faults:
        raise Faults(faults)
    return tuple(found)


def mapping_for(mappings: Iterable[Mapping], relative: str) -> Mapping | None:
    """The mapping of a file, None when it has none. Raises :class:`UserError` when two claim it."""
    fits = [mapping for mapping in mappings if mapping.applies_to(relative)]
    if len(fits) > 1:
        names = " and ".join(mapping.name for mapping in fits)
        raise UserError(f"{names} both apply to the file", file=relative, expected="one mapping for a file")
    return fits[0] if fits else None


def parse_mapping(file: str, text: str) -> Mapping:
    """A mapping from its TOML text; the pure half of :func:`read_mapping`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Faults([Fault(message=f"not valid TOML: {error}", file=file)]) from None
    faults = faults_of(file, raw)
    if faults:
        raise Faults(faults)
    return _build(file, text, raw)


def _build(file: str, text: str, raw: Words[str, Any]) -> Mapping:
    lists = raw.get("values", {})
    return Mapping(
        name=file,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        files=tuple(raw["files"]),
        source=raw["source"],
        reviewed=raw["reviewed"],
        tables=tuple(_target(name, spec, lists) for name, spec in raw["tables"].items()),
        sheet=raw.get("sheet"),
        decimal=raw.get("decimal"),
        only={name: tuple(map(str, words)) for name, words in raw.get("only", {}).items()},
    )


def _target(name: str, spec: Words[str, Any], lists: Words[str, Any]) -> Target:
    def cells(entry: Words[str, Any]) -> dict[str, Cell]:
        return {column: _cell(rule, lists) for column, rule in entry.items() if column != "rows"}

    rows = {row: cells(entry) for row, entry in spec.get("rows", {}).items()}
    return Target(table=name, columns=cells(spec), rows=rows)


def _cell(rule: Any, lists: Words[str, Any]) -> Cell:
    if isinstance(rule, str):
        return Cell(parts=(Part(column=rule),))
    if isinstance(rule, list):
        return Cell(parts=tuple(map(_part, rule)))
    [shape] = [name for name in SHAPES if name in rule]
    words = rule.get("values", {})
    dates = rule.get("dates", ())
    return Cell(
        parts=tuple(map(_part, rule[shape])) if shape == "columns" else (Part(**{shape: rule[shape]}),),
        separator=rule.get("separator", "-"),
        values=lists[words] if isinstance(words, str) else words,
        dates=(dates,) if isinstance(dates, str) else tuple(dates),
        times=rule.get("times"),
        pad=rule.get("pad"),
        optional=rule.get("optional", False),
        named=rule.get("named", False),
    )


def _part(item: Any) -> Part:
    return Part(column=item) if isinstance(item, str) else Part(constant=item["constant"])
