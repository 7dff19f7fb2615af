"""Intervals for proportions and for counts of events: pure functions on arrays and on frames of counts.

The cores take numpy arrays (or scalars) and return ``(lower, upper)``. :func:`with_interval` adds ``value, lower,
upper, confidence, method`` to a polars frame. Golden numbers: tests/golden/test_rates.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from analytics.noise import CELL_VARIANCE
from warehouse.errors import UserError

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats]
#: Below this many events Byar's approximation gives way to the exact limits (as in the PHE methods).
EXACT_BELOW = 10
INTERVAL_COLUMNS = ("value", "lower", "upper", "confidence", "method")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One statistic with everything needed to read it; ``value`` and limits are in the unit of the caller's ratio."""

    value: float | None
    lower: float | None
    upper: float | None
    confidence: float
    method: str
    numerator: float
    denominator: float


def check_confidence(confidence: float) -> float:
    """Return ``confidence`` or raise UserError: it must lie strictly between 0 and 1 (0.95, not 95)."""
    if not 0 < confidence < 1:
        raise UserError(
            "confidence is a share",
            field="confidence",
            value=str(confidence),
            expected="between 0 and 1, like 0.95",
        )
    return confidence


def normal_quantile(confidence: float) -> float:
    """Two-sided z: 1.959964 for 0.95."""
    return float(stats.norm.ppf((1 + check_confidence(confidence)) / 2))


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _check_proportion(numerator: ArrayLike, denominator: ArrayLike) -> tuple[Floats, Floats]:
    """Both as arrays of floats. Raises UserError on negative, non-finite, or numerator above denominator."""
    x, n = np.broadcast_arrays(_floats(numerator), _floats(denominator))
    wrong = ~(np.isfinite(x) & np.isfinite(n)) | (x < 0) | (n < 0) | (x > n)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise UserError(
            "counts are not a proportion",
            row=place if wrong.ndim else None,
            value=f"{x.flat[place]:g} of {n.flat[place]:g}",
            expected="0 <= numerator <= denominator",
        )
    return x, n


def wilson(numerator: ArrayLike, denominator: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Wilson score limits of a proportion; NaN where the denominator is 0.

    ``(2x + z^2 -+ z sqrt(z^2 + 4x(1 - x/n))) / (2(n + z^2))``. Wilson, J Am Stat Assoc 1927;22:209-212; form of
    PHE Technical Guide 3. Counts need not be whole: an effective sample size may be passed.
    """
    x, n = _check_proportion(numerator, denominator)
    z = normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = x / n
        root = z * np.sqrt(z * z + 4 * x * np.maximum(1 - share, 0))
        lower = (2 * x + z * z - root) / (2 * (n + z * z))
        upper = (2 * x + z * z + root) / (2 * (n + z * z))
    # At 0 and n the formula is exactly 0 and 1; rounding must not turn that into 1e-17 or 1.0000000000000002.
    lower = np.where(x == 0, 0.0, np.clip(lower, 0, 1))
    upper = np.where(x == n, 1.0, np.clip(upper, 0, 1))
    return _blank(lower, n), _blank(upper, n)


def clopper_pearson(numerator: ArrayLike, denominator: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Exact limits of a proportion through beta quantiles; NaN where the denominator is 0.

    Clopper & Pearson, Biometrika 1934;26:404-413; beta form: Johnson, Kotz, Kemp, Univariate Discrete Distributions.
    """
    x, n = _check_proportion(numerator, denominator)
    tail = (1 - check_confidence(confidence)) / 2
    lower = np.where(x == 0, 0.0, stats.beta.ppf(tail, np.maximum(x, 0.5), n - x + 1))
    upper = np.where(x == n, 1.0, stats.beta.ppf(1 - tail, x + 1, np.maximum(n - x, 0.5)))
    return _blank(lower, n), _blank(upper, n)


def _blank(limit: Floats, denominator: Floats) -> Floats:
    return np.where(denominator > 0, limit, np.nan)


def _check_events(events: ArrayLike) -> Floats:
    x = _floats(events)
    wrong = ~np.isfinite(x) | (x < 0)
    if wrong.any():
        raise UserError(
            "a count of events is negative or missing",
            value=f"{x.flat[int(np.argmax(wrong))]:g}",
            expected="0 or more",
        )
    return x


def exact_poisson(events: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Exact limits of a Poisson count through chi-square quantiles. Garwood, Biometrika 1936;28:437-442."""
    x = _check_events(events)
    tail = (1 - check_confidence(confidence)) / 2
    lower = np.where(x == 0, 0.0, stats.chi2.ppf(tail, 2 * np.maximum(x, 0.5)) / 2)
    upper = stats.chi2.ppf(1 - tail, 2 * x + 2) / 2
    return _floats(lower), _floats(upper)


def byar_approximation(events: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Byar's limits of a Poisson count: ``x(1 - 1/(9x) - z/(3 sqrt x))^3`` and, with x + 1, the upper one.

    Breslow & Day, Statistical Methods in Cancer Research II, IARC 1987, p. 69. Poor below ten events; see :func:`byar`.
    """
    x = _check_events(events)
    z = normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = np.where(x == 0, 0.0, x * (1 - 1 / (9 * x) - z / (3 * np.sqrt(x))) ** 3)
    upper = (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * np.sqrt(x + 1))) ** 3
    return np.maximum(lower, 0.0), _floats(upper)


def byar(events: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Byar's limits from ten events on, exact ones below (the rule of the PHE indicator methods)."""
    x = _check_events(events)
    exact = exact_poisson(x, confidence=confidence)
    approximate = byar_approximation(x, confidence=confidence)
    few = x < EXACT_BELOW
    return np.where(few, exact[0], approximate[0]), np.where(few, exact[1], approximate[1])


Interval = Callable[..., Limits]
PROPORTION_METHODS: Mapping[str, Interval] = {"wilson": wilson, "clopper_pearson": clopper_pearson}
RATE_METHODS: Mapping[str, Interval] = {"byar": byar, "exact_poisson": exact_poisson}


def _method(methods: Mapping[str, Interval], name: str) -> Interval:
    if name not in methods:
        raise UserError(
            "unknown interval method", field="method", value=name, expected=f"one of {', '.join(methods)}"
        )
    return methods[name]


def proportion(
    numerator: int, denominator: int, *, confidence: float = 0.95, method: str = "wilson"
) -> Estimate:
    """One proportion; value and limits are None when the denominator is 0 (nothing was observed)."""
    lower, upper = _method(PROPORTION_METHODS, method)(numerator, denominator, confidence=confidence)
    known = denominator > 0
    return Estimate(
        value=numerator / denominator if known else None,
        lower=float(lower) if known else None,
        upper=float(upper) if known else None,
        confidence=confidence,
        method=method,
        numerator=numerator,
        denominator=denominator,
    )


def rate(
    events: int, person_time: float, *, per: float = 100_000, confidence: float = 0.95, method: str = "byar"
) -> Estimate:
    """One rate per ``per`` units of person-time; None without person-time. Events without person-time are refused."""
    if person_time < 0 or (person_time == 0 and events > 0):
        raise UserError(
            "events without person-time", value=f"{events} of {person_time:g}", expected="person-time > 0"
        )
    lower, upper = _method(RATE_METHODS, method)(events, confidence=confidence)
    scale = per / person_time if person_time else None
    return Estimate(
        value=None if scale is None else events * scale,
        lower=None if scale is None else float(lower) * scale,
        upper=None if scale is None else float(upper) * scale,
        confidence=confidence,
        method=method,
        numerator=events,
        denominator=person_time,
    )


def noisy_size(
    numerator: ArrayLike, denominator: ArrayLike, numerator_cells: ArrayLike, denominator_cells: ArrayLike
) -> Floats:
    """Effective sample size of a proportion of protected counts: ``pq / (pq/n + (s2x + p^2 s2n) / n^2)``.

    ``s2x`` and ``s2n`` are the variances of the noise in both counts (1.8 for every cell they are a sum of). The delta
    method for a ratio with independent noise; design/statistics, "Disclosure control". n without noise, or at 0 and 1.
    """
    x, n = _check_proportion(numerator, denominator)
    p = np.divide(x, n, out=np.zeros_like(x), where=n > 0)
    spread = p * (1 - p)
    added = CELL_VARIANCE * (_floats(numerator_cells) + p * p * _floats(denominator_cells))
    with np.errstate(divide="ignore", invalid="ignore"):
        size = spread / (spread / n + added / n**2)
    return np.where((spread > 0) & (added > 0), size, n)


def with_interval(frame: pl.DataFrame, *, confidence: float = 0.95, method: str = "wilson") -> pl.DataFrame:
    """Add ``value, lower, upper, confidence, method`` to rows with ``numerator`` and ``denominator``.

    Rows whose counts are null (suppressed) or whose denominator is 0 get a null value and null limits. Where counts
    carry noise (``numerator_cells``, ``denominator_cells``: cells each is a sum of), the limits are those of the
    effective sample size :func:`noisy_size`.
    """
    core = _method(PROPORTION_METHODS, method)
    usable = (pl.col("denominator") > 0) & pl.col("numerator").is_not_null()
    counted = frame.select(
        pl.when(usable).then(pl.col("numerator")).otherwise(0).alias("x"),
        pl.when(usable).then(pl.col("denominator")).otherwise(1).alias("n"),
    )
    x, n = counted["x"].to_numpy(), counted["n"].to_numpy()
    shown, size = x, n
    if {"numerator_cells", "denominator_cells"} <= set(frame.columns):
        cells = (frame[name].fill_null(0).to_numpy() for name in ("numerator_cells", "denominator_cells"))
        size = noisy_size(x, n, *cells)
        shown = np.where(size == n, x, x / n * size)
    lower, upper = core(shown, size, confidence=confidence)
    return add_estimate(frame, x / n, lower, upper, usable=usable, confidence=confidence, method=method)


def add_estimate(
    frame: pl.DataFrame,
    value: Floats,
    lower: Floats,
    upper: Floats,
    *,
    usable: pl.Expr,
    confidence: float,
    method: str,
) -> pl.DataFrame:
    """Attach three computed columns, null where not ``usable``, and say how they were made."""
    computed = {"value": value, "lower": lower, "upper": upper}
    series = [
        pl.Series(name, _floats(cast(Any, values)), dtype=pl.Float64) for name, values in computed.items()
    ]
    return frame.with_columns(series).with_columns(
        *[pl.when(usable).then(pl.col(name)).alias(name) for name in computed],
        pl.lit(confidence, dtype=pl.Float64).alias("confidence"),
        pl.lit(method, dtype=pl.String).alias("method"),
    )
