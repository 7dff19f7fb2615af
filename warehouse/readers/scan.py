"""Rows of one table of a file, ready to be typed: what every reader gives to landing in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from warehouse.readers.staged import BadRecord, SetAside

#: The table of a file that holds records and no row of any contract.
NO_TABLE = "none"


@dataclass(frozen=True, kw_only=True)
class Scan:
    """``clause`` is a FROM clause with ``parameters`` that offers the columns ``kinds`` (name -> DuckDB type) and
    ``_row``. With ``rows_per_record`` above 1, ``_row`` divided by it is the number of the record in the file.
    """

    table: str
    clause: str
    kinds: Mapping[str, str]
    parameters: Mapping[str, object] = field(default_factory=dict)
    bad: Sequence[BadRecord] = ()
    rows_per_record: int = 1
    set_aside: tuple[SetAside, ...] = ()
    versions: str | None = None
    """Beside the first table of a file: see :class:`~warehouse.readers.staged.Staged`."""
