"""XmR charts of weekly flows: which weeks are more than the usual up and down.

Centre and limits are those of individuals and moving ranges: mean +- 2.66 mean moving range, 3.268 of it for the ranges
(Wheeler, Understanding Variation, 1993; NHS England, Making Data Count). For flows, never for stocks: a stock that
grows is out of control by design. Weeks known to be different (Tết) are shown and judged, but set no limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.rates import Floats
from warehouse.errors import UserError

#: 3 / d2 and D4 for ranges of two (d2 = 1.128).
LIMIT, RANGE_LIMIT = 2.66, 3.268
#: Successive values on one side of the centre that are a signal.
RUN = 8
FEWEST_WEEKS = 12
STATES = ("usual", "beyond_limits", "run", "excepted")


@dataclass(frozen=True, kw_only=True)
class ControlChart:
    """``lower`` is never below 0 (a flow cannot be); ``ranges`` has NaN first; ``state`` is one of :data:`STATES`."""

    centre: float
    lower: float
    upper: float
    ranges: Floats
    range_limit: float
    state: tuple[str, ...]


def xmr(values: ArrayLike, *, excepted: ArrayLike | None = None) -> ControlChart:
    """The chart of a series in its order. ``excepted``: True where a week sets no limits and is not judged.

    A moving range counts when both of its weeks do and they follow each other. Raises UserError for fewer than twelve
    weeks that count.
    """
    x = np.asarray(values, dtype=np.float64)
    out = np.zeros(x.size, dtype=bool) if excepted is None else np.asarray(excepted, dtype=bool)
    if (~out).sum() < FEWEST_WEEKS or not np.isfinite(x).all():
        raise UserError(
            "too few weeks for limits", value=str(int((~out).sum())), expected=f"{FEWEST_WEEKS} or more"
        )
    ranges = np.concatenate([[np.nan], np.abs(np.diff(x))])
    both = np.concatenate([[False], ~out[1:] & ~out[:-1]])
    centre, spread = float(x[~out].mean()), float(ranges[both].mean())
    lower, upper = max(0.0, centre - LIMIT * spread), centre + LIMIT * spread
    return ControlChart(
        centre=centre,
        lower=lower,
        upper=upper,
        ranges=ranges,
        range_limit=RANGE_LIMIT * spread,
        state=_states(x, out, centre, lower, upper),
    )


def _states(x: Floats, out: NDArray[np.bool_], centre: float, lower: float, upper: float) -> tuple[str, ...]:
    in_run = _in_run(np.where(out, 0, np.sign(x - centre)))
    return tuple(
        "excepted"
        if is_out
        else "beyond_limits"
        if not lower <= value <= upper
        else "run"
        if is_run
        else "usual"
        for value, is_out, is_run in zip(x, out, in_run, strict=True)
    )


def _in_run(side: Floats) -> NDArray[np.bool_]:
    """Whether each value is one of eight or more in a row on its side; a week that is left out ends a run."""
    found = np.zeros(side.size, dtype=bool)
    start = 0
    for end in range(1, side.size + 1):
        if end == side.size or side[end] != side[start]:
            if side[start] != 0 and end - start >= RUN:
                found[start:end] = True
            start = end
    return found
