"""What can be said of people nobody examined: worst cases, and how a number moves with what is assumed of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from analytics.rates import Floats
from warehouse.errors import UserError


def manski(prevalence: float, assessed_share: float) -> tuple[float, float]:
    """Lowest and highest prevalence in everybody: none, or all, of those not assessed have the disease.

    Manski, Am Econ Rev 1990;80:319-323. No assumption can take the truth outside; nothing narrower is free of one.
    """
    _check(prevalence, assessed_share)
    known = prevalence * assessed_share
    return known, known + 1 - assessed_share


def shifted(prevalence: float, assessed_share: float, shift: ArrayLike) -> Floats:
    """Prevalence in everybody if the odds of those not assessed are ``exp(-shift)`` times those of the assessed.

    ``a p + (1 - a) expit(logit p - d)``: the curve over d of the interval's assumption (design/statistics, "residual
    selection"). 0 gives the prevalence itself.
    """
    _check(prevalence, assessed_share)
    d = np.asarray(shift, dtype=np.float64)
    if prevalence in (0, 1):
        return np.full(d.shape, prevalence)
    return np.asarray(assessed_share * prevalence + (1 - assessed_share) * expit(logit(prevalence) - d))


def _check(prevalence: float, assessed_share: float) -> None:
    for name, value in (("prevalence", prevalence), ("assessed_share", assessed_share)):
        if not 0 <= value <= 1:
            raise UserError("not a share", field=name, value=f"{value:g}", expected="0 to 1")
