"""The city as counts: drawn counts scatter as counts do, changed chances are noticed, the truth is the cells' own."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from benchmarks.count_city import KEY, PARTS, Profile, drawn, proof, replicate, scatter
from benchmarks.replications import AGES, SEXES
from warehouse.geography import districts

PEOPLE = 2_000_000


def profile(*, case_share: float = 0.15) -> Profile:
    """A large city in which the share really ill rises with age and the assessed are half of those not known."""
    rows = [(unit.code, sex, age) for unit in districts() for sex in SEXES for age in AGES]
    frame = pl.DataFrame(rows, schema=list(KEY), orient="row").with_columns(
        pl.col("age_from").cast(pl.Int16),
        residents=pl.lit(2_400, pl.Int64),
        insured=pl.lit(2_100, pl.Int64),
        known=4 * pl.col("age_from").cast(pl.Int64),
        true=0.004 * pl.col("age_from"),
    )
    unknown = pl.col("insured") - pl.col("known")
    half = (unknown / 2).floor().cast(pl.Int64)
    return Profile(
        frame.with_columns(
            unknown=unknown, assessed=half, cases=(half * case_share).floor().cast(pl.Int64),
            indeterminate=(half * 0.1).floor().cast(pl.Int64), seen=half, ill_seen=(half * 0.3).floor().cast(pl.Int64),
        ).sort(KEY),
        PEOPLE,
    )  # fmt: skip


def as_city(of: Profile, seed: int) -> Profile:
    cells = drawn(of, 200_000, seed).cells
    return Profile(cells.with_columns(unknown=pl.col("insured") - pl.col("known")), 200_000)


def test_drawn_counts_scatter_as_counts_do() -> None:
    found = scatter(profile(), as_city(profile(), 4))
    assert set(found) == {part for part, _ in PARTS}
    for part, ratio in found.items():
        # Drawn from the chances themselves, which the variance takes for uncertain by a tenth.
        assert ratio == pytest.approx(1 / 1.1, abs=0.2), part


def test_another_chance_is_noticed() -> None:
    found = scatter(profile(), as_city(profile(case_share=0.25), 4))
    assert found["cases"] > 2
    assert found["known"] < 1.2


def test_the_truth_of_a_district_is_that_of_its_cells() -> None:
    city = drawn(profile(), 200_000, 4)
    assert city.truth == pytest.approx(np.full(22, 0.004 * np.mean(AGES)), abs=1e-9)
    assert city.cells["population"].sum() == pytest.approx(2_400 * 22 * 32 / 10, rel=0.01)


def test_a_city_of_the_pipeline_lies_among_the_drawn_ones() -> None:
    [row] = proof(profile(), [as_city(profile(), 500)], 12)
    assert abs(row["deviations"]) < 3.5
    [other] = proof(profile(), [as_city(profile(case_share=0.30), 500)], 12)
    assert other["deviations"] > 5


def test_every_rung_is_judged() -> None:
    rows = {row["rung"]: row for row in replicate(profile(), 1)}
    assert set(rows) == {"crude", "standardised", "weighted", "modelled"}
    assert all(0 <= row["covered"] <= 100 and row["error"] >= 0 for row in rows.values())
