"""What must hold for every count: intervals contain their value, are symmetric, grow with confidence."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import rates
from analytics.standardise import METHODS, direct
from warehouse.errors import UserError

CONFIDENCES = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.998])
PROPORTIONS = st.sampled_from(list(rates.PROPORTION_METHODS))


@st.composite
def counts(draw: st.DrawFn, largest: int = 100_000) -> tuple[int, int]:
    n = draw(st.integers(1, largest))
    return draw(st.integers(0, n)), n


@given(counts(), CONFIDENCES, PROPORTIONS)
def test_contains_its_value_inside_0_and_1(pair: tuple[int, int], confidence: float, method: str) -> None:
    found = rates.proportion(*pair, confidence=confidence, method=method)
    assert found.value is not None
    assert found.lower is not None
    assert found.upper is not None
    assert 0 <= found.lower <= found.value <= found.upper <= 1
    assert found.lower < found.upper


@given(counts(), CONFIDENCES, PROPORTIONS)
def test_counting_the_others_mirrors_the_interval(
    pair: tuple[int, int], confidence: float, method: str
) -> None:
    x, n = pair
    low, high = rates.PROPORTION_METHODS[method](x, n, confidence=confidence)
    other_low, other_high = rates.PROPORTION_METHODS[method](n - x, n, confidence=confidence)
    assert (float(low), float(high)) == pytest.approx((1 - float(other_high), 1 - float(other_low)), abs=1e-9)


@given(counts(), PROPORTIONS)
def test_more_confidence_is_wider(pair: tuple[int, int], method: str) -> None:
    x, n = pair
    narrow = rates.PROPORTION_METHODS[method](x, n, confidence=0.9)
    wide = rates.PROPORTION_METHODS[method](x, n, confidence=0.95)
    assert wide[0] <= narrow[0]
    assert narrow[1] <= wide[1]


@given(st.integers(0, 10_000), CONFIDENCES)
def test_limits_of_events_contain_them_and_exact_is_never_far(x: int, confidence: float) -> None:
    low, high = rates.byar(x, confidence=confidence)
    exact_low, exact_high = rates.exact_poisson(x, confidence=confidence)
    assert 0 <= low <= x <= high
    assert (float(low), float(high)) == pytest.approx(
        (float(exact_low), float(exact_high)), rel=0.03, abs=0.05
    )


@given(st.lists(counts(), min_size=1, max_size=20))
def test_frames_and_scalars_agree(pairs: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(pairs, schema={"numerator": pl.Int64, "denominator": pl.Int64}, orient="row")
    for row, pair in zip(rates.with_interval(frame).iter_rows(named=True), pairs, strict=True):
        alone = rates.proportion(*pair)
        assert (row["value"], row["lower"], row["upper"]) == (alone.value, alone.lower, alone.upper)
        assert (row["confidence"], row["method"]) == (0.95, "wilson")


def test_nothing_observed_gives_no_value() -> None:
    frame = pl.DataFrame({"numerator": [0, None, 3], "denominator": [0, 40, 40]})
    done = rates.with_interval(frame)
    assert done["value"].to_list() == [None, None, 3 / 40]
    assert done["lower"].null_count() == done["upper"].null_count() == 2
    assert rates.proportion(0, 0).value is None


@pytest.mark.parametrize(("x", "n"), [(5, 4), (-1, 4), (1, -4), (math.nan, 4), (1, math.inf)])
def test_impossible_counts_are_refused(x: float, n: float) -> None:
    for core in rates.PROPORTION_METHODS.values():
        with pytest.raises(UserError, match="counts are not a proportion"):
            core(x, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5])
def test_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(UserError, match="between 0 and 1"):
        rates.wilson(1, 2, confidence=confidence)


@st.composite
def strata(draw: st.DrawFn) -> pl.DataFrame:
    pairs = draw(st.lists(counts(500), min_size=1, max_size=8))
    rows = [(age, x, n) for age, (x, n) in enumerate(pairs)]
    return pl.DataFrame(
        rows, schema={"age_from": pl.Int64, "numerator": pl.Int64, "denominator": pl.Int64}, orient="row"
    )


@given(strata(), st.sampled_from(METHODS))
def test_standardised_to_itself_is_crude(frame: pl.DataFrame, method: str) -> None:
    weighted = frame.with_columns((pl.col("denominator") / pl.col("denominator").sum()).alias("weight"))
    row = direct(weighted, method=method, fewest_events=0).row(0, named=True)
    crude = int(frame["numerator"].sum()) / int(frame["denominator"].sum())
    assert row["value"] == pytest.approx(crude, abs=1e-12)
    assert row["lower"] - 1e-12 <= row["value"] <= row["upper"] + 1e-12


@given(strata(), st.sampled_from(METHODS), st.randoms(use_true_random=False))
def test_groups_at_once_equal_groups_alone(frame: pl.DataFrame, method: str, draw: object) -> None:
    weighted = frame.with_columns(pl.lit(1 / frame.height).alias("weight"))
    both = pl.concat(
        [weighted.with_columns(place=pl.lit("a")), weighted.reverse().with_columns(place=pl.lit("b"))]
    )
    together = direct(both, by=["place"], method=method)
    alone = direct(weighted, method=method)
    for row in together.drop("place").iter_rows():
        assert [value or 0 for value in row[2:5]] == pytest.approx(
            [value or 0 for value in alone.row(0)[2:5]]
        )


@given(strata())
def test_the_standard_decides_when_strata_differ(frame: pl.DataFrame) -> None:
    """All the weight on one stratum gives that stratum's own value."""
    for place in range(frame.height):
        weights = np.zeros(frame.height)
        weights[place] = 1
        row = direct(frame.with_columns(pl.Series("weight", weights)), fewest_events=0).row(0, named=True)
        chosen = frame.row(place, named=True)
        assert row["value"] == pytest.approx(chosen["numerator"] / chosen["denominator"])
