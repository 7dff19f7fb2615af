"""From bins of a quantity to rows that may be shown: small bins pooled with their neighbours, or classes by cut-offs.

A hole could be filled by subtraction. So a bin of fewer than five people is pooled with its neighbour; a class, whose
edges are fixed, is hidden together with a neighbour.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from analytics.disclosure import SMALLEST_DENOMINATOR, Reason, State
from analytics.hiding import SMALLEST_COUNT
from analytics.noise import CELL_VARIANCE, Noise
from analytics.rates import normal_quantile
from analytics.reference import CutOff

#: Columns of a cell beside those of its group: edges in the unit of the quantity (the last class is open).
EDGES = {"bin_from": pl.Float64, "bin_to": pl.Float64}
#: What the gate is told of a class that is hidden.
WITHHELD = (State.SUPPRESSED.value, Reason.SMALL_COUNT.value)


def protected(found: pl.DataFrame, noise: Noise | None) -> pl.DataFrame:
    """Bins with ``people`` protected cell by cell, then summed over strata; ``cells`` is how many cells that were.

    Before they are pooled or classed: what is pooled must not depend on exact counts.
    """
    counted = found.with_columns((pl.col("people") > 0).cast(pl.Int64).alias("cells"))
    if noise is None:
        counted = counted.with_columns(pl.lit(0, pl.Int64).alias("cells")).drop("people_key")
    else:
        counted = noise.protect(counted, [("people", "people_key")])
    grain = [name for name in found.columns if name not in ("people", "people_key", "stratum")]
    return counted.group_by(grain, maintain_order=True).agg(pl.col("people", "cells").sum())


def bins(found: pl.DataFrame, by: Sequence[str], width_tenths: int) -> pl.DataFrame:
    """Cells per bin of each group; ``found`` has ``by``, bin_from (tenths), people, cells (with noise)."""
    rows: list[dict[str, object]] = []
    for group in _groups(found, by):
        fixed, edges = group.row(0, named=True), group.sort("bin_from")
        for first, last, people, cells in _pooled(edges):
            rows.append(
                {**{name: fixed[name] for name in by}, "bin_from": first / 10,
                 "bin_to": (last + width_tenths) / 10, "numerator": people, "numerator_cells": cells}
            )  # fmt: skip
    return _with_total(rows, found, by)


def means(
    found: pl.DataFrame, by: Sequence[str], *, width_tenths: int, step_tenths: int, confidence: float
) -> pl.DataFrame:
    """Mean of each group with a normal interval; ``found`` has ``by``, bin_from (tenths), people, cells (with noise).

    A value is taken at the middle of what its bin may hold: written in steps, the bin from 5.6 to below 5.8 holds 5.6
    and 5.7. The variance is that of a mean of n people and that of the noise, which of a ratio of sums is the noise of
    each cell times the square of its distance from the mean (delta method). Fewer than 30 people have no mean.
    """
    middle = (pl.col("bin_from") + (width_tenths - step_tenths) / 2) / 10
    people, cells = pl.col("people"), pl.col("cells")
    mean = (people * middle).sum() / people.sum()
    away = (middle - mean) ** 2
    sampling = (people * away).sum() / (people.sum() - 1) / people.sum()
    noise = CELL_VARIANCE * (cells * away).sum() / people.sum() ** 2
    half = normal_quantile(confidence) * (sampling + noise).sqrt()
    is_shown = people.sum() >= SMALLEST_DENOMINATOR
    hidden, reason = State.SUPPRESSED.value, Reason.SMALL_DENOMINATOR.value
    numbers = {"denominator": people.sum(), "value": mean, "lower": mean - half, "upper": mean + half}
    return (
        found.with_columns(pl.lit(0).alias("_row"))
        .group_by("_row", *by, maintain_order=True)
        .agg(
            *(pl.when(is_shown).then(number).alias(name) for name, number in numbers.items()),
            pl.when(is_shown).then(pl.lit(State.SHOWN.value)).otherwise(pl.lit(hidden)).alias("state"),
            pl.when(~is_shown).then(pl.lit(reason)).alias("reason"),
        )
        .drop("_row")
    )


def classes(
    found: pl.DataFrame, by: Sequence[str], classes_wanted: Sequence[CutOff], *, is_exact: bool = False
) -> pl.DataFrame:
    """Cells per class of each group, every class there, also where nobody is in it.

    Unless ``is_exact``, a class too small to be shown takes a neighbour with it (see :func:`hidden_together`).
    """
    starts = [round((item.start or 0) * 10) for item in classes_wanted]
    rows: list[dict[str, object]] = []
    for group in _groups(found, by):
        fixed = group.row(0, named=True)
        people, cells = [0] * len(starts), [0] * len(starts)
        for row in group.iter_rows(named=True):
            place = max(bisect_right(starts, row["bin_from"]) - 1, 0)
            people[place] += row["people"]
            cells[place] += row["cells"]
        hidden = set() if is_exact else hidden_together(people)
        for place, start in enumerate(starts):
            state, reason = WITHHELD if place in hidden else (None, None)
            last = starts[place + 1] / 10 if place + 1 < len(starts) else None
            rows.append(
                {**{name: fixed[name] for name in by}, "bin_from": start / 10, "bin_to": last,
                 "numerator": people[place], "numerator_cells": cells[place],
                 "withheld_state": state, "withheld_reason": reason}
            )  # fmt: skip
    return _with_total(rows, found, by, {"withheld_state": pl.String(), "withheld_reason": pl.String()})


def hidden_together(people: Sequence[int]) -> set[int]:
    """Places of the classes that are hidden, given the people in each class of one group, lowest class first.

    A class of fewer than five, or with fewer than five outside it, is hidden. The classes add to the total, so one to
    four people hidden alone could be had by subtraction: a run of hidden classes that holds some is widened by its
    smaller neighbour until it has five people, so two classes. Neighbours, because the pooled bins beside them cannot
    tell those apart either; nobody at all is no secret, the bins leave the place empty. A group too small for shares
    is hidden as a whole, by the gate.
    """
    total = sum(people)
    if total < SMALLEST_DENOMINATOR:
        return set()
    hidden = {i for i, n in enumerate(people) if n < SMALLEST_COUNT or total - n < SMALLEST_COUNT}
    while run := next((run for run in _runs(hidden) if not _is_enough(run, people)), None):
        beside = [i for i in (run[0] - 1, run[-1] + 1) if 0 <= i < len(people)]
        if not beside:
            break
        hidden.add(min(beside, key=lambda i: people[i]))
    return hidden


def _runs(places: set[int]) -> list[list[int]]:
    """``{0, 1, 4}`` as ``[[0, 1], [4]]``."""
    runs: list[list[int]] = []
    for place in sorted(places):
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _is_enough(run: Sequence[int], people: Sequence[int]) -> bool:
    if not any(0 < people[i] < SMALLEST_COUNT for i in run):
        return True
    return sum(people[i] for i in run) >= SMALLEST_COUNT


def _groups(found: pl.DataFrame, by: Sequence[str]) -> list[pl.DataFrame]:
    if found.is_empty():
        return []
    return found.partition_by(list(by), maintain_order=True) if by else [found]


def _pooled(edges: pl.DataFrame) -> list[tuple[int, int, int, int]]:
    """First and last bin, people, cells: neighbours joined from below until five stand together."""
    pools: list[tuple[int, int, int, int]] = []
    open_pool: tuple[int, int, int, int] | None = None
    for row in edges.iter_rows(named=True):
        first, people, cells = (
            (row["bin_from"], 0, 0) if open_pool is None else (open_pool[0], open_pool[2], open_pool[3])
        )
        open_pool = (first, row["bin_from"], people + row["people"], cells + row["cells"])
        if open_pool[2] >= SMALLEST_COUNT:
            pools.append(open_pool)
            open_pool = None
    if open_pool is not None:
        first, _, people, cells = pools.pop() if pools else (open_pool[0], 0, 0, 0)
        pools.append((first, open_pool[1], people + open_pool[2], cells + open_pool[3]))
    return pools


def _with_total(
    rows: list[dict[str, object]],
    found: pl.DataFrame,
    by: Sequence[str],
    more: Mapping[str, pl.DataType] | None = None,
) -> pl.DataFrame:
    """Every cell with the people of its group as the denominator."""
    schema: dict[str, Any] = {name: found.schema[name] for name in by}
    schema |= {**EDGES, "numerator": pl.Int64(), "numerator_cells": pl.Int64(), **(more or {})}
    cells = pl.DataFrame(rows, schema=schema)
    total = [
        pl.col("numerator").sum().alias("denominator"),
        pl.col("numerator_cells").sum().alias("denominator_cells"),
    ]
    if not by:
        return cells.with_columns(total)
    return cells.join(cells.group_by(by).agg(total), on=list(by), how="left", maintain_order="left")
