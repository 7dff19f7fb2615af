"""Whether an estimate is as good as a benchmark: two one-sided tests (TOST).

Schuirmann, J Pharmacokinet Biopharm 1987;15:657-680. Margins are the ones of the New York City Macroscope (five points;
half of it where the benchmark is under ten per cent). Not different is not the same as equivalent: a wide interval
shows neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from scipy import stats

from analytics.rates import normal_quantile
from warehouse.errors import UserError

MARGIN, SMALL_MARGIN = 0.05, 0.025
SMALL_BENCHMARK = 0.10
ALPHA = 0.05
VERDICTS = ("equivalent", "different", "not_shown")


@dataclass(frozen=True, kw_only=True)
class Equivalence:
    """``difference``: estimate less benchmark. ``p``: the larger of both one-sided p-values. ``lower``, ``upper``: the
    90 % interval of the difference, which lies inside the margin exactly when ``p < 0.05``.
    """

    verdict: str
    difference: float
    lower: float
    upper: float
    margin: float
    p: float


def margin_of(benchmark: float) -> float:
    """Five points, 2.5 where the benchmark is under 10 %."""
    return SMALL_MARGIN if benchmark < SMALL_BENCHMARK else MARGIN


def standard_error(lower: float, upper: float, *, confidence: float = 0.95) -> float:
    """Of an estimate whose interval is roughly normal."""
    return (upper - lower) / (2 * normal_quantile(confidence))


def equivalence(
    estimate: float, benchmark: float, *, error: float, benchmark_error: float, margin: float | None = None
) -> Equivalence:
    """TOST at 5 % of two independent estimates with standard errors. Raises UserError without any error."""
    spread = hypot(error, benchmark_error)
    if spread <= 0:
        raise UserError("equivalence needs the uncertainty of both", field="error", expected="more than 0")
    allowed = margin_of(benchmark) if margin is None else margin
    difference = estimate - benchmark
    p = max(
        float(stats.norm.sf((difference + allowed) / spread)),
        float(stats.norm.cdf((difference - allowed) / spread)),
    )
    reach = normal_quantile(1 - 2 * ALPHA) * spread
    lower, upper = difference - reach, difference + reach
    verdict = (
        "equivalent" if p < ALPHA else "different" if lower > allowed or upper < -allowed else "not_shown"
    )
    return Equivalence(verdict=verdict, difference=difference, lower=lower, upper=upper, margin=allowed, p=p)
