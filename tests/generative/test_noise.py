"""The noise on counts: unbiased, repeatable, never below nobody, and counted once per lattice cell."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import rates
from analytics.disclosure import Kind, protect
from analytics.noise import CELL_VARIANCE, Noise
from warehouse.errors import Defect
from warehouse.noise import DESIGN, KEYS, noise_table

SECRET = bytes(range(32))
NOISE = Noise.from_frame(noise_table(SECRET))


@pytest.mark.parametrize("people", [1, 2, 3])
def test_design_is_unbiased_and_has_the_published_variance(people: int) -> None:
    entries = noise_table(SECRET).filter(pl.col("people") == people)["noise"].to_numpy()
    assert entries.size == KEYS
    assert entries.sum() == 0
    assert entries.min() >= -people
    assert entries.var() == pytest.approx({1: 1.27, 2: 1.94, 3: CELL_VARIANCE}[people], abs=0.01)
    assert Counter(entries.tolist()) == DESIGN[people]


def test_order_is_secret_and_repeatable() -> None:
    assert noise_table(SECRET).equals(noise_table(SECRET))
    assert not noise_table(SECRET).equals(noise_table(bytes(32)))


def test_one_more_person_changes_the_number_of_four_in_five_cells() -> None:
    """Noise of n and n + 1 people are nearly independent: the shown difference is rarely 1."""
    draw = np.random.default_rng(1)
    keys, more = draw.integers(0, 256, 4000), draw.integers(0, 256, 4000)
    before = NOISE.on(pl.Series([50] * 4000), pl.Series(keys)).to_numpy()
    after = NOISE.on(pl.Series([51] * 4000), pl.Series((keys + more) % 256)).to_numpy()
    assert np.mean(after != before) == pytest.approx(0.8, abs=0.03)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=40))
def test_counts_stay_within_three_and_nobody_stays_nobody(cells: list[tuple[int, int]]) -> None:
    people, keys = (
        pl.Series(name, [cell[side] for cell in cells]) for side, name in enumerate(("people", "key"))
    )
    shown = NOISE.on(people, keys)
    for true, noisy in zip(people, shown, strict=True):
        assert abs(noisy - true) <= 3
        assert noisy >= 0
        assert true > 0 or noisy == 0
    assert NOISE.on(people, keys).equals(shown)


CELL = st.fixed_dictionaries(
    {
        "district": st.sampled_from(["760", "761"]),
        "numerator": st.integers(0, 400),
        "denominator": st.integers(0, 400),
        "numerator_key": st.integers(0, 255),
        "denominator_key": st.integers(0, 255),
    }
)


@given(st.lists(CELL, min_size=1, max_size=12))
def test_a_selection_is_the_sum_of_its_protected_cells(rows: list[dict[str, Any]]) -> None:
    cells = pl.DataFrame(rows)
    alone = [
        protect(cells[place : place + 1], by=[], kind=Kind.HEALTH, noise=NOISE)
        for place in range(cells.height)
    ]
    whole = protect(cells, by=[], kind=Kind.HEALTH, noise=NOISE).row(0, named=True)
    shown = NOISE.protect(cells, [("numerator", "numerator_key"), ("denominator", "denominator_key")])
    if whole["state"] == "shown":
        assert whole["denominator"] == shown["denominator"].sum()
        assert whole["numerator"] == min(shown["numerator"].sum(), shown["denominator"].sum())
        assert whole["denominator_cells"] == (cells["denominator"] > 0).sum()
    for part, (x, n) in zip(alone, shown.select("numerator", "denominator").iter_rows(), strict=True):
        row = part.row(0, named=True)
        if row["state"] == "shown":
            assert (row["numerator"], row["denominator"]) == (min(x, n), n)


def test_health_counts_without_noise_do_not_pass() -> None:
    cells = pl.DataFrame(
        {"numerator": [50], "denominator": [90], "numerator_key": [1], "denominator_key": [2]}
    )
    with pytest.raises(Defect, match="without the noise"):
        protect(cells, by=[], kind=Kind.HEALTH)
    assert protect(cells, by=[], kind=Kind.HEALTH, exact=True)["numerator"].item() == 50


@given(st.integers(5, 5000), st.integers(5, 5000))
def test_noise_makes_the_effective_size_smaller(cases: int, others: int) -> None:
    n = cases + others
    size = float(rates.noisy_size(cases, n, 1, 1))
    assert 0 < size < n
    assert float(rates.noisy_size(cases, n, 0, 0)) == pytest.approx(n)
    p = cases / n
    assert p * (1 - p) / size == pytest.approx(p * (1 - p) / n + CELL_VARIANCE * (1 + p * p) / n**2)


def test_limits_cover_the_true_share_as_often_as_they_say() -> None:
    """20,000 cells of 60 people at 30 %: sampling and noise together, nominal 95 %."""
    draw = np.random.default_rng(3160)
    size, true = 20_000, 0.3
    cases, keys = draw.binomial(60, true, size), draw.integers(0, 256, (2, size))
    x = NOISE.on(pl.Series(cases), pl.Series(keys[0])).to_numpy()
    n = NOISE.on(pl.Series([60] * size), pl.Series(keys[1])).to_numpy()
    effective = rates.noisy_size(x, n, 1, 1)
    lower, upper = rates.wilson(x / n * effective, effective)
    naive = rates.wilson(x, n)
    assert np.mean((lower <= true) & (true <= upper)) == pytest.approx(0.95, abs=0.015)
    assert np.mean((naive[0] <= true) & (true <= naive[1])) < np.mean((lower <= true) & (true <= upper))
