"""Linkage on Apache Spark finds the pairs, weights and persons that DuckDB finds."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.linkage import Registers, write_registers
from tests.support import home as support
from tests.support.home import run_build
from warehouse.database import open_warehouse, rows
from warehouse.identity import load_keys
from warehouse.linking import persons, scoring
from warehouse.linking.comparisons import load
from warehouse.linking.model import Model
from warehouse.synthetic.city import EXTRACTS

pytestmark = [pytest.mark.spark, pytest.mark.slow]
#: Bits by which the weight of a pair may differ between the engines.
TOLERANCE = 1e-6


def link(home: Path, engine: str) -> None:
    settings = support.settings(home, linkage="full", engine=engine)
    with open_warehouse(settings) as connection:
        assert persons.link(
            connection, settings, load_keys(settings), folder=home / "linkage", now=support.NOW
        )


def stored(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with open_warehouse(support.settings(home)) as connection:
        return rows(connection, sql)


def weighed(home: Path) -> dict[tuple[int, int], float]:
    """Evidence in bits of the pairs that were not linked by an exact key."""
    found = stored(home, "select key_a, key_b, evidence from meta_person_pair where key is null")
    return {(a, b): bits for a, b, bits in found}


def deliveries(root: Path) -> list[Path]:
    """The registers of a city in two parts: of the second everybody is new, and many are known from the first."""
    write_registers(Registers(people=8_000, shares={"insurer": 0.4, "hospital": 0.9}), root)
    frame = pl.read_parquet(root / EXTRACTS / "resident" / "*.parquet").with_row_index("at")
    text = (root / EXTRACTS / "manifest.toml").read_text()
    made = []
    for name, is_here in (("first", pl.col("at") % 10 < 8), ("second", pl.col("at") % 10 >= 8)):
        made.append(root / name)
        made[-1].mkdir()
        frame.filter(is_here).drop("at").write_parquet(made[-1] / "resident.parquet")
        (made[-1] / "manifest.toml").write_text(text.replace('name = "', f'name = "{name}-', 1))
    return made


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A store linked on DuckDB, then given more people: linked by each engine, and by DuckDB denying nothing.

    Strangers of one ward and year are compared too, and no pair is left out for too little evidence, so that every
    level and all that is denied is met.
    """
    root = tmp_path_factory.mktemp("linkage-on-spark")
    first, second = deliveries(root)
    strangers = "l.birth_year = r.birth_year and l.ward_code = r.ward_code"
    known = replace(load(), candidates={**load().candidates, "strangers": strangers})
    made = {"before": root / "before"}
    run_build(made["before"], first, as_of=None, linkage="full")
    run_build(made["before"], second, as_of=None, linkage="none")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "load", lambda: known)
        patch.setattr(Model, "least_bits", -1000.0)
        for name, engine in (("spark", "spark"), ("duckdb", "duckdb"), ("denying nothing", "duckdb")):
            made[name] = shutil.copytree(made["before"], root / name)
            if name == "denying nothing":
                patch.setattr(scoring, "_DENIED", "false")
            link(made[name], engine)
    return made


def test_both_engines_compare_the_same_pairs_and_give_them_the_same_weights(homes: dict[str, Path]) -> None:
    compared = [
        stored(homes[name], "select entities, pairs, model from meta_linkage") for name in ("spark", "duckdb")
    ]
    assert compared[0] == compared[1]
    on_spark, on_duckdb = weighed(homes["spark"]), weighed(homes["duckdb"])
    assert len(on_duckdb) > 1_000
    assert on_spark.keys() == on_duckdb.keys()
    assert max(abs(on_spark[pair] - bits) for pair, bits in on_duckdb.items()) <= TOLERANCE


def test_both_engines_deny_the_same_pairs(homes: dict[str, Path]) -> None:
    denied = weighed(homes["denying nothing"]).keys() - weighed(homes["duckdb"]).keys()
    assert len(denied) > 1_000
    assert not denied & weighed(homes["spark"]).keys()


def test_both_engines_find_the_same_persons(homes: dict[str, Path]) -> None:
    before, on_spark, on_duckdb = (
        dict(stored(homes[name], "select source_key, person_key from meta_person"))
        for name in ("before", "spark", "duckdb")
    )
    assert on_spark == on_duckdb
    known = set(before.values())
    assert sum(on_duckdb[key] in known for key in on_duckdb.keys() - before.keys()) > 1_000


def test_nothing_of_anybody_is_left_behind(homes: dict[str, Path]) -> None:
    assert [path for path in homes["spark"].rglob("*") if "scratch" in str(path)] == []
