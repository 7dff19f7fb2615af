"""Whether a series rises or falls: slopes of joint draws, and the chi-square trend of disjoint annual flows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.rates import Floats
from warehouse.errors import UserError

#: Quarters below which a trend is not judged.
FEWEST_QUARTERS = 8
#: Share a year that matters (half a percentage point).
SLOPE_THAT_MATTERS = 0.005
CERTAIN = 0.95
VERDICTS = ("rising", "falling", "steady", "cannot_be_judged")


@dataclass(frozen=True, kw_only=True)
class Trend:
    """``slope``: share a year (median and limits; None where it cannot be judged); ``probability``: that its size is
    more than half a point a year.
    """

    verdict: str
    slope: float | None
    lower: float | None
    upper: float | None
    probability: float | None


def trend(draws: Floats, years: ArrayLike, *, confidence: float = 0.95) -> Trend:
    """Trend of a prevalence from joint draws (draws x quarters) at ``years`` (decimal).

    Least-squares slope of every draw. Rising or falling where P(|slope| > 0.5 point a year) > 0.95, steady where
    that of the contrary is, else (and with fewer than eight quarters) it cannot be judged yet. Draws must be joint over
    quarters: independent ones would make every wobble look certain.
    """
    values, times = np.asarray(draws, dtype=np.float64), np.asarray(years, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != times.size:
        raise UserError("a trend needs one column of draws per quarter", value=str(values.shape))
    if times.size < FEWEST_QUARTERS:
        return Trend(verdict="cannot_be_judged", slope=None, lower=None, upper=None, probability=None)
    centred = times - times.mean()
    slopes = values @ centred / (centred @ centred)
    tail = (1 - confidence) / 2
    lower, slope, upper = (float(value) for value in np.quantile(slopes, [tail, 0.5, 1 - tail]))
    matters = float(np.mean(np.abs(slopes) > SLOPE_THAT_MATTERS))
    return Trend(verdict=_verdict(matters, slope), slope=slope, lower=lower, upper=upper, probability=matters)


def _verdict(matters: float, slope: float) -> str:
    if matters > CERTAIN:
        return "rising" if slope > 0 else "falling"
    return "steady" if 1 - matters > CERTAIN else "cannot_be_judged"


def chi_square_trend(
    numerators: ArrayLike, denominators: ArrayLike, scores: ArrayLike
) -> tuple[float, float]:
    """Chi-square (1 df) and p-value for a linear trend in proportions of disjoint groups.

    Cochran, Biometrics 1954;10:417-451; Armitage, Biometrics 1955;11:375-386. Only for flows that share nobody (new
    cases by year): stocks of successive quarters are mostly the same people.
    """
    x, n, t = (np.asarray(values, dtype=np.float64) for values in (numerators, denominators, scores))
    if (n <= 0).any() or (x < 0).any() or (x > n).any():
        raise UserError("counts are not proportions", expected="0 <= numerator <= denominator")
    p = x.sum() / n.sum()
    centred = t - (n * t).sum() / n.sum()
    chi2 = float((x * centred).sum() ** 2 / (p * (1 - p) * (n * centred**2).sum()))
    return chi2, float(stats.chi2.sf(chi2, 1))
