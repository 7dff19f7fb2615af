"""One SQL file of the warehouse: the table it makes, and what its header says of it."""

from __future__ import annotations

from dataclasses import dataclass

MART = "mart_"
#: Line of a header: the table may be made of one group of people after another (:mod:`warehouse.slices`).
SLICED = "-- slices:    people"


@dataclass(frozen=True)
class Table:
    """One SQL file: the table it makes, what it reads, and the ``$name`` parameters it takes."""

    name: str
    folder: str
    sql: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def body(self) -> str:
        """The SELECT alone."""
        return self.sql.rstrip().rstrip(";")

    @property
    def is_sliced(self) -> bool:
        """Whether the header says that it may be made of one group of people after another."""
        return SLICED in self.sql

    @property
    def is_mart(self) -> bool:
        return self.name.startswith(MART)
