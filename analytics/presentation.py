"""When a proportion is too uncertain to present: the rules of the US National Center for Health Statistics.

Parker et al., National Center for Health Statistics Data Presentation Standards for Proportions, Vital Health Stat
2017;2(175). The interval is Korn and Graubard's: Clopper-Pearson at the effective sample size.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from analytics.rates import clopper_pearson
from warehouse.errors import UserError

SMALLEST_SAMPLE = 30
WIDEST, NARROW = 0.30, 0.05
WIDEST_RELATIVE = 1.30
FEWEST_DEGREES = 8


class Verdict(StrEnum):
    """``review``: may be presented after somebody looked at it."""

    PRESENT = "present"
    REVIEW = "review"
    SUPPRESS = "suppress"


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """The verdict and what decided it; limits are shares."""

    verdict: Verdict
    reason: str
    lower: float
    upper: float


def presentation(proportion: float, effective_n: float, *, degrees: float | None = None) -> Presentation:
    """Judge one proportion by its effective sample size (and degrees of freedom of its variance, where it has any)."""
    if not 0 <= proportion <= 1 or effective_n < 0:
        raise UserError("not a proportion", value=f"{proportion:g}", expected="0 to 1, and a sample size")
    if effective_n < SMALLEST_SAMPLE:
        return Presentation(verdict=Verdict.SUPPRESS, reason="fewer_than_30", lower=0.0, upper=1.0)
    low, high = clopper_pearson(proportion * effective_n, effective_n)
    lower, upper = float(low), float(high)
    verdict, reason = _by_width(proportion, upper - lower)
    if verdict is Verdict.PRESENT and proportion in (0, 1):
        verdict, reason = Verdict.REVIEW, "nobody_or_everybody"
    if verdict is Verdict.PRESENT and degrees is not None and degrees < FEWEST_DEGREES:
        verdict, reason = Verdict.REVIEW, "few_degrees_of_freedom"
    return Presentation(verdict=verdict, reason=reason, lower=lower, upper=upper)


def _by_width(proportion: float, width: float) -> tuple[Verdict, str]:
    """Absolute width first; between 5 and 30 points the width relative to the proportion (not to its complement)."""
    if width >= WIDEST:
        return Verdict.SUPPRESS, "interval_of_30_points"
    if width <= NARROW:
        return Verdict.PRESENT, "narrow_interval"
    if proportion > 0 and width / proportion > WIDEST_RELATIVE:
        return Verdict.SUPPRESS, "interval_wider_than_130_percent"
    return Verdict.PRESENT, "interval_in_limits"
