"""Inequality over ranked groups: slope and relative index of inequality.

Mackenbach & Kunst, Soc Sci Med 1997;44:757-771; PHE methods: weighted least squares of the value on the mid-rank of
each group (ridit). The slope is the modelled difference between the very last and the very first person of the ranking.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.rates import Floats
from warehouse.errors import UserError

FEWEST_GROUPS = 3


@dataclass(frozen=True, kw_only=True)
class Inequality:
    """``slope`` in the unit of the values, ``relative`` = value modelled at rank 1 over that at rank 0."""

    slope: float
    lower: float
    upper: float
    relative: float


def ridits(people: ArrayLike) -> Floats:
    """Middle of each group's share of the people, in the order given: 0 is the first person, 1 the last."""
    n = np.asarray(people, dtype=np.float64)
    return np.asarray((np.cumsum(n) - n / 2) / n.sum())


def slope_index(values: ArrayLike, people: ArrayLike, *, confidence: float = 0.95) -> Inequality:
    """Index over groups ordered from the least to the most favoured (or the other way: the sign tells).

    Limits by Student's t on groups - 2 degrees of freedom. Raises UserError for fewer than three groups.
    """
    y, w = np.asarray(values, dtype=np.float64), np.asarray(people, dtype=np.float64)
    if y.size < FEWEST_GROUPS or (w <= 0).any():
        raise UserError("inequality needs ranked groups with people", expected=f"{FEWEST_GROUPS} or more")
    x = ridits(w)
    mean_x, mean_y = np.average(x, weights=w), np.average(y, weights=w)
    spread = float((w * (x - mean_x) ** 2).sum())
    slope = float((w * (x - mean_x) * (y - mean_y)).sum()) / spread
    first = mean_y - slope * mean_x
    residual = float((w * (y - first - slope * x) ** 2).sum()) / (y.size - 2)
    reach = float(stats.t.ppf((1 + confidence) / 2, y.size - 2)) * np.sqrt(residual / spread)
    relative = float((first + slope) / first) if first > 0 else float("nan")
    return Inequality(slope=slope, lower=slope - reach, upper=slope + reach, relative=relative)
