"""What must hold of the functions on frames of counts whatever the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import comparison
from analytics.bounds import manski, shifted
from analytics.control_chart import xmr
from analytics.decomposition import PARTS, STATUSES, change
from analytics.equivalence import equivalence
from analytics.funnel import funnel
from analytics.presentation import presentation
from analytics.ranks import ranks
from analytics.spatial import discoveries, empirical_bayes, local_empirical_bayes
from analytics.trend import trend
from analytics.weighting import design_effect, raked

SHARE = st.floats(0.01, 0.99)


@st.composite
def vintages(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Transitions between two vintages in up to four strata, and the counts of both times they imply."""
    rows = [
        {"age": age, "before": before, "after": after, "people": draw(st.integers(0, 40))}
        for age in range(draw(st.integers(1, 4)))
        for before in STATUSES
        for after in STATUSES
    ]
    rows += [{"age": 0, "before": "case", "after": "case", "people": 3}]
    moves = pl.DataFrame(rows)

    def counts(side: str) -> pl.DataFrame:
        tested = moves.filter(pl.col(side).is_in(["case", "non_case"]))
        return tested.group_by("age").agg(
            pl.col("people").filter(pl.col(side) == "case").sum().alias("numerator"),
            pl.col("people").sum().alias("denominator"),
        )

    return counts("before"), counts("after"), moves


@given(vintages(), SHARE, st.lists(SHARE, min_size=2, max_size=2))
def test_parts_of_a_change_add_up_exactly(
    frames: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame], before: float, reruns: list[float]
) -> None:
    old, new, moves = frames
    at_once = old["numerator"].sum() / old["denominator"].sum()
    stages = {"late_data": reruns[0], "definition": reruns[1], "boundary": at_once}
    parts = change(before, stages, old, new, moves, strata=["age"])
    assert tuple(parts) == PARTS
    after = new["numerator"].sum() / new["denominator"].sum()
    assert sum(parts.values()) == pytest.approx(after - before, abs=1e-12)


@given(vintages())
def test_nothing_changed_is_nothing_in_every_part(
    frames: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
) -> None:
    _, _, moves = frames
    same = moves.filter(pl.col("before") == pl.col("after"))
    tested = same.filter(pl.col("before").is_in(["case", "non_case"]))
    counts = tested.group_by("age").agg(
        pl.col("people").filter(pl.col("before") == "case").sum().alias("numerator"),
        pl.col("people").sum().alias("denominator"),
    )
    value = counts["numerator"].sum() / counts["denominator"].sum()
    parts = change(value, {}, counts, counts, same, strata=["age"])
    assert list(parts.values()) == pytest.approx([0] * len(PARTS), abs=1e-12)


@given(st.lists(st.tuples(SHARE, st.integers(30, 10**5)), min_size=5, max_size=30), SHARE)
def test_funnel_limits_hold_the_centre_and_narrow_with_size(
    units: list[tuple[float, int]], centre: float
) -> None:
    found = funnel([p for p, _ in units], [n for _, n in units], centre=centre)
    lower, upper = found.limits([50, 500, 5000])
    assert (lower <= centre + 1e-12).all()
    assert (upper >= centre - 1e-12).all()
    assert (np.diff(upper - lower) <= 1e-12).all()
    wide = found.limits([50, 500, 5000], confidence=0.998)
    assert (wide[0] <= lower).all()
    assert (wide[1] >= upper).all()


@given(st.integers(2, 25), st.integers(0, 2**31))
def test_ranks_add_up_and_a_known_order_is_known(units: int, seed: int) -> None:
    draws = np.random.default_rng(seed).normal(size=(200, units))
    found = ranks(draws)
    assert (found.lower <= found.median).all()
    assert (found.median <= found.upper).all()
    clear = ranks(draws * 1e-6 + np.arange(units))
    assert clear.median.tolist() == list(range(1, units + 1))
    assert clear.median.sum() == units * (units + 1) / 2
    assert clear.tier[-1] == "worst"
    assert clear.tier[0] == "best"


def test_equal_units_are_all_in_the_middle() -> None:
    draws = np.random.default_rng(1).normal(size=(500, 22))
    assert set(ranks(draws).tier) == {"middle"}


@given(st.floats(-0.03, 0.03), st.integers(0, 2**31))
def test_trend_finds_a_slope_that_matters(slope: float, seed: int) -> None:
    years = 2022 + np.arange(12) / 4
    draws = 0.3 + slope * (years - 2022) + np.random.default_rng(seed).normal(0, 1e-4, (400, 12))
    found = trend(draws, years)
    assert found.slope == pytest.approx(slope, abs=1e-3)
    if abs(slope) > 0.006:
        assert found.verdict == ("rising" if slope > 0 else "falling")
    if abs(slope) < 0.004:
        assert found.verdict == "steady"
    assert trend(draws[:, :7], years[:7]).verdict == "cannot_be_judged"


@given(st.lists(st.integers(0, 500), min_size=12, max_size=60), st.integers(0, 100))
def test_a_control_chart_moves_with_its_series(weeks: list[int], shift: int) -> None:
    found, moved = xmr(weeks), xmr([week + shift for week in weeks])
    assert moved.centre - shift == pytest.approx(found.centre)
    assert moved.upper - shift == pytest.approx(found.upper)
    assert moved.range_limit == pytest.approx(found.range_limit)
    assert found.lower >= 0


CELLS = st.lists(st.integers(5, 200), min_size=6, max_size=6)


@given(CELLS, st.integers(100, 900), st.integers(100, 400), st.integers(100, 400))
def test_raking_meets_every_margin(people: list[int], men: int, young: int, middle: int) -> None:
    total = 1000
    cells = pl.DataFrame({"sex": ["m"] * 3 + ["f"] * 3, "age": [0, 1, 2] * 2, "people": people})
    margins: dict[str, dict[Any, float]] = {
        "sex": {"m": men, "f": total - men},
        "age": {0: young, 1: middle, 2: total - young - middle},
    }
    found = raked(cells, margins).with_columns((pl.col("people") * pl.col("weight")).alias("sum"))
    for name, margin in margins.items():
        sums = dict(found.group_by(name).agg(pl.col("sum").sum()).iter_rows())
        assert sums == pytest.approx(margin)
    assert design_effect(found["people"].to_numpy(), found["weight"].to_numpy()) >= 1 - 1e-12


@given(SHARE, SHARE, st.floats(0.001, 0.1), st.floats(0.001, 0.1))
def test_equivalence_is_the_same_from_both_sides(
    one: float, other: float, error: float, second: float
) -> None:
    found = equivalence(one, other, error=error, benchmark_error=second, margin=0.05)
    turned = equivalence(other, one, error=second, benchmark_error=error, margin=0.05)
    assert found.p == pytest.approx(turned.p)
    assert found.verdict == turned.verdict
    assert (found.verdict == "equivalent") == (found.lower > -0.05 and found.upper < 0.05)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 60), st.integers(1, 60))
def test_a_difference_turns_its_sign_with_its_groups_and_with_the_complement(
    x1: int, x2: int, more1: int, more2: int
) -> None:
    n1, n2 = x1 + more1, x2 + more2
    found, turned = comparison.difference(x1, n1, x2, n2), comparison.difference(x2, n2, x1, n1)
    complement = comparison.difference(more1, n1, more2, n2)
    assert (found.lower, found.upper) == pytest.approx((-turned.upper, -turned.lower), abs=1e-9)  # type: ignore[operator]
    assert (found.lower, found.upper) == pytest.approx((-complement.upper, -complement.lower), abs=1e-9)  # type: ignore[operator]
    assert -1 - 1e-9 <= found.lower <= found.value <= found.upper <= 1 + 1e-9  # type: ignore[operator]


@given(SHARE, SHARE, st.floats(-5, 5))
def test_bounds_hold_the_truth_for_every_assumption(prevalence: float, assessed: float, shift: float) -> None:
    low, high = manski(prevalence, assessed)
    assert low - 1e-12 <= shifted(prevalence, assessed, [shift])[0] <= high + 1e-12
    assert shifted(prevalence, assessed, [0.0])[0] == pytest.approx(prevalence)


COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(51, 500)), min_size=4, max_size=12)


@given(COUNTS)
def test_empirical_bayes_lies_between_the_rate_and_the_mean(units: list[tuple[int, int]]) -> None:
    x, n = (np.array(column, dtype=float) for column in zip(*units, strict=True))
    found, mean = empirical_bayes(x, n), x.sum() / n.sum()
    assert (np.minimum(x / n, mean) - 1e-12 <= found).all()
    assert (found <= np.maximum(x / n, mean) + 1e-12).all()
    everybody = [(a, b) for a in range(len(units)) for b in range(a)]
    assert local_empirical_bayes(x, n, everybody) == pytest.approx(found)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_discoveries_are_the_smallest_p_values(values: list[float]) -> None:
    p = np.array(values)
    passed = discoveries(p, 0.05)
    assert not passed[p > 0.05].any()
    if passed.any() and not passed.all():
        assert p[passed].max() <= p[~passed].min()


@given(SHARE, st.floats(30, 5000))
def test_a_presented_interval_holds_its_value(proportion: float, size: float) -> None:
    found = presentation(proportion, size)
    assert found.lower <= proportion <= found.upper
