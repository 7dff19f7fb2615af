"""Prevalence among the assessed whose disease is not known: one quarter, all districts, both sexes, all ages.

    U_j ~ Binomial(A_j, pi_j)
    logit pi_j = f_sex(age) + b_district + e_(district, sex, broad age) + c [assessed at a clinic]

Only this part of the two-part estimator is modelled (design/statistics): modelling all record holders would smooth
their selection, not correct it. What the parts mean, and their priors:

- ``f``: a cubic smoothing spline of age for each sex: a line with wide normal priors plus ``sigma_age`` times an
  integrated Wiener process over decades of age (Wahba 1978, J R Stat Soc B 40:364-372).
- ``b``: districts, BYM2: ``sigma_district * (sqrt(1 - phi) v + sqrt(phi) u)``, ``v`` independent, ``u`` the intrinsic
  autoregression over neighbours scaled to a typical variance of 1 (Riebler et al. 2016, Stat Methods Med Res
  25:1145-1165; scaling by Sørbye and Rue 2014, Spat Stat 8:39-51).
- ``e``: how a district differs from the city in one sex and broad age, independent normal with ``sigma_cell``.
- ``c``: how people assessed at a clinic differ from the examined, normal with standard deviation 0.5: who goes to a
  clinic often has a reason. Prevalence is predicted at an examination (:mod:`analytics.two_part`).
- Standard deviations: exponential priors with P(sigma > 1) = 0.01 for districts and age, P(sigma > 0.5) = 0.01 for
  cells (penalised complexity, Simpson et al. 2017, Stat Sci 32:1-28); ``phi`` uniform.

Quarters are not tied by a random walk: their 24-month look-backs share seven eighths of the people, so a likelihood of
all quarters would count each person eight times, and would carry the selection of early quarters into late ones. Each
quarter is fitted on its own look-back.

The share of the indeterminate who have the disease is not learned from these counts (:class:`Priors` of
:mod:`analytics.two_part`): a fifth of the draws is fitted at each of five equally probable values of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.sparse import csr_array
from scipy.special import expit
from scipy.stats import beta

from models.laplace import Counts, Posterior, integrate, proposal

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DRAWS = 500
SEED = 3160
#: Lower edges of the broad ages of ``e``.
BROAD_AGES = (0, 30, 45, 60)
SEXES = ("male", "female")
THETA = ("sigma_district", "phi", "sigma_age", "sigma_cell")
#: Rates of the exponential priors: P(sigma > 1) = 0.01, and P(sigma > 0.5) = 0.01 for cells.
_RATES = {"sigma_district": 4.6, "sigma_age": 4.6, "sigma_cell": 9.2}
_LINE = (
    3.0,
    1.0,
)  # standard deviations of the level at the first age and of the slope per decade, on the logit
_START = np.array([np.log(0.2), 0.0, np.log(0.2), np.log(0.1)])
_PERSISTENCE_POINTS = 5
#: Standard deviation of ``c``.
_CLINIC = 0.5


@dataclass(frozen=True)
class Layout:
    """Which effect stands in which column: curves of both sexes, then districts, then cells, then the clinic's."""

    districts: tuple[str, ...]
    ages: tuple[int, ...]
    has_clinic: bool = False

    @property
    def names(self) -> pl.DataFrame:
        """``effect, district, sex, age_from`` of each column; null where it does not depend on it."""
        rows: list[tuple[str, str | None, str | None, int | None]] = [
            ("curve", None, sex, age) for sex in SEXES for age in self.ages
        ]
        rows += [("district", code, None, None) for code in self.districts]
        rows += [("cell", code, sex, age) for code in self.districts for sex in SEXES for age in BROAD_AGES]
        rows += [("clinic", None, None, None)] * self.has_clinic
        schema = {"effect": pl.String, "district": pl.String, "sex": pl.String, "age_from": pl.Int16}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def design(self, cells: pl.DataFrame) -> csr_array:
        """Ones in the columns of each row of ``cells`` (district, sex, age_from, is_clinic): curve, district and cell,
        and the clinic's where it has one.
        """
        district = np.array([self.districts.index(code) for code in cells["district"]])
        sex = np.array([SEXES.index(name) for name in cells["sex"]])
        age = np.array([self.ages.index(first) for first in cells["age_from"]])
        broad = np.searchsorted(BROAD_AGES, cells["age_from"].to_numpy(), side="right") - 1
        curves, places = len(SEXES) * len(self.ages), len(self.districts)
        columns = [
            sex * len(self.ages) + age,
            curves + district,
            curves + places + (district * len(SEXES) + sex) * len(BROAD_AGES) + broad,
        ]
        width = curves + places + places * len(SEXES) * len(BROAD_AGES)
        values = [np.ones(cells.height)] * len(columns)
        if self.has_clinic:
            # A zero is an entry too: the fit needs as many entries in every row.
            columns.append(np.full(cells.height, width))
            values.append(cells["is_clinic"].to_numpy().astype(np.float64))
        rows = np.repeat(np.arange(cells.height), len(columns))
        entries = np.column_stack(values).ravel(), (rows, np.column_stack(columns).ravel())
        return csr_array(entries, shape=(cells.height, width + self.has_clinic))


@dataclass(frozen=True)
class PrevalencePrior:
    """The prior of :mod:`models.laplace` for one layout; see the head of this module."""

    wiener: Floats
    line: Floats
    neighbours: Floats
    cells: int
    has_clinic: bool

    def precision(self, theta: Floats) -> tuple[Floats, float]:
        """Precision of curves, districts, cells and the clinic's effect at ``theta``, and half its log determinant."""
        sigma_district, phi, sigma_age, sigma_cell = _natural(theta)
        curve = self.line + sigma_age**2 * self.wiener + 1e-6 * np.eye(len(self.line))
        mixed = (1 - phi) * np.eye(len(self.neighbours)) + phi * self.neighbours
        district = sigma_district**2 * mixed + 1e-9 * np.eye(len(mixed))
        (q_curve, d_curve), (q_district, d_district) = _inverse(curve), _inverse(district)
        clinic = np.eye(int(self.has_clinic)) / _CLINIC**2
        precision = block_diag(q_curve, q_curve, q_district, np.eye(self.cells) / sigma_cell**2, clinic)
        return precision, 2 * d_curve + d_district - self.cells * float(np.log(sigma_cell))

    def log_density(self, theta: Floats) -> float:
        """Of ``theta`` = (log sigma_district, logit phi, log sigma_age, log sigma_cell), with its Jacobian."""
        sigma_district, phi, sigma_age, sigma_cell = _natural(theta)
        sigmas = dict(zip(_RATES, (sigma_district, sigma_age, sigma_cell), strict=True))
        exponential = sum(np.log(sigma) - _RATES[name] * sigma for name, sigma in sigmas.items())
        return float(exponential + np.log(phi) + np.log1p(-phi))


@dataclass(frozen=True)
class Diagnostics:
    """Whether a fit may be shown.

    ``effective_points``: of the points of theta, at the worst value of persistence. ``dispersion``: Pearson's chi
    square over the number of cells; 1 when they scatter as binomial counts do. ``covered``: share of the sums of
    district x sex inside their 95 % predictive interval.
    """

    is_converged: bool
    effective_points: float
    dispersion: float
    covered: float

    @property
    def faults(self) -> tuple[str, ...]:
        """Why it may not be shown; empty when it may."""
        found = {
            "not_converged": not self.is_converged,
            "few_effective_points": self.effective_points < 8,
            "overdispersed": self.dispersion > 2.0,
            "predictions_miss": self.covered < 0.85,
        }
        return tuple(name for name, is_wrong in found.items() if is_wrong)


@dataclass(frozen=True)
class Fit:
    """``draws``: ``DRAWS x effects`` of the columns of ``layout``; ``theta``: posterior mean of each of THETA.

    ``runs``: equal runs of draws, one for each share of the indeterminate.
    """

    layout: Layout
    draws: NDArray[np.float32]
    runs: int
    theta: dict[str, float]
    diagnostics: Diagnostics


def fit(
    cells: pl.DataFrame,
    neighbours: Sequence[tuple[str, str]],
    *,
    persistence: tuple[float, float],
    seed: int = SEED,
) -> Fit:
    """Fit one quarter.

    ``cells``: district, sex, age_from, is_clinic, assessed, cases, indeterminate; without ``is_clinic``, or where
    nobody was assessed at one, there is one channel. ``neighbours``: pairs of districts;
    ``persistence``: Beta parameters of the share of the indeterminate who have the disease.
    """
    districts = tuple(sorted({code for pair in neighbours for code in pair} | set(cells["district"])))
    observed = cells.filter(pl.col("assessed") > 0)
    has_clinic = "is_clinic" in cells.columns and bool(observed["is_clinic"].any())
    layout = Layout(districts, tuple(cells["age_from"].unique().sort().to_list()), has_clinic)
    prior = _prior(layout, neighbours)
    indeterminate = observed["indeterminate"].to_numpy()
    shares = _persistence(persistence) if indeterminate.any() else np.array([0.5])
    posteriors, every = _posteriors(observed, layout, prior, shares, seed)
    generator = np.random.default_rng(seed)
    draws = np.vstack([posterior.draw(DRAWS // len(shares), generator) for posterior in posteriors])
    theta = np.mean(
        [item.weights @ np.array([_natural(point) for point in item.points]) for item in posteriors], axis=0
    )
    return Fit(
        layout=layout,
        draws=draws.astype(np.float32),
        runs=len(shares),
        theta=dict(zip(THETA, theta.tolist(), strict=True)),
        diagnostics=_diagnose(posteriors, observed, every, draws, generator),
    )


def _posteriors(
    observed: pl.DataFrame, layout: Layout, prior: PrevalencePrior, shares: Floats, seed: int
) -> tuple[list[Posterior], list[Counts]]:
    """One posterior for each share of the indeterminate; the search for the mode of theta is made once."""
    design = layout.design(observed)
    people, cases = (observed[name].to_numpy().astype(np.float64) for name in ("assessed", "cases"))
    indeterminate = observed["indeterminate"].to_numpy().astype(np.float64)
    every = [Counts(design, cases + share * indeterminate, people) for share in shares]
    mode, covariance = proposal(every[len(every) // 2], prior, _START)
    return [integrate(counts, prior, mode, covariance, seed=seed) for counts in every], every


def _diagnose(
    posteriors: Sequence[Posterior],
    observed: pl.DataFrame,
    every: Sequence[Counts],
    draws: Floats,
    generator: np.random.Generator,
) -> Diagnostics:
    counts = every[len(every) // 2]
    part = len(draws) // len(every)
    middle = draws[part * (len(every) // 2) :][:part]
    share = np.clip(expit(middle @ counts.design.T), 1e-9, 1 - 1e-9)
    mean = share.mean(axis=0)
    pearson = (counts.cases - counts.people * mean) ** 2 / (counts.people * mean * (1 - mean))
    predicted = generator.binomial(counts.people.astype(np.int64), share)
    group = observed.select(pl.struct("district", "sex").rank("dense")).to_series().to_numpy() - 1
    sums = np.stack([np.bincount(group, row) for row in predicted])
    lower, upper = np.quantile(sums, [0.025, 0.975], axis=0)
    seen = np.bincount(group, counts.cases)
    return Diagnostics(
        is_converged=all(posterior.is_converged for posterior in posteriors),
        effective_points=min(posterior.effective_points for posterior in posteriors),
        dispersion=float(pearson.mean()),
        covered=float(np.mean((seen >= lower - 0.5) & (seen <= upper + 0.5))),
    )


def _persistence(parameters: tuple[float, float]) -> Floats:
    """Medians of five equally probable parts of a Beta distribution."""
    middle = (np.arange(_PERSISTENCE_POINTS) + 0.5) / _PERSISTENCE_POINTS
    return np.asarray(beta.ppf(middle, *parameters))


def _natural(theta: Floats) -> tuple[float, float, float, float]:
    sigma_district, sigma_age, sigma_cell = np.exp(theta[[0, 2, 3]])
    return float(sigma_district), float(expit(theta[1])), float(sigma_age), float(sigma_cell)


def _prior(layout: Layout, neighbours: Sequence[tuple[str, str]]) -> PrevalencePrior:
    t = (np.array(layout.ages, dtype=np.float64) - layout.ages[0]) / 10.0
    low, high = np.minimum.outer(t, t), np.maximum.outer(t, t)
    level, slope = _LINE
    return PrevalencePrior(
        wiener=low**2 * (3 * high - low) / 6,
        line=level**2 + slope**2 * np.outer(t, t),
        neighbours=scaled_neighbours(layout.districts, neighbours),
        cells=len(layout.districts) * len(SEXES) * len(BROAD_AGES),
        has_clinic=layout.has_clinic,
    )


def scaled_neighbours(districts: Sequence[str], neighbours: Sequence[tuple[str, str]]) -> Floats:
    """Covariance of the intrinsic autoregression, its variances scaled to a geometric mean of 1.

    Raises ValueError when the districts do not hang together: each part would need a scaling of its own.
    """
    place = {code: number for number, code in enumerate(districts)}
    laplacian = np.zeros((len(districts), len(districts)))
    for one, other in neighbours:
        i, j = place[one], place[other]
        laplacian[[i, j], [j, i]] -= 1
        laplacian[[i, j], [i, j]] += 1
    values, _ = np.linalg.eigh(laplacian)
    if len(districts) > 1 and values[1] < 1e-9:
        raise ValueError("the districts do not hang together by their neighbours")
    covariance = np.linalg.pinv(laplacian, hermitian=True)
    return np.asarray(covariance / np.exp(np.mean(np.log(np.diag(covariance)))))


def _inverse(covariance: Floats) -> tuple[Floats, float]:
    """Precision, and half its log determinant."""
    factor = np.linalg.cholesky(covariance)
    root = np.linalg.inv(factor)
    return root.T @ root, -float(np.sum(np.log(np.diag(factor))))
