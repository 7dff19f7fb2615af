"""Indirect standardisation: the events observed over those expected at reference rates.

Breslow & Day, Statistical Methods in Cancer Research II, IARC 1987, ch. 2; PHE Technical Guide 3. Ratios of two units
are not comparable with each other (each is weighted by its own people); the direct method is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analytics.rates import RATE_METHODS, Estimate
from warehouse.errors import UserError


def expected(
    denominators: ArrayLike, reference_numerators: ArrayLike, reference_denominators: ArrayLike
) -> float:
    """Events expected in the strata of a unit at the rates of the reference."""
    n, x, m = (
        np.asarray(v, dtype=np.float64) for v in (denominators, reference_numerators, reference_denominators)
    )
    if ((m <= 0) & (n > 0)).any():
        raise UserError(
            "a stratum has no reference rate", expected="people of the reference in every stratum"
        )
    return float((n * np.divide(x, m, out=np.zeros_like(x), where=m > 0)).sum())


def standardised_ratio(
    events: float, expected_events: float, *, confidence: float = 0.95, method: str = "byar"
) -> Estimate:
    """Observed / expected with limits of the observed count (Byar's from ten events on, exact below)."""
    if expected_events <= 0:
        raise UserError("nothing is expected", value=f"{expected_events:g}", expected="more than 0")
    lower, upper = RATE_METHODS[method](events, confidence=confidence)
    return Estimate(
        value=events / expected_events,
        lower=float(lower) / expected_events,
        upper=float(upper) / expected_events,
        confidence=confidence,
        method=method,
        numerator=events,
        denominator=expected_events,
    )
