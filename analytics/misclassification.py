"""What a case definition gets wrong, and prevalence without it: Rogan & Gladen, Am J Epidemiol 1978;107:71-76.

    p = (q + specificity - 1) / (sensitivity + specificity - 1)

with ``q`` the share of cases by the definition and ``p`` of the ill. Sensitivity and specificity come from a reference
examination of some of the same people, as Beta distributions with Jeffreys' prior (Brown, Cai, DasGupta, Stat Sci
2001;16:101-133), so that a small sample gives a wide interval. A value outside 0 to 1 is set to its edge, and how often
that happens is told: where it is often, the sample is of other people than those corrected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Ill and well people examined from which on a sample says something.
FEWEST_OF_EACH = 5
FEWEST_PEOPLE = 30
#: Youden's index under which a definition tells too little of an age to be corrected: the correction divides by it.
LEAST_YOUDEN = 0.1
#: What the other ages say of one age is worth that many people of it: with twenty the intervals of samples of 250 a
#: age held the truth in 91.5 % of 400 cities instead of 94, and were no nearer to it.
BORROWED_PEOPLE = 5
_JEFFREYS = 0.5
_EDGE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Sensitivity and specificity of a definition as Beta distributions (alpha, beta)."""

    sensitivity: tuple[float, float]
    specificity: tuple[float, float]

    @property
    def youden(self) -> float:
        """Youden's index at the means: sensitivity + specificity - 1."""
        return sum(alpha / (alpha + beta) for alpha, beta in (self.sensitivity, self.specificity)) - 1

    def draw(self, generator: np.random.Generator, size: int) -> tuple[Floats, Floats]:
        """``size`` draws of both, of those pairs that tell the ill from the well better than a coin."""
        se, sp = np.empty(0), np.empty(0)
        while len(se) < size:
            more = generator.beta(*self.sensitivity, size), generator.beta(*self.specificity, size)
            is_test = more[0] + more[1] > 1
            se, sp = np.append(se, more[0][is_test]), np.append(sp, more[1][is_test])
        return se[:size], sp[:size]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """People examined: with the condition and called cases by the definition, with it and not, without it."""

    ill_cases: int
    ill_others: int
    well_cases: int
    well_others: int

    def __add__(self, other: Sample) -> Sample:
        return Sample(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    @property
    def says_something(self) -> bool:
        """Whether it is large enough, and the definition finds the ill more often than the well."""
        ill, well = self.ill_cases + self.ill_others, self.well_cases + self.well_others
        is_large = min(ill, well) >= FEWEST_OF_EACH and ill + well >= FEWEST_PEOPLE
        return is_large and self.ill_cases / ill > self.well_cases / well


NOBODY = Sample(ill_cases=0, ill_others=0, well_cases=0, well_others=0)


def accuracies(samples: Mapping[int, Sample], *, noise_variance: float = 0.0) -> dict[int, Accuracy] | None:
    """Of each age from its own sample and, worth :data:`BORROWED_PEOPLE` ill and as many well, that of the others.

    A definition errs more often at ages where values lie near its limits; the others keep a small sample from saying
    more than it knows (a power prior: Ibrahim & Chen, Stat Sci 2000;15:46-60). ``noise_variance``: of each cell
    counted (cases are one, others two: indeterminate and neither), which makes a sample worth fewer people. None where
    all together are too few, or the definition tells the ill of some age hardly better than a coin.
    """
    whole = sum(samples.values(), NOBODY)
    if not whole.says_something:
        return None
    found = {
        age: Accuracy(
            sensitivity=_beta(
                own.ill_cases, own.ill_others, whole.ill_cases, whole.ill_others, noise_variance
            ),
            specificity=_beta(
                own.well_cases, own.well_others, whole.well_cases, whole.well_others, noise_variance
            )[::-1],
        )
        for age, own in samples.items()
    }
    return found if min(item.youden for item in found.values()) >= LEAST_YOUDEN else None


def _beta(
    cases: int, others: int, all_cases: int, all_others: int, noise_variance: float
) -> tuple[float, float]:
    """Cases and others of one age, and of the other ages with the weight they are lent."""
    lent = all_cases - cases, all_others - others
    weight = min(1.0, BORROWED_PEOPLE / max(sum(lent), 1))
    own = _worth(cases, others, noise_variance)
    return _JEFFREYS + own * cases + weight * lent[0], _JEFFREYS + own * others + weight * lent[1]


def _worth(cases: int, others: int, noise_variance: float) -> float:
    """Sampling variance of a share over that with noise: ``pq / (pq + s2 (q^2 + 2 p^2) / n)``."""
    people = cases + others + 1
    p = (cases + _JEFFREYS) / people
    q = 1 - p
    return p * q / (p * q + noise_variance * (q**2 + 2 * p**2) / people)


def rogan_gladen(
    observed: Floats, sensitivity: Floats, specificity: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Prevalence from shares of cases, and where it was truncated; arguments broadcast."""
    found = (observed + specificity - 1) / (sensitivity + specificity - 1)
    return np.clip(found, _EDGE, 1 - _EDGE), (found < 0) | (found > 1)


def log_odds_ratio(strata: Iterable[tuple[float, float, float, float]]) -> tuple[float, float] | None:
    """Logarithm of the common odds ratio over strata, and its standard error; None where a margin is empty.

    A stratum: exposed ill, exposed well, others ill, others well. Mantel & Haenszel, J Natl Cancer Inst
    1959;22:719-748; variance by Robins, Breslow & Greenland, Biometrics 1986;42:311-323.
    """
    used = [stratum for stratum in strata if sum(stratum)]
    r = [a * d / (a + b + c + d) for a, b, c, d in used]
    s = [b * c / (a + b + c + d) for a, b, c, d in used]
    big_r, big_s = sum(r), sum(s)
    if not big_r or not big_s:
        return None
    p = [(a + d) / (a + b + c + d) for a, b, c, d in used]
    variance = (
        sum(one * two for one, two in zip(p, r, strict=True)) / (2 * big_r**2)
        + sum(one * four + (1 - one) * two for one, two, four in zip(p, r, s, strict=True))
        / (2 * big_r * big_s)
        + sum((1 - one) * four for one, four in zip(p, s, strict=True)) / (2 * big_s**2)
    )
    return log(big_r / big_s), sqrt(variance)


def updated(prior: tuple[float, float], seen: tuple[float, float]) -> tuple[float, float]:
    """Mean and standard deviation of a normal prior after an estimate and its standard error."""
    weights = [1 / sd**2 for _, sd in (prior, seen)]
    mean = (weights[0] * prior[0] + weights[1] * seen[0]) / sum(weights)
    return mean, 1 / sqrt(sum(weights))
