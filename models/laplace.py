"""Nested Laplace approximation of a latent Gaussian model of binomial counts.

    y_i ~ Binomial(n_i, expit(eta_i)),   eta = A z,   z | theta ~ N(0, Q(theta)^-1),   theta ~ prior

Given ``theta`` the posterior of ``z`` is taken as normal at its mode, with the curvature there as precision; the
posterior of ``theta`` follows from what that leaves over (Rue, Martino, Chopin 2009, J R Stat Soc B 71:319-392,
equations 3 and 12). ``theta`` is then integrated by importance sampling on a quasi-random sequence around its mode
instead of on a grid, so that its weights say themselves how well they cover it.

Counts may be fractional (a case that is one with probability 0.64). Sizes here are some hundred effects, where a
dense factor of the precision takes a millisecond; the design ``A`` is sparse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit, logsumexp
from scipy.stats import multivariate_normal, qmc

Floats = NDArray[np.float64]

#: Points of ``theta`` that carry its posterior.
POINTS = 32
#: Their spread around the mode, in posterior standard deviations, so that the tails are covered.
SPREAD = 1.3
_NEWTON_STEPS = 50
#: Where the search of theta may go (logarithms and logits). A step beyond it made the Hessian singular: at a standard
#: deviation of thousands an effect without data has no precision.
_THETA_RANGE = (-8.0, 4.0)
_NEWTON_TOLERANCE = 1e-8
_DIFFERENCE = 0.1


class Prior(Protocol):
    """Of a model: the precision of the effects, half its log determinant, and the log prior density of ``theta``."""

    def precision(self, theta: Floats) -> tuple[Floats, float]: ...

    def log_density(self, theta: Floats) -> float: ...


@dataclass(frozen=True)
class Counts:
    """``cases`` of ``people`` in each row of the sparse ``design``, which has as many entries in every row."""

    design: Any
    cases: Floats
    people: Floats

    @cached_property
    def transposed(self) -> Any:
        """Effects x rows: the design made over once, since a fit asks for it tens of thousands of times."""
        return self.design.T

    @cached_property
    def products(self) -> Any:
        """Effects squared x rows: ``products @ w`` is ``A' diag(w) A``, flattened, in one sparse product."""
        rows, effects = self.design.shape
        column = self.design.indices.reshape(rows, -1)
        value = self.design.data.reshape(rows, -1)
        place = column[:, :, None] * effects + column[:, None, :]
        entry = value[:, :, None] * value[:, None, :]
        row = np.broadcast_to(np.arange(rows)[:, None, None], place.shape)
        return csr_array((entry.ravel(), (place.ravel(), row.ravel())), shape=(effects**2, rows))


@dataclass(frozen=True)
class Mode:
    """Of the effects, given ``theta``: where, the lower factor of the precision there, log marginal likelihood."""

    effects: Floats
    factor: Floats
    log_marginal: float
    is_converged: bool


@dataclass(frozen=True)
class Posterior:
    """Points of ``theta`` with their weights (sum 1) and the modes of the effects at each."""

    points: Floats
    weights: Floats
    modes: tuple[Mode, ...]

    @property
    def effective_points(self) -> float:
        """Number of equally weighted points that would be as good: 1 / sum of squared weights."""
        return float(1.0 / np.sum(self.weights**2))

    @property
    def is_converged(self) -> bool:
        """Whether Newton's method arrived at every point that counts."""
        return all(
            mode.is_converged for mode, weight in zip(self.modes, self.weights, strict=True) if weight > 1e-4
        )

    def draw(self, count: int, generator: np.random.Generator) -> Floats:
        """``count x effects`` draws; points are resampled systematically."""
        places = (generator.random() + np.arange(count)) / count
        chosen = np.minimum(np.searchsorted(np.cumsum(self.weights), places), len(self.weights) - 1)
        normal = generator.standard_normal((count, len(self.modes[0].effects)))
        drawn = np.empty_like(normal)
        for point in np.unique(chosen):
            mine = chosen == point
            mode = self.modes[point]
            away = solve_triangular(mode.factor, normal[mine].T, lower=True, trans="T", check_finite=False)
            drawn[mine] = mode.effects + away.T
        return drawn


def find_mode(counts: Counts, precision: Floats, half_log_det: float, start: Floats) -> Mode:
    """Mode of the effects by Newton's method with halved steps."""
    design, z = counts.design, start.copy()

    def log_joint(effects: Floats) -> float:
        eta = design @ effects
        fit = counts.cases @ eta - counts.people @ np.logaddexp(0.0, eta)
        return float(fit - 0.5 * effects @ precision @ effects)

    value, is_converged = log_joint(z), False
    for _ in range(_NEWTON_STEPS):
        factor, gradient = _curvature(counts, precision, z)
        step = cho_solve((factor, True), gradient, check_finite=False)
        gain = float(gradient @ step)
        size = 1.0
        while (reached := log_joint(z + size * step)) < value - 1e-9 and size > 1e-6:
            size /= 2
        z, value = z + size * step, reached
        if gain < _NEWTON_TOLERANCE:
            is_converged = True
            break
    factor, _ = _curvature(counts, precision, z)
    return Mode(z, factor, value + half_log_det - float(np.sum(np.log(np.diag(factor)))), is_converged)


def _curvature(counts: Counts, precision: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Lower factor of the negative Hessian, and the gradient, of the log joint density at ``z``."""
    design = counts.design
    share = expit(design @ z)
    weight = counts.people * share * (1 - share)
    hessian = precision + (counts.products @ weight).reshape(precision.shape)
    gradient: Floats = counts.transposed @ (counts.cases - counts.people * share) - precision @ z
    factor, _ = cho_factor(hessian, lower=True, overwrite_a=True, check_finite=False)
    return factor, gradient


def proposal(counts: Counts, prior: Prior, start: Floats) -> tuple[Floats, Floats]:
    """Mode and covariance of the posterior of ``theta``."""
    cost = _cost(counts, prior)
    options = {"eps": 1e-3, "ftol": 1e-6, "maxiter": 50}
    found = minimize(cost, start, method="L-BFGS-B", bounds=[_THETA_RANGE] * len(start), options=options)
    hessian = _hessian(cost, found.x)
    values, vectors = np.linalg.eigh(hessian)
    # A direction of which the counts say nothing is as wide as the prior lets it be, not infinite.
    covariance = (vectors / np.clip(values, 0.05, None)) @ vectors.T
    return found.x, covariance


def integrate(counts: Counts, prior: Prior, mode: Floats, covariance: Floats, *, seed: int) -> Posterior:
    """Posterior by importance sampling of ``theta`` from a normal of ``mode`` and a widened ``covariance``."""
    around = multivariate_normal(mode, covariance * SPREAD**2)
    points = qmc.MultivariateNormalQMC(mode, covariance * SPREAD**2, rng=np.random.default_rng(seed)).random(
        POINTS
    )
    start = _zeros(counts)
    modes, log_weights = [], np.empty(POINTS)
    for place, theta in enumerate(points):
        found = find_mode(counts, *prior.precision(theta), start)
        start = found.effects
        modes.append(found)
        log_weights[place] = found.log_marginal + prior.log_density(theta) - around.logpdf(theta)
    weights = np.exp(log_weights - logsumexp(log_weights))
    return Posterior(points, weights, tuple(modes))


def _cost(counts: Counts, prior: Prior) -> Callable[[Floats], float]:
    """Minus the log posterior of ``theta``; each search starts where the last one ended."""
    last = [_zeros(counts)]

    def cost(theta: Floats) -> float:
        mode = find_mode(counts, *prior.precision(theta), last[0])
        last[0] = mode.effects
        return -(mode.log_marginal + prior.log_density(theta))

    return cost


def _hessian(cost: Callable[[Floats], float], at: Floats) -> Floats:
    """Second differences over steps of a tenth: wide enough for the noise of the inner search."""
    size = len(at)
    unit = _DIFFERENCE * np.eye(size)
    hessian = np.empty((size, size))
    for i in range(size):
        for j in range(i + 1):
            corners = (
                cost(at + unit[i] + unit[j])
                - cost(at + unit[i] - unit[j])
                - cost(at - unit[i] + unit[j])
                + cost(at - unit[i] - unit[j])
            )
            hessian[i, j] = hessian[j, i] = corners / (4 * _DIFFERENCE**2)
    return hessian


def _zeros(counts: Counts) -> Floats:
    return np.zeros(counts.design.shape[1])
