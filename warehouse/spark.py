"""The person SQL on Apache Spark: the way past one machine.

``sql/person`` is the portable subset (architecture rule 5). Its inputs are written as Parquet into a folder that driver
and executors both see, every file is translated by sqlglot and run, and the results come back as Parquet with the types
DuckDB would have given them: what follows is the same as if DuckDB had made them, to the last fingerprint.

Without a master, a cluster of one master and two workers is started on loopback and stopped afterwards in any case.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module, util
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import duckdb
import sqlglot

from warehouse.database import quoted, rows
from warehouse.engine_table import Table
from warehouse.errors import EXIT_CONFIG, EXIT_UNAVAILABLE, Defect, UserError

PERSON = "person"
LOOPBACK = "127.0.0.1"
WORKERS = 2
#: Seconds until the workers of the local cluster must have registered.
PATIENCE = 120
_CONFIG = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
#: On this machine; a cluster has partitions by its own settings.
_LOCAL = {"spark.driver.host": LOOPBACK, "spark.sql.shuffle.partitions": "8"}


def person_tables(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    *,
    folder: Path,
    master: str | None,
    progress: Callable[[str], None] = lambda name: None,
) -> dict[str, str]:
    """Make every person table on Spark; returns for each the SELECT that reads it back into DuckDB.

    ``folder``: private, empty, seen by driver and executors; it must stay until the tables are read back. ``master``:
    URL of a running cluster, None for a local one. Raises UserError where PySpark or Java is missing.
    """
    _check_installed()
    person = [table for table in tables if table.folder == PERSON]
    if takes := sorted({name for table in person for name in table.parameters}):
        raise Defect(f"person SQL takes no parameters, for it runs on two engines: {', '.join(takes)}")
    made = {table.name for table in person}
    inputs = sorted({name for table in person for name in table.inputs} - made)
    for name in inputs:
        progress(f"{name} to Parquet")
        rows(connection, f"copy {name} to '{quoted(folder / f'{name}.parquet')}' (format parquet)")
    types = column_types(connection, person, inputs)
    with session(folder, master) as spark:
        for name in inputs:
            spark.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
        for table in person:
            progress(f"{table.name} on Spark")
            place = str(folder / f"{table.name}.made")
            spark.sql(translated(table.sql)).write.parquet(place)
            spark.read.parquet(place).createOrReplaceTempView(table.name)
    return {table.name: read_back(table, folder, types[table.name]) for table in person}


def translated(sql: str) -> str:
    """A file of the person SQL in the dialect of Spark; what has no equal there is an error, never a guess."""
    [text] = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    return text


def column_types(
    connection: duckdb.DuckDBPyConnection, person: Sequence[Table], inputs: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Columns and types DuckDB gives each person table, by running the SQL on inputs without a row."""
    found: dict[str, dict[str, str]] = {}
    with duckdb.connect() as empty:
        for name in inputs:
            columns = rows(connection, f"select column_name, column_type from (describe {name})")
            listed = ", ".join(f'"{column}" {kind}' for column, kind in columns)
            empty.execute(f"create table {name} ({listed})").fetchall()
        for table in person:
            empty.execute(f"create table {table.name} as {table.sql.rstrip().rstrip(';')}").fetchall()
            described = empty.execute(
                f"select column_name, column_type from (describe {table.name})"
            ).fetchall()
            found[table.name] = dict(described)
    return found


def read_back(table: Table, folder: Path, types: Mapping[str, str]) -> str:
    """SELECT that reads a finished table with DuckDB's types, in the order its SQL asks for."""
    columns = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in types.items())
    last = f" order by {table.order}" if table.order else ""
    return f"select {columns} from read_parquet('{quoted(folder / f'{table.name}.made')}/*.parquet'){last}"


def _check_installed() -> None:
    if util.find_spec("pyspark") is None:
        raise UserError(
            "the engine spark needs PySpark",
            field="--engine",
            expected="the package pyspark 4.3.0",
            action="pip install pyspark==4.3.0, or build with --engine duckdb",
            exit_code=EXIT_CONFIG,
        )
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise UserError(
            "the engine spark needs Java",
            field="--engine",
            expected="Java 17 on the PATH or in JAVA_HOME",
            action="Install a Java runtime, or build with --engine duckdb",
            exit_code=EXIT_CONFIG,
        )


@contextmanager
def session(folder: Path, master: str | None, more: Mapping[str, str] | None = None) -> Iterator[Any]:
    """A session on a cluster, or on one of this machine; ``folder``, ``master``, errors: as of :func:`person_tables`.

    ``more``: further configuration of Spark.
    """
    _check_installed()
    if master is None:
        with local_cluster(folder) as url, _connected(folder, url, {**_LOCAL, **(more or {})}) as spark:
            yield spark
    else:
        with _connected(folder, master, more or {}) as spark:
            yield spark


@contextmanager
def _connected(folder: Path, master: str, more: Mapping[str, str]) -> Iterator[Any]:
    builder = import_module("pyspark.sql").SparkSession.builder.master(master).appName("hssk build")
    for key, value in {**_CONFIG, **more, "spark.sql.warehouse.dir": str(folder / "tables")}.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


@contextmanager
def local_cluster(folder: Path) -> Iterator[str]:
    """A master and two workers on loopback, one core each; yields the master's URL and leaves no process behind."""
    master, page, *others = _free_ports(2 + 2 * WORKERS)
    url = f"spark://{LOOPBACK}:{master}"
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(_daemon(folder, "master.Master", master, page, []))
        for place in range(WORKERS):
            own, web = others[2 * place], others[2 * place + 1]
            started.append(
                _daemon(folder, "worker.Worker", own, web, ["--cores", "1", "--memory", "2g", url])
            )
        _wait_for_workers(page, started)
        yield url
    finally:
        for process in reversed(started):
            _stop(process)


def _daemon(folder: Path, name: str, port: int, page: int, more: Sequence[str]) -> subprocess.Popen[bytes]:
    """One daemon in a process group of its own, so that its Java goes with it."""
    home = Path(str(import_module("pyspark").__file__)).parent
    places = ["--host", LOOPBACK, "--port", str(port), "--webui-port", str(page)]
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_WORKER_DIR": str(folder / "workers"),
    }
    with (folder / f"{name}-{port}.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603
            [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *places, *more],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_for_workers(page: int, started: Sequence[subprocess.Popen[bytes]]) -> None:
    """Until the master says that every worker has registered."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if any(process.poll() is not None for process in started):
            break
        try:
            with urlopen(f"http://{LOOPBACK}:{page}/json/", timeout=2) as answer:
                if answer.read().count(b'"ALIVE"') >= WORKERS + 1:
                    return
        except OSError:
            pass
        time.sleep(0.2)
    raise UserError(
        "the local Spark cluster did not start",
        expected=f"{WORKERS} workers on {LOOPBACK} within {PATIENCE} s",
        action="Build with --engine duckdb, or give --spark-master",
        exit_code=EXIT_UNAVAILABLE,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for item in sockets:
            item.bind((LOOPBACK, 0))
        return [int(item.getsockname()[1]) for item in sockets]
    finally:
        for item in sockets:
            item.close()
