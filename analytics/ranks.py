"""Ranks of units with their uncertainty, shown as tiers and never as an ordering.

Units are ranked within each joint draw of a model; a rank that every draw gives is known, the others are not.
Goldstein & Spiegelhalter, J R Stat Soc A 1996;159:385-443; Lin et al., Bayesian Anal 2006;1:915-946.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analytics.rates import Floats
from warehouse.errors import UserError

#: A unit is in the worst (best) tier when that probability is reached.
CERTAIN = 0.80
TIERS = ("best", "middle", "worst")


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Per unit: median and limits of the rank (1 = lowest value), probability of the quarter of units with the highest
    (``worst``) and lowest (``best``) values, and the tier these give.
    """

    median: Floats
    lower: Floats
    upper: Floats
    worst: Floats
    best: Floats
    tier: tuple[str, ...]


def ranks(draws: Floats, *, confidence: float = 0.95, certain: float = CERTAIN) -> Ranks:
    """Ranks of units from joint draws (draws x units); ties share the mean rank.

    A quarter of 22 units is 5.5: ranks above 16.5 count as the worst quarter. Raises UserError for fewer than two
    units or draws that are not finite.
    """
    found = np.asarray(draws, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] < 2 or not np.isfinite(found).all():
        raise UserError("ranks need joint draws of at least two units", expected="a table draws x units")
    ordered = stats.rankdata(found, axis=1)
    units = found.shape[1]
    tail = (1 - confidence) / 2
    lower, median, upper = np.quantile(ordered, [tail, 0.5, 1 - tail], axis=0)
    worst, best = (ordered > units * 3 / 4).mean(axis=0), (ordered < units / 4 + 1).mean(axis=0)
    tier = tuple(
        "worst" if high >= certain else "best" if low >= certain else "middle"
        for high, low in zip(worst, best, strict=True)
    )
    return Ranks(median=median, lower=lower, upper=upper, worst=worst, best=best, tier=tier)
