"""From bins of a quantity to rows that may be shown: small bins pooled with their neighbours, or classes by cut-offs.

A hole in a histogram could be filled by subtraction, so a bin of fewer than five people is never hidden: it is pooled.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import polars as pl

from analytics.disclosure import SMALLEST_COUNT
from analytics.reference import CutOff

#: Columns of a cell beside those of its group: edges in the unit of the quantity (the last class is open).
EDGES = {"bin_from": pl.Float64, "bin_to": pl.Float64}
COUNTS = ("numerator", "denominator", "numerator_key", "denominator_key")


def bins(found: pl.DataFrame, by: Sequence[str], width_tenths: int) -> pl.DataFrame:
    """Cells per bin of each group; ``found`` has ``by``, bin_from (tenths), people, people_key."""
    rows: list[dict[str, object]] = []
    for group in _groups(found, by):
        fixed, edges = group.row(0, named=True), group.sort("bin_from")
        for first, last, people, key in _pooled(edges):
            rows.append(
                {**{name: fixed[name] for name in by}, "bin_from": first / 10,
                 "bin_to": (last + width_tenths) / 10, "numerator": people, "numerator_key": key % 256}
            )  # fmt: skip
    return _with_total(rows, found, by)


def classes(found: pl.DataFrame, by: Sequence[str], classes_wanted: Sequence[CutOff]) -> pl.DataFrame:
    """Cells per class of each group, every class there, also where nobody is in it."""
    starts = [round((item.start or 0) * 10) for item in classes_wanted]
    rows: list[dict[str, object]] = []
    for group in _groups(found, by):
        fixed = group.row(0, named=True)
        people, keys = [0] * len(starts), [0] * len(starts)
        for row in group.iter_rows(named=True):
            place = max(bisect_right(starts, row["bin_from"]) - 1, 0)
            people[place] += row["people"]
            keys[place] += row["people_key"]
        for place, start in enumerate(starts):
            last = starts[place + 1] / 10 if place + 1 < len(starts) else None
            rows.append(
                {**{name: fixed[name] for name in by}, "bin_from": start / 10, "bin_to": last,
                 "numerator": people[place], "numerator_key": keys[place] % 256}
            )  # fmt: skip
    return _with_total(rows, found, by)


def _groups(found: pl.DataFrame, by: Sequence[str]) -> list[pl.DataFrame]:
    if found.is_empty():
        return []
    return found.partition_by(list(by), maintain_order=True) if by else [found]


def _pooled(edges: pl.DataFrame) -> list[tuple[int, int, int, int]]:
    """First and last bin, people, keys: neighbours joined from below until five stand together."""
    pools: list[tuple[int, int, int, int]] = []
    open_pool: tuple[int, int, int, int] | None = None
    for row in edges.iter_rows(named=True):
        first, people, keys = (
            (row["bin_from"], 0, 0) if open_pool is None else (open_pool[0], open_pool[2], open_pool[3])
        )
        open_pool = (first, row["bin_from"], people + row["people"], keys + row["people_key"])
        if open_pool[2] >= SMALLEST_COUNT:
            pools.append(open_pool)
            open_pool = None
    if open_pool is not None:
        first, _, people, keys = pools.pop() if pools else (open_pool[0], 0, 0, 0)
        pools.append((first, open_pool[1], people + open_pool[2], keys + open_pool[3]))
    return pools


def _with_total(rows: list[dict[str, object]], found: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Every cell with the people of its group as the denominator."""
    schema: dict[str, Any] = {name: found.schema[name] for name in by}
    schema |= {**EDGES, "numerator": pl.Int64(), "numerator_key": pl.Int64()}
    cells = pl.DataFrame(rows, schema=schema)
    total = [
        pl.col("numerator").sum().alias("denominator"),
        (pl.col("numerator_key").sum() % 256).alias("denominator_key"),
    ]
    if not by:
        return cells.with_columns(
            pl.col("numerator").sum().alias("denominator"),
            (pl.col("numerator_key").sum() % 256).alias("denominator_key"),
        )
    return cells.join(cells.group_by(by).agg(total), on=list(by), how="left", maintain_order="left")
