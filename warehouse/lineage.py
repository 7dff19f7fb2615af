"""Where a number comes from: manifest and lineage of a generation, the list of refused rows, and ``hssk explain``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse import engine
from warehouse.contracts import load_contracts
from warehouse.database import rows
from warehouse.engine_table import Table
from warehouse.errors import EXIT_DATA, UserError, suggest
from warehouse.file_names import TOLD
from warehouse.generation_files import BUILDS, LINEAGE, current_build
from warehouse.publish import code_version


def build_manifest(
    connection: duckdb.DuckDBPyConnection,
    build_id: str,
    as_of: date,
    now: datetime,
    fingerprints: dict[str, dict[str, Any]],
    notes: Sequence[str],
) -> dict[str, Any]:
    """What a generation is: extract date, files, quarters, fingerprints, and what its reader must know."""
    files = connection.sql(
        f"""select {TOLD},
            * exclude (file_id, loaded_at, synthetic, folder, logical_name, file_name)
            from meta_file order by file_id"""
    ).pl()
    [(synthetic,)] = rows(connection, "select coalesce(bool_or(synthetic), false) from meta_file")
    quarters = [
        name for (name,) in rows(connection, "select quarter from rule_quarter order by quarter_index")
    ]
    [(source,)] = rows(connection, "select min(source) from rule_population")
    return {
        "build_id": build_id,
        "extract_date": as_of.isoformat(),
        "created_at": now.isoformat(timespec="seconds"),
        "synthetic": synthetic,
        "code_version": code_version(),
        "fingerprints": fingerprints,
        "files": files.to_dicts(),
        "quarters": quarters,
        "population": {"source": source},
        "estimates": None,
        "notes": list(notes),
    }


def table_lineage(tables: Sequence[Table], runs: Sequence[engine.TableRun]) -> dict[str, Any]:
    """SQL, inputs, rows and seconds of every table of a build."""
    cost = {run.name: run for run in runs}
    return {
        table.name: {
            "sql": table.sql,
            "inputs": list(table.inputs),
            "rows": cost[table.name].rows,
            "seconds": round(cost[table.name].seconds, 3),
        }
        for table in tables
    }


def read_quarantine(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What was refused, one row each; no identifying value is in it."""
    frame: pl.DataFrame = connection.sql(
        f"""select {TOLD}, q.row_number, q.column_name, q.rule, q.value, q.expected
           from meta_quarantine q join meta_file f using (file_id) order by all"""
    ).pl()
    return frame


def write_quarantine(refused_rows: pl.DataFrame, home: Path, build_id: str) -> None:
    """The refused rows as a file for the steward."""
    folder = home / "quarantine"
    folder.mkdir(exist_ok=True, mode=0o750)
    path = folder / f"{build_id}.csv"
    refused_rows.write_csv(path)
    path.chmod(0o640)


def explain(home: Path, mart: str) -> dict[str, Any]:
    """How a table of the current generation was made: its SQL, its inputs down to the raw tables, rows, files."""
    build_id = current_build(home)
    if build_id is None:
        raise UserError("nothing is built yet", action="Run `hssk build DIR`", exit_code=EXIT_DATA)
    lineage = json.loads((home / BUILDS / build_id / LINEAGE).read_text(encoding="utf-8"))
    tables = lineage["tables"]
    if mart not in tables:
        raise UserError("no such table in this build", value=mart, expected=suggest(mart, sorted(tables)))
    names = _upstream(mart, tables)
    raw = {name.removeprefix("raw_") for name in names if name.startswith("raw_")} & set(load_contracts())
    return {
        "build": build_id,
        "table": mart,
        "made_from": [{"table": name, **tables[name]} for name in names if name in tables],
        "files": [file for file in lineage["files"] if file["table_name"] in raw],
    }


def _upstream(name: str, tables: dict[str, Any]) -> list[str]:
    """The table and everything it comes from, nearest first, each once."""
    found = [name]
    for item in found:
        found += [other for other in tables.get(item, {}).get("inputs", ()) if other not in found]
    return found
