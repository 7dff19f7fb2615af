"""Published and recomputed numbers, to 1e-6: PHE indicator methods (Wilson, Byar), SciPy beta (Clopper-Pearson)."""

from __future__ import annotations

import pytest

from analytics import rates

WILSON = [
    (65, 100, 0.95, 0.5525444, 0.7363575),
    (1045, 5000, 0.95, 0.1979555, 0.2204913),
    (1, 100, 0.95, 0.0017674, 0.0544862),
    (5, 100, 0.95, 0.0215437, 0.1117505),
    (20, 100, 0.95, 0.1333669, 0.2888292),
    (222, 3215, 0.95, 0.0607917, 0.0783396),
    (999, 3456, 0.95, 0.2741895, 0.3044039),
    (9856, 12345, 0.95, 0.7912102, 0.8053640),
    (0, 50, 0.95, 0.0, 0.0713476),
    (50, 50, 0.95, 0.9286524, 1.0),
    (10, 10, 0.95, 0.7224672, 1.0),
    (65, 100, 0.998, 0.4954947, 0.7783541),
]
CLOPPER_PEARSON = [
    (5, 100, 0.016432, 0.112835),
    (65, 100, 0.548151, 0.742706),
    (2, 30, 0.008178, 0.220735),
    (15, 30, 0.312970, 0.687030),
]
BYAR = [
    (10, 0.95, 4.787450, 18.391459),
    (65, 0.95, 50.163188, 82.849139),
    (1045, 0.95, 982.593202, 1110.331213),
    (10, 0.998, 2.916318, 24.193725),
    (1, 0.95, 0.025318, 5.571643),
    (5, 0.95, 1.623486, 11.668332),
    (9, 0.95, 4.115373, 17.084803),
]


@pytest.mark.parametrize(("x", "n", "confidence", "lower", "upper"), WILSON)
def test_wilson(x: int, n: int, confidence: float, lower: float, upper: float) -> None:
    estimate = rates.proportion(x, n, confidence=confidence)
    assert estimate.value == x / n
    assert (estimate.lower, estimate.upper) == pytest.approx((lower, upper), abs=1e-7)


@pytest.mark.parametrize(("x", "n", "lower", "upper"), CLOPPER_PEARSON)
def test_clopper_pearson(x: int, n: int, lower: float, upper: float) -> None:
    estimate = rates.proportion(x, n, method="clopper_pearson")
    assert (estimate.lower, estimate.upper) == pytest.approx((lower, upper), abs=1e-6)


@pytest.mark.parametrize(("x", "confidence", "lower", "upper"), BYAR)
def test_byar_with_exact_limits_under_ten_events(
    x: int, confidence: float, lower: float, upper: float
) -> None:
    low, high = rates.byar(x, confidence=confidence)
    assert (float(low), float(high)) == pytest.approx((lower, upper), abs=1e-6)


def test_rate_per_100_000() -> None:
    estimate = rates.rate(65, 1000)
    assert (estimate.value, estimate.lower, estimate.upper) == pytest.approx(
        (6500, 5016.3188, 8284.9139), abs=1e-4
    )
    assert (estimate.method, estimate.numerator, estimate.denominator) == ("byar", 65, 1000)
