"""Funnel limits for standardised or modelled proportions of units, with allowance for overdispersion.

Scale ``y = asin(sqrt p)``, whose variance is ``s^2 = 1/(4n)`` whatever p is. Spiegelhalter, Stat Med 2005;24:1185-1202
(funnel plots, their transformations) and Qual Saf Health Care 2005;14:347-351 (overdispersion, winsorising). Plain
binomial limits flag most units of a city, because units differ for reasons no limit knows: ``tau^2`` is that spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analytics.rates import Floats, normal_quantile
from warehouse.errors import UserError

#: Share of z-scores at either end that are pulled in before the spread is judged.
WINSORISED = 0.10
FEWEST_UNITS = 5


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """``centre``: the target proportion. ``phi``: mean squared winsorised z, 1 where chance explains all. ``tau2``:
    variance between units beyond chance, on the asin scale. ``z``: per unit, in standard deviations of chance and
    spread together.
    """

    centre: float
    phi: float
    tau2: float
    z: Floats

    def limits(self, effective_n: ArrayLike, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper limit (proportions) for units of these effective sizes."""
        n = np.asarray(effective_n, dtype=np.float64)
        reach = normal_quantile(confidence) * np.sqrt(1 / (4 * n) + self.tau2)
        middle = np.arcsin(np.sqrt(self.centre))
        return _proportion(middle - reach), _proportion(middle + reach)


def funnel(proportions: ArrayLike, effective_n: ArrayLike, *, centre: float) -> Funnel:
    """Funnel of units around ``centre``.

    ``effective_n``: sample size that gives the proportion's variance, ``p(1-p)/Var``. Raises UserError for fewer than
    five units, sizes that are not positive, or proportions outside 0..1.
    """
    p, n = (np.asarray(values, dtype=np.float64) for values in (proportions, effective_n))
    _check(p, n, centre)
    s2 = 1 / (4 * n)
    naive = (np.arcsin(np.sqrt(p)) - np.arcsin(np.sqrt(centre))) / np.sqrt(s2)
    phi = float(np.mean(winsorised(naive) ** 2))
    tau2 = between_variance(phi, s2)
    return Funnel(centre=centre, phi=phi, tau2=tau2, z=naive * np.sqrt(s2 / (s2 + tau2)))


def winsorised(z: Floats, share: float = WINSORISED) -> Floats:
    """Values beyond the ``share`` and ``1 - share`` quantiles are set to these."""
    low, high = np.quantile(z, [share, 1 - share])
    return np.clip(z, low, high)


def between_variance(phi: float, s2: Floats) -> float:
    """Moment estimator ``max(0, (I phi - (I - 1)) / (S_w - S_ww / S_w))`` with ``w = 1/s^2`` (DerSimonian, Laird)."""
    w, units = 1 / s2, s2.size
    return max(0.0, (units * phi - (units - 1)) / float(w.sum() - (w**2).sum() / w.sum()))


def _proportion(y: Floats) -> Floats:
    return np.sin(np.clip(y, 0, np.pi / 2)) ** 2


def _check(p: Floats, n: Floats, centre: float) -> None:
    if p.size < FEWEST_UNITS:
        raise UserError("too few units for a funnel", value=str(p.size), expected=f"{FEWEST_UNITS} or more")
    if not (np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all() and 0 < centre < 1):
        raise UserError("a funnel is of proportions", expected="values from 0 to 1, a centre between them")
    if not (np.isfinite(n).all() and (n > 0).all()):
        raise UserError("a funnel needs the size of every unit", field="effective_n", expected="more than 0")
