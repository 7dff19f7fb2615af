"""Parquet under a mapping: its columns have types, but not the names of a contract."""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.readers.wild.grid import Grid, Hints
from warehouse.readers.wild.headers import Known, folded
from warehouse.readers.wild.limits import refused

SUFFIX = ".parquet"


def load(
    connection: duckdb.DuckDBPyConnection, path: Path, known: Known, *, relation: str, hints: Hints
) -> Grid:
    """The known columns of a Parquet file as text. Raises :class:`UserError` when it is damaged."""
    source = {"path": "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))}
    try:
        # On a connection of its own: an error would end the caller's transaction.
        with duckdb.connect() as probe:
            found = probe.execute("describe select * from read_parquet($path)", source).fetchall()
            probe.execute(
                "select count(columns(*)) from read_parquet($path, file_row_number = true)", source
            ).fetchall()
    except duckdb.Error:
        raise refused(path.name, "the file cannot be read to its end", "a whole Parquet file") from None
    places = {place: folded(name) for place, (name, *_) in enumerate(found) if folded(name) in known.names}
    if len(set(places.values())) < len(places):
        raise refused(path.name, "the header repeats a name that is looked for", "every column once")
    # Names of the file are not written into SQL: a list of our own takes their place.
    aliases = ", ".join(f"c{place}" for place in range(len(found)))
    cells = ", ".join(f"{_text(f'c{place}', found[place][1])} as c{place}" for place in places)
    [(count,)] = connection.execute(
        f'create or replace temp table "{relation}" as select {cells or "null as nothing"}, _row + 1 as _row'
        f" from read_parquet($path, file_row_number = true) as file({aliases}, _row)",
        source,
    ).fetchall()
    columns = {name: f"c{place}" for place, name in places.items()}
    rows = int(count)
    return Grid(
        relation=relation, columns=columns, hints=hints, data_rows=rows, rows=rows, bad=(), set_aside={}
    )


def _text(name: str, kind: str) -> str:
    text = f"nullif(nfc_normalize({name}::varchar), '')"
    if kind in ("DOUBLE", "FLOAT"):
        # What a table library makes of whole numbers with gaps: 123.0 is the reference 123.
        return f"case when {name} = floor({name}) and abs({name}) < 1e15 then {name}::bigint::varchar else {text} end"
    return text
