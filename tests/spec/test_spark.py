"""The person SQL gives the same rows on DuckDB and, translated, on Apache Spark: the way past one machine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from tests.support import core
from tests.support.cases import CASES, END, person
from warehouse.engine import load_tables

pytestmark = [pytest.mark.spark, pytest.mark.slow]
ORIGIN = date(2022, 12, 31)
TABLES = [table for table in load_tables() if table.folder == "person"]
Rows = Counter[tuple[Any, ...]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Rows], dict[str, Rows]]:
    folder = tmp_path_factory.mktemp("spark")
    duckdb_rows = _on_duckdb(folder)
    return duckdb_rows, _on_spark(folder)


def _on_duckdb(folder: Path) -> dict[str, Rows]:
    """Rows of every person table; inputs are left as Parquet files in ``folder``."""
    day = (END - date(1970, 1, 1)).days - 60
    people = [
        replace(person(key), examined=(("hypertension", "recommended", day, key % 2 == 0),))
        for key in range(len(CASES))
    ]
    made = {table.name for table in TABLES}
    with core.evaluate(people, origin=ORIGIN, last=END) as con:
        names = {name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()}
        for name in sorted(names - made):
            con.execute(f"copy {name} to '{folder / name}.parquet' (format parquet)").fetchall()
        return {name: Counter(con.execute(f"select * from {name}").fetchall()) for name in sorted(made)}


def _on_spark(folder: Path) -> dict[str, Rows]:
    builder = (
        import_module("pyspark.sql")
        .SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
    )
    builder = builder.config("spark.sql.shuffle.partitions", "1").config("spark.sql.ansi.enabled", "true")
    spark = builder.config("spark.sql.warehouse.dir", str(folder / "tables")).getOrCreate()
    try:
        for file in sorted(folder.glob("*.parquet")):
            spark.read.parquet(str(file)).createOrReplaceTempView(file.stem)
        return {table.name: _table(spark, folder, table.name, table.sql) for table in TABLES}
    finally:
        spark.stop()


def _table(spark: Any, folder: Path, name: str, sql: str) -> Rows:
    """Make one table on Spark, as a file that the next tables read, and return its rows."""
    [translated] = sqlglot.transpile(
        sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    made = str(folder / f"{name}.made")
    spark.sql(translated).write.parquet(made)
    frame = spark.read.parquet(made)
    frame.createOrReplaceTempView(name)
    return Counter(tuple(row) for row in frame.collect())


@pytest.mark.parametrize("name", [table.name for table in TABLES])
def test_both_engines_make_equal_rows(both: tuple[dict[str, Rows], dict[str, Rows]], name: str) -> None:
    on_duckdb, on_spark = both
    assert on_duckdb[name]
    assert on_spark[name] == on_duckdb[name]
