"""Weights that make the people of records add up to known totals: post-stratification and raking.

Deming & Stephan, Ann Math Stat 1940;11:427-444; Deville, Särndal, Sautory, J Am Stat Assoc 1993;88:1013-1020. Weights
repair who is in the records by what the margins know (age, sex, place), and nothing else: inside a cell, whoever was
examined still differs from whoever was not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from analytics.rates import Floats
from warehouse.errors import UserError

TOLERANCE = 1e-9
MOST_ROUNDS = 500


def post_stratified(cells: pl.DataFrame, totals: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """``cells`` (``by``, ``people``) with ``weight`` = population of the cell / people of the cell.

    ``totals``: ``by``, ``population``. Raises UserError for population in a cell without people.
    """
    joined = totals.join(cells, on=list(by), how="left").with_columns(pl.col("people").fill_null(0))
    _refuse_empty(joined, by)
    return joined.filter(pl.col("people") > 0).with_columns(
        (pl.col("population") / pl.col("people")).alias("weight")
    )


def raked(cells: pl.DataFrame, margins: Mapping[str, Mapping[object, float]]) -> pl.DataFrame:
    """``cells`` (a column per margin, ``people``) with ``weight`` per person such that every margin is met.

    ``margins``: column -> value -> population; all margins have one total. Raises UserError where they do not, where a
    value has population but no people, or where the margins contradict each other (no convergence).
    """
    _check_margins(cells, margins)
    people = cells["people"].to_numpy().astype(np.float64)
    codes = [
        (_places(cells, name, margin), np.array(list(margin.values()), dtype=np.float64))
        for name, margin in margins.items()
    ]
    counts = people.copy()
    for _ in range(MOST_ROUNDS):
        for places, wanted in codes:
            have = np.bincount(places, weights=counts, minlength=wanted.size)
            counts *= np.divide(wanted, have, out=np.zeros_like(wanted), where=have > 0)[places]
        if _gap(counts, codes) < TOLERANCE:
            weight = np.divide(counts, people, out=np.zeros_like(counts), where=people > 0)
            return cells.with_columns(pl.Series("weight", weight))
    raise UserError(
        "the margins cannot be met together", field="margins", expected="totals of one population"
    )


def _places(cells: pl.DataFrame, name: str, margin: Mapping[object, float]) -> np.ndarray:
    order = {value: place for place, value in enumerate(margin)}
    return np.array([order[value] for value in cells[name]], dtype=np.int64)


def _gap(counts: Floats, codes: Sequence[tuple[np.ndarray, Floats]]) -> float:
    """Largest relative miss of a margin."""
    return max(
        float(
            np.max(
                np.abs(np.bincount(places, weights=counts, minlength=wanted.size) - wanted)
                / np.maximum(wanted, 1)
            )
        )
        for places, wanted in codes
    )


def _check_margins(cells: pl.DataFrame, margins: Mapping[str, Mapping[object, float]]) -> None:
    totals = [sum(margin.values()) for margin in margins.values()]
    if max(totals) - min(totals) > TOLERANCE * max(totals):
        raise UserError(
            "margins have different totals", field="margins", value=", ".join(f"{t:g}" for t in totals)
        )
    for name, margin in margins.items():
        if unknown := set(cells[name]) - set(margin):
            raise UserError(
                "a value has no margin", field=name, value=", ".join(map(str, sorted(map(str, unknown))))
            )
        totals_of = cells.group_by(name).agg(pl.col("people").sum())
        _refuse_empty(
            pl.DataFrame({name: list(margin), "population": list(margin.values())}).join(totals_of, on=name, how="left")
            .with_columns(pl.col("people").fill_null(0)), [name],
        )  # fmt: skip


def _refuse_empty(joined: pl.DataFrame, by: Sequence[str]) -> None:
    empty = joined.filter((pl.col("people") == 0) & (pl.col("population") > 0))
    if empty.height:
        cell = ", ".join(f"{name} {empty[name][0]}" for name in by)
        raise UserError(
            "population without people in the records", value=cell, action="Collapse it with a neighbour"
        )


def design_effect(people: Floats, weights: Floats) -> float:
    """Kish: ``n sum(w^2) / (sum w)^2`` over people; 1 where all weigh alike. Kish, Survey Sampling, 1965."""
    total = float((people * weights).sum())
    return float(people.sum() * (people * weights**2).sum() / total**2)


def effective_size(people: Floats, weights: Floats) -> float:
    """People divided by the design effect."""
    return float(people.sum()) / design_effect(people, weights)
