"""The nested Laplace approximation against integrals that can be done by numerical quadrature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.sparse import csr_array
from scipy.special import expit
from scipy.stats import binom, norm

from models.laplace import Counts, find_mode, integrate, proposal

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OneScale:
    """Effects are N(0, exp(theta)^2); theta ~ N(-1, 0.5^2)."""

    effects: int

    def precision(self, theta: Floats) -> tuple[Floats, float]:
        tau = np.exp(-2 * theta[0])
        return tau * np.eye(self.effects), 0.5 * self.effects * float(np.log(tau))

    def log_density(self, theta: Floats) -> float:
        return float(norm.logpdf(theta[0], -1.0, 0.5))


def groups(cases: list[float], people: list[float]) -> Counts:
    return Counts(csr_array(np.eye(len(cases))), np.array(cases), np.array(people))


def test_mode_and_evidence_of_one_effect_are_those_of_quadrature() -> None:
    """Evidence up to the binomial coefficient, which the approximation leaves out."""
    counts = groups([12.0], [60.0])
    mode = find_mode(counts, np.array([[4.0]]), 0.5 * np.log(4.0), np.zeros(1))

    def joint(z: float) -> float:
        return float(binom.pmf(12, 60, expit(z)) / binom.pmf(12, 60, 0.2) * norm.pdf(z, 0.0, 0.5))

    evidence = quad(joint, -6, 6)[0] * 0.2**12 * 0.8**48
    assert mode.is_converged
    assert joint(mode.effects[0]) >= max(joint(mode.effects[0] + step) for step in (-0.01, 0.01))
    assert mode.log_marginal == pytest.approx(np.log(evidence), abs=0.01)


def test_a_shared_scale_is_integrated_as_by_quadrature() -> None:
    """Posterior mean and standard deviation of the first of six groups, theta integrated on a fine grid.

    At 2 of 30 the skewness that a normal does not have moves the mean by an eighth of a standard deviation.
    """
    cases, people = [12.0, 54.0, 30.0, 84.0, 42.0, 18.0], [180.0] * 6
    counts, prior = groups(cases, people), OneScale(6)
    posterior = integrate(counts, prior, *proposal(counts, prior, np.array([-1.0])), seed=1)
    drawn = posterior.draw(20_000, np.random.default_rng(1))[:, 0]

    z = np.linspace(-6, 4, 4001)
    grid = np.linspace(-3, 1, 81)
    weights, moments = [], []
    for theta in grid:
        mass = [
            binom.pmf(y, n, expit(z)) * norm.pdf(z, 0, np.exp(theta))
            for y, n in zip(cases, people, strict=True)
        ]
        weights.append(np.prod([one.sum() for one in mass]) * norm.pdf(theta, -1, 0.5))
        moments.append([(mass[0] * z**power).sum() / mass[0].sum() for power in (1, 2)])
    mean, square = np.average(moments, axis=0, weights=weights)
    assert drawn.mean() == pytest.approx(mean, abs=0.03)
    assert drawn.std() == pytest.approx((square - mean**2) ** 0.5, rel=0.05)
    assert posterior.weights.sum() == pytest.approx(1.0)
    assert posterior.effective_points > 10


def test_products_are_the_weighted_squares_of_the_design() -> None:
    design = csr_array(np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0], [1.0, 1.0, 0.0]]))
    counts = Counts(design, np.ones(3), np.ones(3))
    weight = np.array([0.5, 2.0, 3.0])
    dense = design.toarray()
    assert (counts.products @ weight).reshape(3, 3) == pytest.approx(dense.T @ np.diag(weight) @ dense)
