"""A build whose person tables Spark makes (one master, two workers) equals DuckDB's to the last row."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.city import synthetic_home
from warehouse.engine import load_tables

pytestmark = [pytest.mark.spark, pytest.mark.slow]
PERSON = [table for table in load_tables() if table.folder == "person"]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("pyspark")
    folder = tmp_path_factory.mktemp("engines")
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        for engine in ("duckdb", "spark"):
            patch.setenv("HSSK_ENGINE", engine)
            made[engine] = synthetic_home(folder / engine, population=1_500, seed=1)
    return made


def manifest(home: Path) -> dict[str, Any]:
    build = (home / "CURRENT").read_text().strip()
    return dict(json.loads((home / "builds" / build / "manifest.json").read_text()))


def test_every_mart_has_the_same_fingerprint(homes: dict[str, Path]) -> None:
    by_duckdb, by_spark = manifest(homes["duckdb"]), manifest(homes["spark"])
    assert (by_duckdb["engine"], by_spark["engine"]) == ("duckdb", "spark")
    assert by_spark["fingerprints"] == by_duckdb["fingerprints"]


@pytest.mark.parametrize("name", [table.name for table in PERSON if not table.is_mart])
def test_every_person_table_has_the_same_rows_and_types(homes: dict[str, Path], name: str) -> None:
    with duckdb.connect() as con:
        for engine, home in homes.items():
            con.execute(f"attach '{home / 'warehouse.duckdb'}' as {engine} (read_only)").fetchall()
        types = [con.execute(f"describe {engine}.{name}").fetchall() for engine in homes]
        for left, right in (("spark", "duckdb"), ("duckdb", "spark")):
            [(more,)] = con.execute(
                f"select count(*) from (select * from {left}.{name} except all select * from {right}.{name})"
            ).fetchall()
            assert more == 0
    assert types[0] == types[1]


def test_no_process_and_no_file_is_left_behind(homes: dict[str, Path]) -> None:
    """Master and workers are gone; the driver's own Java lives as long as this Python."""
    daemons = "org.apache.spark.deploy.(master|worker)"
    running = subprocess.run(["pgrep", "-f", daemons], capture_output=True, text=True)
    assert running.stdout == ""
    assert list(homes["spark"].glob(".scratch-*")) == []
