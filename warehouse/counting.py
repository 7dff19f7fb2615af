"""From ``raw_`` to the marts of a generation: what is known of people becomes counts.

Everything between (``rule_``, ``core_``) is worked out anew by each build, in a store that goes with it: it says
nothing that ``raw_`` does not say, and what is not kept cannot leak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse import database, engine, shadows, slices, spark
from warehouse.database import CORE, rows
from warehouse.engine import TableRun
from warehouse.engine_table import Table
from warehouse.generation_files import MARTS
from warehouse.settings import Settings

#: The folder of SQL that only DuckDB runs, before everything else.
INGEST = "ingest"
_OUT = "marts.main"
Progress = Callable[[str, str], None]


def count(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    reference: Mapping[str, pl.DataFrame],
    parameters: Mapping[str, Any],
    staged: Path,
    scratch: Path,
    progress: Progress,
) -> list[TableRun]:
    """Write the marts file of ``staged`` and leave it attached as ``marts``; a core store must be open.

    Marts lie in a file of their own, because it will be sealed. ``scratch``: private folder for another engine.
    """
    tables = engine.load_tables()
    engine.check_inputs(
        tables,
        [
            *database.raw_tables(),
            *database.META_TABLES,
            *database.PERSON_TABLES,
            database.FINDINGS,
            *reference,
        ],
    )
    database.put_frames(connection, reference)
    database.put_people(connection, linked=settings.is_linked)
    rows(connection, f"attach '{database.quoted(staged / MARTS)}' as marts {database.UNLOGGED}")
    if settings.engine == "spark":
        runs = _by_spark(connection, settings.spark_master, tables, parameters, scratch, progress)
    else:
        runs = _by_groups(connection, tables, parameters, progress)
    _remember_findings(connection)
    rows(connection, f"create table {_OUT}.rule_age_band as select * from rule_age_band order by age")
    rows(connection, "checkpoint marts")
    return runs


def _remember_findings(connection: duckdb.DuckDBPyConnection) -> None:
    """What the checks found, for the next build to tell what is new, and what is mended."""
    store = f"{database.CATALOG}.main.{database.FINDINGS}"
    rows(connection, "begin transaction")
    rows(connection, f"delete from {store}")
    rows(connection, f"insert into {store} select check_id, person_key, subject_key from core_found")
    rows(connection, "commit")


def _by_groups(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    parameters: Mapping[str, Any],
    progress: Progress,
) -> list[TableRun]:
    """DuckDB: tables of the whole city, of one group of districts after another, and of the whole city again."""
    before, sliced, after = slices.split(tables)
    keep = slices.collected(tables)
    runs = _whole(connection, before, parameters, progress)
    runs += slices.run(
        connection,
        sliced,
        parameters,
        keep=keep,
        slices=slices.groups(connection),
        progress=partial(progress, "people"),
    )
    for table in sliced:
        if table.is_mart:
            # The rows of a mart lie in the order of its questions.
            last = f" order by {table.order}" if table.order else ""
            rows(connection, f"create table {_OUT}.{table.name} as from {CORE}.main.{table.name}{last}")
            rows(connection, f"drop table {CORE}.main.{table.name}")
    return runs + _whole(connection, after, parameters, progress)


def _by_spark(
    connection: duckdb.DuckDBPyConnection,
    master: str | None,
    tables: Sequence[Table],
    parameters: Mapping[str, Any],
    scratch: Path,
    progress: Progress,
) -> list[TableRun]:
    """Apache Spark makes the person tables, all of the whole city at once; DuckDB what comes before and after."""
    ingest = [table for table in tables if table.folder == INGEST]
    runs = _whole(connection, ingest, parameters, progress)
    bodies = spark.person_tables(
        connection,
        tables,
        folder=scratch,
        master=master,
        progress=partial(progress, "spark"),
    )
    others = [table for table in tables if table.folder != INGEST]
    return runs + _whole(connection, others, parameters, progress, bodies)


def _whole(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    parameters: Mapping[str, Any],
    progress: Progress,
    bodies: Mapping[str, str] | None = None,
) -> list[TableRun]:
    runs = []
    for table in tables:
        schema, stage = (_OUT, "mart") if table.is_mart else (f"{CORE}.main", "core")
        progress(stage, table.name)
        runs.append(shadows.make(connection, table, parameters, schema=schema, bodies=bodies))
    return runs
