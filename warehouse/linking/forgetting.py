"""What linkage knew of people who were forgotten goes too: who they were taken for, their pairs, and rare names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl

from warehouse.database import FORGOTTEN, rows
from warehouse.linking import model
from warehouse.linking.identities import standard

#: What is written of a person in the sealed files, as far as standard forms are made of it.
_WRITTEN = ("national_id", "old_id", "insurance_no", "full_name", "birth_date", "phone", "sex")
#: The model holds the names that this many people have.
_LEAST_PEOPLE = 2


def take_out(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """Take what linkage remembers of those in ``forgotten_person`` out of the store; returns whose it was.

    Pairs and fingerprints go of all references they were linked with, since those are made of what both wrote. Who is
    left of a person that was named after one of them is named anew by the next linkage, which this brings about.
    """
    gone = f"(select key from {FORGOTTEN})"
    beside = f"""(select key from {FORGOTTEN} union select source_key from meta_person where person_key in (
        select person_key from meta_person where source_key in {gone} or person_key in {gone}))"""
    named = f"source_key in {gone} or person_key in {gone}"
    targets = {
        "meta_person_pair": f"key_a in {beside} or key_b in {beside}",
        "meta_person_seen": f"entity_key in {beside}",
        "meta_person_before": named,
        "meta_person": named,
    }
    columns = {"meta_person_pair": ("key_a", "key_b"), "meta_person_seen": ("entity_key",)}
    held: set[int] = set()
    for table, where in targets.items():
        for column in columns.get(table, ("source_key", "person_key")):
            held |= {
                key
                for (key,) in rows(
                    connection, f"select distinct {column} from {table} where {column} in {gone}"
                )
            }
        rows(connection, f"delete from {table} where {where}")
    if held:
        rows(connection, "delete from meta_linkage")
    return held


def forget_names(folder: Path, key: bytes, told: Sequence[pl.DataFrame]) -> None:
    """Take names out of the sealed model that fewer than two people have without those who are gone.

    ``told``: what those wrote, of every reference of theirs. Each counts as one person, so rather more is taken out.
    """
    known = model.read(folder, key) if told else None
    if known is None:
        return
    wrote = pl.concat([_standard(frame) for frame in told], how="diagonal")
    frequency = {
        column: _without(frame, wrote[column].drop_nulls(), known.people)
        for column, frame in known.frequency.items()
    }
    if any(frequency[column].height < frame.height for column, frame in known.frequency.items()):
        model.write(replace(known, frequency=frequency), folder, key)


def _standard(frame: pl.DataFrame) -> pl.DataFrame:
    missing: Iterable[str] = (name for name in _WRITTEN if name not in frame.columns)
    return standard(frame.with_columns(pl.lit(None, pl.String).alias(name) for name in missing))


def _without(frame: pl.DataFrame, gone: pl.Series, people: int) -> pl.DataFrame:
    counts = gone.value_counts(name="gone").rename({gone.name: "value"})
    left = (pl.col("share") * people).round() - pl.col("gone").fill_null(0)
    kept = frame.join(counts, on="value", how="left").filter(
        pl.col("gone").is_null() | (left >= _LEAST_PEOPLE)
    )
    return kept.select(frame.columns)
