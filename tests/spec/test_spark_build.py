"""A build whose person tables Spark makes (one master, two workers) equals DuckDB's to the last row."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.city import synthetic_home
from warehouse.engine import load_tables

pytestmark = [pytest.mark.spark, pytest.mark.slow]


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


def told(home: Path, name: str) -> dict[str, Any]:
    build = (home / "CURRENT").read_text().strip()
    return dict(json.loads((home / "builds" / build / name).read_text()))


def test_every_mart_has_the_same_fingerprint(homes: dict[str, Path]) -> None:
    by_duckdb, by_spark = (told(homes[name], "manifest.json") for name in ("duckdb", "spark"))
    assert (by_duckdb["engine"], by_spark["engine"]) == ("duckdb", "spark")
    assert by_spark["fingerprints"] == by_duckdb["fingerprints"]


def test_every_table_on_the_way_has_as_many_rows(homes: dict[str, Path]) -> None:
    """Core tables are not kept; row by row they are compared in ``test_spark.py``."""
    rows = {
        engine: {name: table["rows"] for name, table in told(home, "lineage.json")["tables"].items()}
        for engine, home in homes.items()
    }
    assert {table.name for table in load_tables()} == set(rows["spark"])
    assert rows["spark"] == rows["duckdb"]
    assert rows["spark"]["core_measure"] > 10_000


def test_no_process_and_no_file_is_left_behind(homes: dict[str, Path]) -> None:
    """Master and workers are gone; the driver's own Java lives as long as this Python."""
    daemons = "org.apache.spark.deploy.(master|worker)"
    running = subprocess.run(["pgrep", "-f", daemons], capture_output=True, text=True)
    assert running.stdout == ""
    assert list(homes["spark"].glob(".scratch-*")) == []
