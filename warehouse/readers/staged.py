"""What a reader makes of one file: rows of contract tables as text, and an account of everything else it held.

A reader stages; :mod:`warehouse.landing` types, judges, pseudonymises and stores. A staged table is a temporary
DuckDB table of text columns named as its contract names them, with ``_row``, the number of the record (line, row,
resource, visit) in the file counted from 1, by which a person can find it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BadRecord:
    """A record that could not be read. ``row`` counts records from 1; its text is never kept."""

    row: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class StagedTable:
    """Rows for one contract: ``relation`` is the temporary table, ``columns`` those of the contract it has."""

    table: str
    relation: str
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """Records that were read and rightly give no row: of which kind, why (words for a person), and how many."""

    kind: str
    why: str
    records: int


@dataclass(frozen=True, kw_only=True)
class Staged:
    """One file, read to its end. ``records`` counts what it holds by kind, malformed records apart."""

    tables: tuple[StagedTable, ...]
    bad: tuple[BadRecord, ...] = ()
    records: Mapping[str, int] = field(default_factory=dict)
    set_aside: tuple[SetAside, ...] = ()
    versions: str | None = None
    """Temporary table of the records that say which they are: ``_row``, ``record``, and as moments or nothing
    ``version`` and ``moment``. It has the last version of each, also of those that give no row (deleted, entered in
    error). Of one record in several files the last ``version`` counts; of rows of one key that of the last ``moment``.
    One that is not ``is_dated`` is later than all before it: its ``version`` is the last of those in the file.
    """
