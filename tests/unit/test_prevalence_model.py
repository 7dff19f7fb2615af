"""The prevalence model against counts drawn from a known truth, and the gate against counts that do not fit it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, logit

from analytics.modelled import compose
from models.prevalence import BROAD_AGES, DRAWS, Diagnostics, Fit, Layout, fit, scaled_neighbours
from tests.support.counts import AGES, DISTRICTS, PERSISTENCE, RING, counted


def composed(found: Fit, cells: pl.DataFrame) -> np.ndarray:
    effects = found.layout.names.with_columns(pl.Series("draws", found.draws.T.tolist(), pl.List(pl.Float32)))
    return compose(cells, effects, runs=found.runs).among_assessed


@pytest.fixture(scope="module")
def cells() -> pl.DataFrame:
    return counted(60)


@pytest.fixture(scope="module")
def found(cells: pl.DataFrame) -> Fit:
    return fit(cells, RING, persistence=PERSISTENCE)


def test_districts_are_found_with_honest_intervals(found: Fit, cells: pl.DataFrame) -> None:
    """Of 72 cells; the far district is not smoothed away although its neighbours are low."""
    drawn = composed(found, cells)
    lower, middle, upper = np.quantile(drawn, [0.025, 0.5, 0.975], axis=0)
    known = cells["truth"].to_numpy()
    assert np.mean((lower <= known) & (known <= upper)) > 0.9
    far = cells.select(pl.col("district") == "763").to_series().to_numpy()
    assert middle[far].mean() == pytest.approx(known[far].mean(), abs=0.03)
    assert np.abs(middle - known).mean() < 0.6 * np.abs(cells["cases"].to_numpy() / 60 - known).mean()


def test_a_fit_that_fits_may_be_shown_and_repeats(found: Fit, cells: pl.DataFrame) -> None:
    assert found.diagnostics.faults == ()
    assert found.draws.shape == (DRAWS, found.layout.names.height)
    assert (fit(cells, RING, persistence=PERSISTENCE).draws == found.draws).all()


def test_cells_are_composed_as_the_design_says(found: Fit, cells: pl.DataFrame) -> None:
    """Two ways from the draws of effects to a cell: by the matrix the model was fitted with, and by joins."""
    by_matrix = expit(found.draws.astype(float) @ found.layout.design(cells).toarray().T)
    assert composed(found, cells) == pytest.approx(by_matrix, abs=1e-6)


def test_an_age_without_anybody_gets_the_curve_and_a_wider_interval(cells: pl.DataFrame) -> None:
    emptied = cells.with_columns(
        *(
            pl.when(pl.col("age_from") == 70).then(0).otherwise(pl.col(name)).alias(name)
            for name in ("assessed", "cases")
        )
    )
    drawn = composed(fit(emptied, RING, persistence=PERSISTENCE), cells)
    old = cells.select(pl.col("age_from") == 70).to_series().to_numpy()
    full = composed(fit(cells, RING, persistence=PERSISTENCE), cells)
    assert np.median(drawn[:, old]) == pytest.approx(float(cells.filter(old)["truth"].mean() or 0), abs=0.08)
    assert drawn[:, old].std(axis=0).mean() > 1.2 * full[:, old].std(axis=0).mean()


def test_the_share_of_the_indeterminate_is_in_the_draws_and_not_learned() -> None:
    """Twenty indeterminate of sixty: the share of cases moves by a third of the spread of its prior, sd 0.145."""
    cells = counted(60, indeterminate=20)
    cells = cells.with_columns(pl.min_horizontal("cases", 40))
    found = fit(cells, RING, persistence=PERSISTENCE)
    assert found.runs == 5
    by_run = composed(found, cells).mean(axis=1).reshape(5, -1).mean(axis=1)
    assert (np.diff(by_run) > 0).all()
    assert by_run.std() == pytest.approx(0.145 / 3, rel=0.15)


def test_counts_that_scatter_more_than_the_model_allows_are_not_shown() -> None:
    assert "overdispersed" in fit(counted(400, spread=1.0), RING, persistence=PERSISTENCE).diagnostics.faults


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"is_converged": False}, "not_converged"),
        ({"effective_points": 3.0}, "few_effective_points"),
        ({"dispersion": 2.5}, "overdispersed"),
        ({"covered": 0.5}, "predictions_miss"),
    ],
)
def test_every_diagnostic_can_stop_a_fit(change: dict[str, Any], fault: str) -> None:
    good = Diagnostics(is_converged=True, effective_points=20.0, dispersion=1.0, covered=0.95)
    assert good.faults == ()
    assert replace(good, **change).faults == (fault,)


def test_neighbours_are_scaled_to_a_typical_variance_of_one() -> None:
    """Of a ring all variances are equal, so each is 1; neighbours are more alike than others; rows sum to nothing."""
    covariance = scaled_neighbours(DISTRICTS, RING)
    assert np.diag(covariance) == pytest.approx(1.0)
    assert covariance.sum(axis=0) == pytest.approx(0.0, abs=1e-9)
    assert covariance[0, 1] > covariance[0, 2] > covariance[0, 4]


def test_districts_that_do_not_hang_together_are_refused() -> None:
    with pytest.raises(ValueError, match="hang together"):
        scaled_neighbours(("1", "2", "3", "4"), [("1", "2"), ("3", "4")])


def test_each_cell_has_one_curve_one_district_and_one_broad_age() -> None:
    layout = Layout(("760", "761"), AGES)
    cells = pl.DataFrame(
        {"district": ["761"], "sex": ["female"], "age_from": [50]}, schema_overrides={"age_from": pl.Int16}
    )
    used = layout.names.filter(pl.Series(layout.design(cells).toarray()[0] > 0)).rows()
    broad = max(age for age in BROAD_AGES if age <= 50)
    assert used == [
        ("curve", None, "female", 50),
        ("district", "761", None, None),
        ("cell", "761", "female", broad),
    ]


def test_who_goes_to_a_clinic_may_differ_and_prevalence_is_predicted_at_an_examination() -> None:
    """Two channels of every cell, the clinic's cases more by 0.6 on the logit."""
    generator = np.random.default_rng(11)
    examined = counted(60).with_columns(pl.lit(False).alias("is_clinic"))
    share = expit(logit(examined["truth"].to_numpy()) + 0.6)
    at_clinic = examined.with_columns(
        pl.lit(True).alias("is_clinic"), pl.lit(120, pl.Int64).alias("assessed"),
        pl.Series("cases", generator.binomial(120, share).astype(np.int64)),
    )  # fmt: skip
    found = fit(pl.concat([examined, at_clinic]), RING, persistence=PERSISTENCE)
    effects = found.layout.names.with_columns(pl.Series("draws", found.draws.T.tolist(), pl.List(pl.Float32)))
    effect = np.array(effects.filter(pl.col("effect") == "clinic")["draws"].to_list()[0])
    assert effect.mean() == pytest.approx(0.6, abs=3 * effect.std())
    assert effect.std() < 0.1
    modelled = compose(examined.with_columns(pl.lit(2 / 3).alias("clinic_share")), effects, runs=found.runs)
    known = examined["truth"].to_numpy()
    assert np.abs(np.median(modelled.examined, axis=0) - known).mean() < 0.03
    mixed = (known + 2 * share) / 3
    assert np.abs(np.median(modelled.among_assessed, axis=0) - mixed).mean() < 0.03
    assert found.diagnostics.faults == ()
    merged = (
        pl.concat([examined, at_clinic])
        .group_by("district", "sex", "age_from")
        .agg(pl.col("assessed", "cases", "indeterminate").sum())
        .sort("district", "sex", "age_from")
    )
    blind = composed(fit(merged, RING, persistence=PERSISTENCE), examined)
    assert np.median(blind, axis=0).mean() - known.mean() > 0.05, (
        "the test would not see the channel left out"
    )
