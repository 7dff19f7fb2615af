"""Published and recomputed standardised rates, to 1e-6 relative: PHE indicator methods' test data, and own sums."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from analytics.ages import AgeBand, MartAges
from analytics.standard import load_standard, stratum_weights
from analytics.standardise import direct, standardised
from tests.support.marts import STARTS

PEOPLE = [636, 558, 609, 543, 384, 594, 669, 843, 660, 576, 606, 522, 426, 273, 300, 288, 153, 123, 207]
BIG = [127, 25, 18, 21, 12, 27, 48, 27, 29, 32, 32, 34, 45, 65, 38, 68, 74, 82, 91]
SMALL = [12, 4, 3, 2, 3, 4, 8, 2, 2, 3, 4, 5, 6, 8, 5, 6, 5, 5, 4]
NINETEEN = tuple(AgeBand(5 * band, 5 * band + 4 if band < 18 else None) for band in range(19))

CASES = [
    (BIG, "esp_2013", "dobson_byar", 0.95, 10430.247991, 9717.709068, 11178.940915),
    (BIG, "esp_2013", "dobson_byar", 0.998, 10430.247991, 9323.287880, 11620.595999),
    (SMALL, "esp_2013", "dobson_byar", 0.95, 1103.212025, 877.455768, 1367.088223),
    (BIG, "who_world_2000", "dobson_byar", 0.95, 7890.658584, 7318.375316, 8491.979325),
    (SMALL, "who_world_2000", "dobson_byar", 0.95, 917.771329, 723.260631, 1145.126015),
    (BIG, "esp_2013", "fay_feuer", 0.95, 10430.247991, 9718.425961, 11188.105351),
    (SMALL, "esp_2013", "fay_feuer", 0.95, 1103.212025, 878.106349, 1377.130029),
    (BIG, "who_world_2000", "fay_feuer", 0.95, 7890.658584, 7319.573170, 8505.825346),
    (SMALL, "who_world_2000", "fay_feuer", 0.95, 917.771329, 724.225133, 1159.735458),
    (BIG, "esp_2013", "tiwari", 0.95, 10430.247991, 9718.425961, 11179.147562),
    (SMALL, "esp_2013", "tiwari", 0.95, 1103.212025, 878.106349, 1366.718885),
]


@pytest.mark.parametrize(("events", "standard", "method", "confidence", "value", "lower", "upper"), CASES)
def test_published(
    events: list[int], standard: str, method: str, confidence: float, value: float, lower: float, upper: float
) -> None:
    weights = stratum_weights(load_standard(standard), NINETEEN)
    found = standardised(events, PEOPLE, weights, method=method, confidence=confidence, per=100_000)
    assert (found.value, found.lower, found.upper) == pytest.approx((value, lower, upper), abs=1e-6)


def test_old_european_standard_ends_at_85() -> None:
    """The published example uses 18 bands; the old standard has no older one."""
    weights = load_standard("esp_1976").weights
    found = standardised(BIG[:18], PEOPLE[:18], weights, per=100_000)
    expected = (8592.097585, 7991.160931, 9225.253880)
    assert (found.value, found.lower, found.upper) == pytest.approx(expected, abs=1e-6)


def test_who_world_2000_is_normalised() -> None:
    standard = load_standard("who_world_2000")
    assert sum(standard.weights) == pytest.approx(100.035)
    every = MartAges(STARTS).five_year(AgeBand(0, None))
    weights = stratum_weights(standard, every)
    assert weights.sum() == pytest.approx(1, abs=1e-15)
    # SEER's integers for 0-4, 5-9, 10-14, 15-19 are these shares of a million.
    assert (weights[:4] * 1e6) == pytest.approx([88569, 86870, 85970, 84670], abs=1)


def test_bands_are_cut_by_years_of_age() -> None:
    standard = load_standard("vietnam")
    parts = stratum_weights(standard, [AgeBand(15, 17), AgeBand(18, 19), AgeBand(50, 50), AgeBand(51, 54)])
    assert parts[0] / parts[1] == pytest.approx(1.5)
    assert parts[3] / parts[2] == pytest.approx(4)
    beside = stratum_weights(standard, [AgeBand(18, 19), AgeBand(20, 24)])
    assert beside[0] / beside[1] == pytest.approx(0.4 * 6500.869 / 6820.203, rel=1e-9)
    assert (parts[0] + parts[1]) / (parts[2] + parts[3]) == pytest.approx(6500.869 / 5868.357)


def test_binomial_variance_of_prevalence() -> None:
    """By hand: two strata, 12/40 and 30/60, weights 0.7 and 0.3."""
    found = standardised([12, 30], [40, 60], [0.7, 0.3], method="wilson")
    value = 0.7 * 0.3 + 0.3 * 0.5
    variance = 0.49 * 0.3 * 0.7 / 40 + 0.09 * 0.25 / 60
    effective, z = value * (1 - value) / variance, 1.959963984540054
    x = value * effective
    root = z * np.sqrt(z**2 + 4 * x * (1 - value))
    limits = [(2 * x + z**2 + sign * root) / (2 * (effective + z**2)) for sign in (-1, 1)]
    assert (found.value, found.lower, found.upper) == pytest.approx((value, *limits), abs=1e-12)


def test_fewer_than_ten_events_are_refused() -> None:
    assert standardised([4, 5], [100, 100], [0.5, 0.5]).value is None
    assert standardised([4, 6], [100, 100], [0.5, 0.5]).value == pytest.approx(0.05)


def test_weight_of_empty_strata_is_moved_or_refused_never_dropped() -> None:
    strata = pl.DataFrame(
        {
            "age_from": [18, 20, 25, 30],
            "numerator": [9, 0, 6, 0],
            "denominator": [30, 0, 20, 0],
            "weight": [0.5, 0.04, 0.4, 0.06],
        }
    )
    row = direct(strata).row(0, named=True)
    # 20-24 goes to 18-19, 30+ to 25-29: the younger neighbours.
    assert row["value"] == pytest.approx(0.54 * 0.3 + 0.46 * 0.3)
    assert row["moved_weight"] == pytest.approx(0.1)
    heavier = strata.with_columns(pl.Series("weight", [0.5, 0.04, 0.39, 0.07]))
    refused = direct(heavier).row(0, named=True)
    assert (refused["refusal"], refused["value"], refused["numerator"]) == ("ages_without_people", None, 15)
