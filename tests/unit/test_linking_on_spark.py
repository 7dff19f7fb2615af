"""Linkage on Spark without Spark: what is sent there means what it means on DuckDB."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from tests.support.home import settings
from warehouse.errors import UserError
from warehouse.linking import on_spark, scoring
from warehouse.linking.comparisons import ELSE, load
from warehouse.linking.identities import COLUMNS
from warehouse.linking.model import beginning

WORDS = st.one_of(st.text("ABC", max_size=9), st.text("AĂNGỌƯ 0", max_size=14))


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def on_duckdb(con: duckdb.DuckDBPyConnection, one: str | None, other: str | None) -> float | None:
    [(found,)] = con.execute("select jaro_winkler_similarity($1, $2)", [one, other]).fetchall()
    return None if found is None else float(found)


@given(one=WORDS, other=WORDS)
def test_likeness_is_that_of_duckdb_to_the_last_bit(
    con: duckdb.DuckDBPyConnection, one: str, other: str
) -> None:
    assert on_spark.jaro_winkler(one, other) == on_duckdb(con, one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Exactly 0.92, but for the order of rounding.
        ("VO THI LAN", "VGOT THI LAN"),
        # Five letters stand in another order: two transpositions, not two and a half.
        ("DINH XUAN HOA", "DINH XUN HOA"),
        ("AN", "AN"),
        ("", ""),
        ("LAN", None),
        (None, None),
    ],
)
def test_likeness_at_the_edges(con: duckdb.DuckDBPyConnection, one: str | None, other: str | None) -> None:
    assert on_spark.jaro_winkler(one, other) == on_duckdb(con, one, other)


def test_every_function_of_a_likeness_is_one_that_agrees_with_duckdb() -> None:
    conditions = [level.sql for one in load().comparisons for level in one.levels if level.sql != ELSE]
    sent = " ".join(map(on_spark.translated, [*conditions, scoring.pairs_sql(), scoring.kept_sql("scored")]))
    for theirs, ours in (("jaro_winkler", on_spark.JARO_WINKLER), ("damerau", on_spark.DAMERAU)):
        assert 0 < sent.lower().count(theirs) == sent.lower().count(ours)
    assert "::" not in sent
    assert "$" not in sent


def test_a_missing_number_is_not_far_away() -> None:
    """Splink's distance of a missing value is 100, which would deny everybody who has no number."""
    assert on_spark.translated("damerau_levenshtein(a, b) > 1") == (
        "IF(a IS NULL OR b IS NULL, NULL, HSSK_DAMERAU_LEVENSHTEIN(a, b)) > 1"
    )


def test_people_are_sent_sealed_and_opened_by_the_key_alone(tmp_path: Path) -> None:
    path, key = tmp_path / "person.parquet", secrets.token_bytes(32)
    with duckdb.connect() as work:
        work.execute(
            """create table person as select 7::bigint as entity_key, true as is_changed, 'TRẦN MAI' as name_marked,
                date '1960-02-03' as birth_day_known, 1960::smallint as birth_year, null::varchar as phone_std,
                0.1::double + 0.2 as tf_name_std"""
        )
        types = on_spark._seal(work, path, key)
    assert types == (
        "name_marked string, birth_day_known date, birth_year smallint, phone_std string, tf_name_std double"
    )
    assert not any(word.encode() in path.read_bytes() for word in ("TRẦN", "MAI", "1960"))
    [row] = pq.read_table(path).to_pylist()
    told = AESGCM(key).decrypt(row["sealed"][:12], row["sealed"][12:], None)
    assert json.loads(told) == {
        "name_marked": "TRẦN MAI", "birth_day_known": "1960-02-03", "birth_year": 1960, "phone_std": None,
        "tf_name_std": 0.1 + 0.2,
    }  # fmt: skip
    assert (row["entity_key"], row["is_changed"]) == (7, True)


@pytest.mark.parametrize("missing", ["spark.authenticate", "spark.network.crypto.enabled", None])
def test_names_go_through_no_network_in_the_clear(missing: str | None) -> None:
    configured = {name: "true" for name in on_spark._NETWORK if name != missing}
    session = SimpleNamespace(sparkContext=SimpleNamespace(getConf=lambda: configured))
    if missing is None:
        on_spark._check_network(session)
        return
    with pytest.raises(UserError, match=r"HSSK_LINKAGE=exact") as told:
        on_spark._check_network(session)
    assert missing in str(told.value)


@pytest.mark.parametrize("changed", [0, 1])
def test_no_cluster_is_started_where_nobody_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: int
) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    (tmp_path / "tmp").mkdir()
    with duckdb.connect() as work:
        texts = ", ".join(f"null::varchar as {name}" for name in COLUMNS if name != "birth_year")
        work.execute(f"create table entity as select 1::bigint as entity_key, 1960 as birth_year, {texts}")
        work.execute("create table changed as select 1::bigint as entity_key limit $1", [changed])
        known = beginning(1, 0, {})
        for column in load().frequencies:
            work.execute(f"create table frequency_{column} (value varchar, share double)")
        asked = settings(tmp_path, engine="spark")
        if changed:
            with pytest.raises(UserError, match="PySpark"):
                on_spark.score(work, known, asked, print)
        else:
            assert on_spark.score(work, known, asked, print) == 0
    assert list((tmp_path / "tmp").iterdir()) == []
