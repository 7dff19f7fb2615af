"""Two units beside each other: difference and ratio of proportions, odds, rates and standardised values."""

from __future__ import annotations

from math import exp, hypot, log, sqrt

from scipy import stats

from analytics.rates import Estimate, normal_quantile, wilson
from warehouse.errors import UserError


def difference(x1: float, n1: float, x2: float, n2: float, *, confidence: float = 0.95) -> Estimate:
    """p1 - p2 with Newcombe's hybrid score limits (method 10): Wilson limits of both, combined.

    Newcombe, Stat Med 1998;17:873-890. Keeps to -1..1 and covers as it says also for small groups, where the textbook
    (Wald) interval does not.
    """
    p1, p2 = _share(x1, n1), _share(x2, n2)
    (l1, u1), (l2, u2) = (
        (float(a), float(b))
        for a, b in (wilson(x1, n1, confidence=confidence), wilson(x2, n2, confidence=confidence))
    )
    return _estimate(
        p1 - p2,
        p1 - p2 - hypot(p1 - l1, u2 - p2),
        p1 - p2 + hypot(u1 - p1, p2 - l2),
        confidence,
        "newcombe",
        x1,
        n1,
    )


def risk_ratio(x1: float, n1: float, x2: float, n2: float, *, confidence: float = 0.95) -> Estimate:
    """p1 / p2 with limits on the log scale. Katz et al., Biometrics 1978;34:469-474. Undefined without cases."""
    p1, p2 = _share(x1, n1), _share(x2, n2)
    if x1 <= 0 or x2 <= 0:
        raise UserError(
            "a ratio needs cases in both groups", value=f"{x1:g} and {x2:g}", expected="more than 0"
        )
    return _log_limits(p1 / p2, sqrt(1 / x1 - 1 / n1 + 1 / x2 - 1 / n2), confidence, "katz", x1, n1)


def odds_ratio(x1: float, n1: float, x2: float, n2: float, *, confidence: float = 0.95) -> Estimate:
    """Odds of group 1 over those of group 2; Woolf's limits, Ann Hum Genet 1955;19:251-253."""
    _share(x1, n1), _share(x2, n2)
    cells = (x1, n1 - x1, x2, n2 - x2)
    if min(cells) <= 0:
        raise UserError(
            "an odds ratio needs cases and others in both groups", expected="more than 0 in each cell"
        )
    a, b, c, d = cells
    return _log_limits(a * d / (b * c), sqrt(sum(1 / n for n in cells)), confidence, "woolf", x1, n1)


def rate_ratio(x1: float, time1: float, x2: float, time2: float, *, confidence: float = 0.95) -> Estimate:
    """Ratio of two rates, exact: given the events of both, those of group 1 are binomial.

    Limits of the binomial share (Clopper-Pearson) turned into a ratio: Breslow & Day II, 1987, p. 93.
    """
    if min(x1, x2) <= 0 or min(time1, time2) <= 0:
        raise UserError("a ratio of rates needs events and person-time in both", expected="more than 0")
    tail = (1 - confidence) / 2
    low, high = stats.beta.ppf(tail, x1, x2 + 1), stats.beta.ppf(1 - tail, x1 + 1, x2)
    scale = time2 / time1
    return _estimate(
        x1 / x2 * scale,
        float(low / (1 - low)) * scale,
        float(high / (1 - high)) * scale,
        confidence,
        "exact",
        x1,
        time1,
    )


def standardised_difference(
    v1: float, e1: float, v2: float, e2: float, *, confidence: float = 0.95
) -> Estimate:
    """Difference of two standardised values with their standard errors."""
    reach = normal_quantile(confidence) * hypot(e1, e2)
    return _estimate(v1 - v2, v1 - v2 - reach, v1 - v2 + reach, confidence, "normal", v1, 1)


def standardised_ratio(v1: float, e1: float, v2: float, e2: float, *, confidence: float = 0.95) -> Estimate:
    """Ratio of two standardised values (comparative figure), limits on the log scale; Breslow & Day II, 1987, p. 64."""
    if min(v1, v2) <= 0:
        raise UserError("a ratio needs values above 0", expected="more than 0")
    return _log_limits(v1 / v2, hypot(e1 / v1, e2 / v2), confidence, "log_normal", v1, 1)


def _share(x: float, n: float) -> float:
    if not 0 <= x <= n or n <= 0:
        raise UserError(
            "counts are not a proportion", value=f"{x:g} of {n:g}", expected="0 <= cases <= people"
        )
    return x / n


def _log_limits(ratio: float, error: float, confidence: float, method: str, x: float, n: float) -> Estimate:
    reach = normal_quantile(confidence) * error
    return _estimate(ratio, exp(log(ratio) - reach), exp(log(ratio) + reach), confidence, method, x, n)


def _estimate(
    value: float,
    lower: float,
    upper: float,
    confidence: float,
    method: str,
    numerator: float,
    denominator: float,
) -> Estimate:
    return Estimate(
        value=value, lower=lower, upper=upper, confidence=confidence, method=method,
        numerator=numerator, denominator=denominator,
    )  # fmt: skip
