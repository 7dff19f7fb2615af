"""The nested Laplace fit against the same model sampled by nutpie (No-U-Turn), on one data set."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from models.prevalence import BROAD_AGES, SEXES, fit, scaled_neighbours
from tests.support.counts import AGES, DISTRICTS, PERSISTENCE, RING, counted

pytestmark = pytest.mark.slow
DRAWS, CHAINS = 1000, 2


@pytest.fixture(scope="module")
def sampled() -> dict[str, np.ndarray]:
    """Posterior draws of every cell's prevalence, the priors written a second time from the head of the model."""
    nutpie = pytest.importorskip("nutpie")
    pm = pytest.importorskip("pymc")
    pt = pytest.importorskip("pytensor.tensor")
    cells = counted(60)
    t = (np.array(AGES, dtype=float) - AGES[0]) / 10
    low, high = np.minimum.outer(t, t), np.maximum.outer(t, t)
    wiener = np.linalg.cholesky(low**2 * (3 * high - low) / 6 + 1e-9 * np.eye(len(t)))
    values, vectors = np.linalg.eigh(scaled_neighbours(DISTRICTS, RING))
    root = vectors * np.sqrt(np.clip(values, 0, None))
    place = np.array([DISTRICTS.index(code) for code in cells["district"]])
    sex = np.array([SEXES.index(name) for name in cells["sex"]])
    age = np.array([AGES.index(first) for first in cells["age_from"]])
    broad = np.searchsorted(BROAD_AGES, cells["age_from"].to_numpy(), side="right") - 1
    with pm.Model() as model:
        sigma_district, sigma_age = pm.Exponential("sd_d", 4.6), pm.Exponential("sd_a", 4.6)
        sigma_cell, phi = pm.Exponential("sd_c", 9.2), pm.Uniform("phi", 0, 1)
        level, slope = pm.Normal("level", 0, 3, shape=2), pm.Normal("slope", 0, 1, shape=2)
        bend = pm.Normal("bend", shape=(2, len(t)))
        curve = level[:, None] + slope[:, None] * t + sigma_age * pt.dot(bend, wiener.T)
        own, shared = pm.Normal("own", shape=len(DISTRICTS)), pm.Normal("shared", shape=len(DISTRICTS))
        district = sigma_district * (pt.sqrt(1 - phi) * own + pt.sqrt(phi) * pt.dot(root, shared))
        cell = sigma_cell * pm.Normal("cell", shape=(len(DISTRICTS), 2, len(BROAD_AGES)))
        share = pm.Deterministic(
            "share", pm.math.sigmoid(curve[sex, age] + district[place] + cell[place, sex, broad])
        )
        pm.Binomial("cases", n=cells["assessed"].to_numpy(), p=share, observed=cells["cases"].to_numpy())
    trace = nutpie.sample(
        nutpie.compile_pymc_model(model), draws=DRAWS, tune=1200, chains=CHAINS, seed=1, progress_bar=False,
        target_accept=0.99,
    )  # fmt: skip
    assert int(trace.sample_stats.diverging.sum()) < 0.01 * DRAWS * CHAINS
    posterior = trace.posterior
    return {
        "share": posterior["share"].to_numpy().reshape(-1, cells.height),
        "sigma_district": posterior["sd_d"].to_numpy().ravel(),
        "sigma_age": posterior["sd_a"].to_numpy().ravel(),
    }


@pytest.mark.filterwarnings("ignore")
def test_districts_agree_within_monte_carlo_error(sampled: dict[str, np.ndarray]) -> None:
    """Means of the eight districts and their 95 % limits; the error of a mean of 500 draws is sd / sqrt(500)."""
    cells = counted(60)
    found = fit(cells, RING, persistence=PERSISTENCE)
    ours = expit(found.draws.astype(float) @ found.layout.design(cells).toarray().T)
    for code in DISTRICTS:
        mine = (cells["district"] == code).to_numpy()
        one, other = ours[:, mine].mean(axis=1), sampled["share"][:, mine].mean(axis=1)
        error = other.std() / np.sqrt(len(one))
        assert abs(one.mean() - other.mean()) < 4 * error + 0.001
        assert one.std() == pytest.approx(other.std(), rel=0.15)
        limits = np.quantile(one, [0.025, 0.975]) - np.quantile(other, [0.025, 0.975])
        # A 2.5 % quantile of 500 draws has an error of an eighth of a standard deviation.
        assert np.abs(limits).max() < 4 * other.std() / 8


@pytest.mark.filterwarnings("ignore")
def test_spreads_agree(sampled: dict[str, np.ndarray]) -> None:
    found = fit(counted(60), RING, persistence=PERSISTENCE)
    for name in ("sigma_district", "sigma_age"):
        assert found.theta[name] == pytest.approx(sampled[name].mean(), rel=0.2)
