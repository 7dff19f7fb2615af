"""The Spark engine without Spark: what is sent, what is read back, and what is said where it cannot run."""

from __future__ import annotations

from importlib import util
from pathlib import Path

import duckdb
import pytest

from warehouse import engine, spark
from warehouse.engine import load_tables
from warehouse.errors import Defect, UserError

PARAMETER = engine.parse("core_late", "person", "select $as_of as day")
COUNTED = engine.parse(
    "mart_seen",
    "person",
    "select p.place_id, count(*)::bigint as people from core_seen as p group by p.place_id order by p.place_id",
)


def test_every_person_table_is_read_back_with_the_types_of_duckdb(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute("create table core_seen as select 7::smallint as place_id").fetchall()
        types = spark.column_types(con, [COUNTED], ["core_seen"])
    assert types == {"mart_seen": {"place_id": "SMALLINT", "people": "BIGINT"}}
    sql = spark.read_back(COUNTED, tmp_path, types["mart_seen"])
    assert '"place_id"::SMALLINT as "place_id"' in sql
    assert sql.endswith("order by place_id")


def test_what_spark_wrote_is_cast_back(tmp_path: Path) -> None:
    made = tmp_path / "mart_seen.made"
    made.mkdir()
    with duckdb.connect() as con:
        con.execute(
            f"copy (select 9::bigint as place_id, 2::integer as people) to '{made}/part-0.parquet'"
        ).fetchall()
        sql = spark.read_back(COUNTED, tmp_path, {"place_id": "SMALLINT", "people": "BIGINT"})
        assert con.execute(sql).fetchall() == [(9, 2)]
        assert [kind for _, kind, *_ in con.execute(f"describe {sql}").fetchall()] == ["SMALLINT", "BIGINT"]


def test_dialect_is_translated() -> None:
    """A cast in DuckDB's short form is none of Spark's."""
    assert (
        spark.translated("select count(*)::bigint as people from t")
        == "SELECT CAST(COUNT(*) AS BIGINT) AS people FROM t"
    )


def test_person_sql_with_a_parameter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "_check_installed", lambda: None)
    with duckdb.connect() as con, pytest.raises(Defect, match="as_of"):
        spark.person_tables(con, [PARAMETER], folder=tmp_path, master=None)


def test_without_pyspark_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with duckdb.connect() as con, pytest.raises(UserError, match="pyspark==") as refused:
        spark.person_tables(con, [], folder=tmp_path, master=None)
    assert refused.value.exit_code == 78


def test_person_tables_of_this_installation_take_no_parameter() -> None:
    assert [
        table.name for table in engine.load_tables() if table.folder == spark.PERSON and table.parameters
    ] == []


def test_what_another_engine_made_is_read_back_in_the_names_of_its_result() -> None:
    """The SELECT may order by a column that leaves under another name."""
    orders = {table.name: table.order for table in load_tables()}
    assert orders["mart_agreement"].split(", ")[5] == "age_from"
    assert orders["mart_case"] == "measure_id, quarter_index, place_id, sex, age_from"
    assert orders["core_clause"] == ""
