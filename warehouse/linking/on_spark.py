"""Candidates and weights on Apache Spark: the part of linkage that grows faster than the city.

People go there as DuckDB has them, each row sealed under a key that lives as long as the run and is written nowhere;
pairs of keys come back. Rules, conditions and what is denied are those of ``comparisons.toml`` and
:mod:`warehouse.linking.scoring`, translated, and the weights are Splink's as there, so that both engines find the same
pairs with the same bits. Keys, clusters and guards stay on DuckDB: they are cheap.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from splink import Linker
from sqlglot import exp

from warehouse import spark
from warehouse.database import TEMPORARY, quoted, rows
from warehouse.errors import EXIT_CONFIG, UserError
from warehouse.linking import model, scoring
from warehouse.linking.comparisons import ELSE, load
from warehouse.linking.model import Model
from warehouse.settings import Settings

#: Spark's own ``jaro_winkler_similarity``, and that of Splink's jar, do not round half transpositions down as DuckDB
#: does: of 50,000 pairs of names, some slips of one another, 359 stood on the other side of 0.92.
JARO_WINKLER = "hssk_jaro_winkler"
#: Splink's, in Scala. It agreed with DuckDB's on all of 250,000 pairs, but takes a missing value for far away.
DAMERAU = "hssk_damerau_levenshtein"
_DAMERAU_CLASS = "uk.gov.moj.dash.linkage.LevDamerauDistance"
#: People are compared with their names: what Spark writes beside the memory of its workers is encrypted, and no log of
#: its plans is kept.
_CONFIG = {"spark.io.encryption.enabled": "true", "spark.eventLog.enabled": "false"}
#: Without these a cluster sends shuffled rows through its network as they are.
_NETWORK = ("spark.authenticate", "spark.network.crypto.enabled")
#: Rows sealed at a time, and the length of a nonce, as ``aes_decrypt`` of Spark expects it before the text.
_BATCH, _NONCE = 100_000, 12
#: DuckDB's types of what is compared, as Spark calls them.
_TYPES = {"VARCHAR": "string", "DATE": "date", "SMALLINT": "smallint", "DOUBLE": "double", "INTEGER": "int"}
_KEYS = ("entity_key", "is_changed")
_PEOPLE, _CANDIDATE, _SCORED = "person.parquet", "candidate.parquet", "scored.parquet"


def score(
    work: duckdb.DuckDBPyConnection, known: Model, settings: Settings, progress: Callable[[str], None]
) -> int:
    """Add to ``scored`` the pairs of which one is ``changed``, as :mod:`warehouse.linking.scoring` does on DuckDB.

    All years of birth at once. Returns the number of pairs compared. Raises UserError where PySpark or Java is
    missing, where the cluster does not start, and where its network is not encrypted.
    """
    scoring.put_people(work, known, "e.birth_year is not null", {})
    if not rows(work, "select 1 from person where is_changed limit 1"):
        return 0
    # Without a folder of the cluster: where the next build clears away what a killed one leaves behind.
    place = settings.spark_folder or settings.home / TEMPORARY
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=place) as scratch:
        folder = Path(scratch)
        key = secrets.token_bytes(32)
        types = _seal(work, folder / _PEOPLE, key)
        with spark.session(folder, settings.spark_master, _CONFIG) as session:
            if settings.spark_master is None:
                session.sparkContext.pythonExec = sys.executable
            else:
                _check_network(session)
            _put_functions(session)
            progress("find pairs on Spark")
            _open(session, folder / _PEOPLE, key, types)
            pairs = _candidates(session, folder)
            progress("compare on Spark")
            _keep(session, known, folder)
        rows(work, f"insert into scored from read_parquet('{quoted(folder / _SCORED)}/*.parquet')")
    return pairs


def _seal(work: duckdb.DuckDBPyConnection, path: Path, key: bytes) -> str:
    """Write ``person``: keys, and of each row what is compared, sealed (AES-GCM). Returns its columns for Spark."""
    columns = [
        (name, _TYPES[kind])
        for name, kind in rows(work, "select column_name, column_type from (describe person)")
        if name not in _KEYS
    ]
    told = ", ".join(f"{name!r}: {name}" for name, _ in columns)
    people = work.sql(f"select {', '.join(_KEYS)}, to_json({{{told}}})::varchar as told from person")
    cipher = AESGCM(key)
    schema = pa.schema([("entity_key", pa.int64()), ("is_changed", pa.bool_()), ("sealed", pa.binary())])
    with pq.ParquetWriter(path, schema) as file:
        for batch in people.to_arrow_reader(_BATCH):
            sealed = [_sealed(cipher, text) for text in batch["told"].to_pylist()]
            kept = [batch[name] for name in _KEYS]
            file.write_batch(pa.record_batch([*kept, pa.array(sealed, pa.binary())], schema=schema))
    return ", ".join(f"{name} {kind}" for name, kind in columns)


def _sealed(cipher: AESGCM, text: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, text.encode(), None)


def _open(session: Any, path: Path, key: bytes, types: str) -> None:
    """The view ``person``, opened in the memory of the workers."""
    session.read.parquet(str(path)).createOrReplaceTempView("sealed_person")
    opened = session.sql(
        f"""select {", ".join(_KEYS)}, from_json(cast(aes_decrypt(sealed, :key, 'GCM') as string), '{types}') as told
            from sealed_person""",
        args={"key": bytearray(key)},
    )
    opened.select(*_KEYS, "told.*").persist().createOrReplaceTempView("person")


def _check_network(session: Any) -> None:
    """Raise unless what goes between the nodes of a cluster is encrypted."""
    configured = session.sparkContext.getConf()
    if off := [name for name in _NETWORK if configured.get(name, "false") != "true"]:
        raise UserError(
            "names of people would go through the network of the cluster in the clear",
            field=", ".join(off),
            expected="true",
            action="Set it in spark-defaults.conf, or link by exact keys only: HSSK_LINKAGE=exact",
            exit_code=EXIT_CONFIG,
        )


def _put_functions(session: Any) -> None:
    """The likenesses under names of their own."""
    types = import_module("pyspark.sql.types")
    jar = import_module("splink.backends.spark").similarity_jar_location()
    session.sql(f"add jar '{jar}'")
    session.udf.registerJavaFunction(DAMERAU, _DAMERAU_CLASS, types.DoubleType())
    # By value: workers have Python, but not this program.
    import_module("pyspark.cloudpickle").register_pickle_by_value(sys.modules[__name__])
    session.udf.register(JARO_WINKLER, jaro_winkler, types.DoubleType())


def _candidates(session: Any, folder: Path) -> int:
    """The view ``candidate``; returns the number of pairs."""
    session.sql("select * from person where is_changed").createOrReplaceTempView("person_changed")
    place = str(folder / _CANDIDATE)
    session.sql(translated(scoring.pairs_sql())).write.parquet(place)
    pairs = session.read.parquet(place)
    pairs.selectExpr("'0' as match_key", "*").createOrReplaceTempView("candidate")
    return int(pairs.count())


def _keep(session: Any, known: Model, folder: Path) -> None:
    """Write the candidates with enough evidence that nothing denies, as Splink weighs them."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    database = import_module("splink.backends.spark").SparkAPI(
        spark_session=session, break_lineage_method="persist", register_udfs_automatically=False
    )
    # Splink joins frequencies itself, of each column by its values; DuckDB bears to have them twice, Spark does not.
    person = session.table("person")
    people = person.drop(*(f"tf_{column}" for column in load().frequencies))
    linker = Linker(database.register(people), _settings(known), log_level=None)
    for column in load().frequencies:
        shares = person.select(column, f"tf_{column}").where(f"{column} is not null").distinct()
        linker.table_management.register_term_frequency_lookup(database.register(shares), column)
    linker.table_management.register_blocked_pairs_for_predict(database.register("candidate"))
    scored = linker.inference.predict(warning_mode="never")
    kept = translated(scoring.kept_sql(scored.physical_name))
    session.sql(kept, args={"least": known.least_bits}).write.parquet(str(folder / _SCORED))


def _settings(known: Model) -> dict[str, Any]:
    """The settings of :func:`warehouse.linking.model.settings`, in the dialect of Spark."""
    found = model.settings(known, key="entity_key", told=False)
    for comparison in found["comparisons"]:
        for level in comparison["comparison_levels"]:
            if level["sql_condition"] != ELSE:
                level["sql_condition"] = translated(level["sql_condition"])
    return found


def translated(sql: str) -> str:
    """SQL of DuckDB in the dialect of Spark, with likenesses that give what DuckDB's give."""
    tree = sqlglot.parse_one(sql, read="duckdb").transform(_likeness)
    return str(tree.sql("spark", unsupported_level=sqlglot.ErrorLevel.RAISE))


def _likeness(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.JarowinklerSimilarity):
        return exp.func(JARO_WINKLER, node.this, node.expression)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "damerau_levenshtein":
        one, other = node.expressions
        missing = exp.or_(one.copy().is_(exp.null()), other.copy().is_(exp.null()))
        return exp.func("if", missing, exp.null(), exp.func(DAMERAU, one, other))
    return node


def jaro_winkler(one: str | None, other: str | None) -> float | None:
    """Winkler's likeness of two words, 0 to 1, to the last bit what DuckDB's ``jaro_winkler_similarity`` gives.

    Half transpositions are rounded down; up to four letters of the same beginning count from a likeness of 0.7 on,
    in one multiplication and addition with one rounding, which 0.92 and 0.85 can depend on. None where one is missing.
    """
    if one is None or other is None:
        return None
    mine, theirs = _common(one, other)
    if not mine:
        return 0.0
    common = len(mine)
    transposed = sum(a != b for a, b in zip(mine, theirs, strict=True)) // 2
    jaro = (common / len(one) + common / len(other) + (common - transposed) / common) / 3
    if jaro <= 0.7:
        return jaro
    beginning = next((at for at, (a, b) in enumerate(zip(one[:4], other[:4], strict=False)) if a != b), None)
    prefix = min(len(one), len(other), 4) if beginning is None else beginning
    return float(Fraction(prefix * 0.1) * Fraction(1 - jaro) + Fraction(jaro))


def _common(one: str, other: str) -> tuple[list[str], list[str]]:
    """Letters that both words have at about the same place, in the order of each."""
    reach = max(max(len(one), len(other)) // 2 - 1, 0)
    taken = [False] * len(other)
    mine = []
    for place, letter in enumerate(one):
        for at in range(max(place - reach, 0), min(place + reach + 1, len(other))):
            if not taken[at] and other[at] == letter:
                taken[at] = True
                mine.append(letter)
                break
    return mine, [letter for letter, is_taken in zip(other, taken, strict=True) if is_taken]
