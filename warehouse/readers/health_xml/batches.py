"""Rows on their way to DuckDB: text, some thousand visits at a time, through Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import duckdb
import pyarrow as pa

#: Rows of one table that are held before they are stored.
_HELD = 16_384
#: Columns of each table in the order rows are made. ``_at`` (when the visit was) serves to find the newest.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "resident": (
        "source", "person_ref", "national_id", "old_id", "insurance_no", "full_name", "birth_date", "sex",
        "ward_code", "district_code", "phone", "_at",
    ),
    "insurance_spell": ("person_ref", "from_date", "to_date", "_at"),
    "encounter": ("encounter_id", "person_ref", "facility_ref", "class", "started_at", "ended_at"),
    "condition": (
        "condition_id", "person_ref", "encounter_ref", "icd10", "recorded_at", "recorded_by", "origin",
    ),
    "medication": (
        "medication_id", "person_ref", "encounter_ref", "atc", "name_as_written", "started_on", "days_supplied",
        "origin",
    ),
    "measurement": (
        "measurement_id", "person_ref", "encounter_ref", "panel_ref", "reading_number", "code", "value", "value_text",
        "unit", "taken_at", "facility_ref", "method", "origin",
    ),
}  # fmt: skip
Cells = tuple[str | None, ...]


class Batches:
    """The tables of one file under construction, ``<prefix>_<table>``, each with ``_row`` last."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, prefix: str) -> None:
        self._connection = connection
        self._prefix = prefix
        # Cells of all rows one after another: a list of tuples costs the garbage collector more than all else here.
        self._held: dict[str, list[str | int | None]] = {table: [] for table in COLUMNS}
        self.counts = dict.fromkeys(COLUMNS, 0)
        for table, columns in COLUMNS.items():
            texts = ", ".join(f'"{name}" varchar' for name in columns)
            sql = f"create or replace temp table {self.relation(table)} ({texts}, _row bigint)"
            connection.execute(sql).fetchall()

    def relation(self, table: str) -> str:
        """The name of the temporary table."""
        return f"{self._prefix}_{table}"

    def add(self, row: int, found: Iterable[tuple[str, Cells]]) -> None:
        """The rows of visit number ``row``: their table, and their cells in the order of :data:`COLUMNS`."""
        held = self._held
        for table, cells in found:
            own = held[table]
            own += cells
            own.append(row)
        for table, own in held.items():
            if len(own) >= _HELD * (len(COLUMNS[table]) + 1):
                self._store(table)

    def close(self) -> None:
        """Store what is held."""
        for table in COLUMNS:
            self._store(table)

    def _store(self, table: str) -> None:
        held, names = self._held[table], (*COLUMNS[table], "_row")
        if not held:
            return
        width = len(names)
        types = [pa.string()] * (width - 1) + [pa.int64()]
        columns = [pa.array(held[place::width], kind) for place, kind in enumerate(types)]
        self._connection.register("health_xml_given", pa.table(columns, names=list(names)))
        try:
            sql = f"insert into {self.relation(table)} select * from health_xml_given"
            self._connection.execute(sql).fetchall()
        finally:
            self._connection.unregister("health_xml_given")
        self.counts[table] += len(held) // width
        held.clear()
