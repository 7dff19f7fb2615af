"""What a definition gets wrong, prevalence without it, and what the examined say of whoever was not assessed."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analytics.misclassification import (
    BORROWED_PEOPLE,
    Accuracy,
    Sample,
    accuracies,
    log_odds_ratio,
    rogan_gladen,
    updated,
)
from analytics.noise import CELL_VARIANCE
from analytics.two_part import DRAWS, Learned, learn, learn_reclassified, summarise
from analytics.validation import learned_selection, samples_of
from tests.unit.test_two_part import CERTAIN, PLAIN, cells

#: R's UCBAdmissions: men admitted and rejected, women admitted and rejected, of six departments.
BERKELEY = (
    (512, 313, 89, 19), (353, 207, 17, 8), (120, 205, 202, 391), (138, 279, 131, 244), (53, 138, 94, 299),
    (22, 351, 24, 317),
)  # fmt: skip
shares = st.floats(0.001, 0.999)
errors = st.floats(0.55, 0.999)


def test_the_worked_example_of_epi_prev() -> None:
    """epiR: epi.prev(pos = 23, tested = 150, se = 0.96, sp = 0.89) gives a true prevalence of 5.1 %."""
    found, is_truncated = rogan_gladen(np.array([23 / 150]), np.array([0.96]), np.array([0.89]))
    assert found[0] == pytest.approx(0.051, abs=5e-4)
    assert not is_truncated.any()


@given(shares, errors, errors)
def test_it_undoes_what_a_test_of_known_errors_does(
    truth: float, sensitivity: float, specificity: float
) -> None:
    observed = truth * sensitivity + (1 - truth) * (1 - specificity)
    found, is_truncated = rogan_gladen(np.array([observed]), np.array([sensitivity]), np.array([specificity]))
    assert found[0] == pytest.approx(truth, abs=1e-6)
    assert not is_truncated.any()


def test_what_lies_beyond_the_edge_is_set_to_it_and_told() -> None:
    found, is_truncated = rogan_gladen(np.array([0.02, 0.95, 0.5]), np.array([0.9]), np.array([0.95]))
    assert found[:2] == pytest.approx([0, 1], abs=1e-5)
    assert is_truncated.tolist() == [True, True, False]


def test_common_odds_ratio_of_berkeley() -> None:
    """R: mantelhaen.test(UCBAdmissions): 0.9046968, 95 % interval 0.7719074 to 1.0603298."""
    value, error = log_odds_ratio(BERKELEY) or (0.0, 0.0)
    assert exp(value) == pytest.approx(0.9046968, abs=1e-7)
    limits = [exp(value + sign * stats.norm.ppf(0.975) * error) for sign in (-1, 1)]
    assert limits == pytest.approx([0.7719074, 1.0603298], abs=1e-7)


def test_empty_margins_have_no_odds_ratio() -> None:
    assert log_odds_ratio([(5, 5, 0, 0), (0, 0, 3, 3)]) is None
    assert log_odds_ratio([]) is None


def test_a_normal_prior_moves_by_what_was_seen() -> None:
    assert updated((0.0, 0.2), (0.4, 0.2)) == pytest.approx((0.2, 0.2 / 2**0.5))
    mean, sd = updated((0.0, 0.25), (1.0, 1e6))
    assert (mean, sd) == pytest.approx((0.0, 0.25), abs=1e-6)


SAMPLES = {
    18: Sample(ill_cases=8, ill_others=2, well_cases=1, well_others=99),
    60: Sample(ill_cases=60, ill_others=40, well_cases=10, well_others=90),
}


def test_an_age_leans_on_the_others_as_far_as_they_are_worth() -> None:
    """At 18: 8 of 10, and 60 of 100 worth five people: Beta(0.5 + 8 + 3, 0.5 + 2 + 2)."""
    found = accuracies(SAMPLES) or {}
    assert found[18].sensitivity == pytest.approx((11.5, 4.5))
    assert found[18].specificity == pytest.approx((0.5 + 99 + 4.5, 0.5 + 1 + 0.5))
    assert found[60].sensitivity == pytest.approx((0.5 + 60 + 4, 0.5 + 40 + 1))
    assert sum(found[60].specificity) == pytest.approx(1 + 100 + BORROWED_PEOPLE)


@pytest.mark.parametrize(
    "sample",
    [
        Sample(ill_cases=4, ill_others=0, well_cases=0, well_others=96),
        Sample(ill_cases=6, ill_others=6, well_cases=2, well_others=15),
        Sample(ill_cases=10, ill_others=40, well_cases=20, well_others=80),
    ],
    ids=("four ill", "29 people", "a coin"),
)
def test_a_sample_that_says_nothing_gives_nothing(sample: Sample) -> None:
    assert accuracies({18: sample}) is None
    assert accuracies({}) is None


def test_draws_tell_the_ill_from_the_well() -> None:
    poor = Accuracy(sensitivity=(6, 6), specificity=(7, 6))
    sensitivity, specificity = poor.draw(np.random.default_rng(1), 500)
    assert len(sensitivity) == len(specificity) == 500
    assert (sensitivity + specificity > 1).all()


def _sure(sensitivity: float, specificity: float) -> Accuracy:
    people = 1e6
    return Accuracy(
        sensitivity=(sensitivity * people, (1 - sensitivity) * people),
        specificity=(specificity * people, (1 - specificity) * people),
    )


def row_of(frame: pl.DataFrame, learned: Learned) -> dict[str, Any]:
    return summarise(learned, frame, [], confidence=0.95).row(0, named=True)


def test_cases_among_the_assessed_are_corrected_and_the_known_are_not() -> None:
    """q = 0.2; Se 0.8, Sp 0.95: pi = 0.15 / 0.75 = 0.2 of the not known: P = 0.1 + 0.9 x 0.2, indeterminate or not."""
    frame = cells(PLAIN)
    row = row_of(frame, learn_reclassified(frame, CERTAIN, {18: _sure(0.8, 0.95)}))
    assert row["value"] == pytest.approx(0.1 + 0.9 * 0.2, abs=0.003)
    assert row["truncated_share"] == 0
    more = replace(CERTAIN, persistence=(1.0, 1e7))
    same = row_of(frame, learn_reclassified(frame, more, {18: _sure(0.8, 0.95)}))
    assert same["value"] == pytest.approx(row["value"], abs=1e-4)


def test_each_age_has_its_own_errors_and_draws() -> None:
    young = {**PLAIN, "age_from": 20, "known": 0, "cases": 1_000}
    old = {**PLAIN, "age_from": 60, "known": 0, "cases": 4_000}
    frame = cells(young, old)
    learned = learn_reclassified(frame, CERTAIN, {18: _sure(0.9, 0.95), 60: _sure(0.8, 0.9)})
    assert learned.shares.shape == (DRAWS, 2)
    assert learned.shares.mean(axis=0) == pytest.approx([0.05 / 0.85, 0.3 / 0.7], abs=0.006)


def test_a_perfect_definition_changes_nothing_and_a_small_sample_widens() -> None:
    frame = cells({**PLAIN, "indeterminate": 0})
    plain = row_of(frame, learn(frame, CERTAIN))
    perfect = row_of(frame, learn_reclassified(frame, CERTAIN, {18: _sure(1 - 1e-6, 1 - 1e-6)}))
    assert perfect["value"] == pytest.approx(plain["value"], abs=0.001)
    small = {18: Accuracy(sensitivity=(40, 10), specificity=(95, 5))}
    wide = row_of(frame, learn_reclassified(frame, CERTAIN, small))
    assert wide["upper"] - wide["lower"] > 3 * (plain["upper"] - plain["lower"])
    assert wide["effective_n"] < plain["effective_n"] / 9


def test_shares_below_the_false_positives_are_told_as_truncated() -> None:
    frame = cells({**PLAIN, "cases": 200, "indeterminate": 0})
    row = row_of(frame, learn_reclassified(frame, CERTAIN, {18: _sure(0.9, 0.95)}))
    assert row["truncated_share"] == 1
    assert row["value"] == pytest.approx(0.1, abs=1e-4)


def test_the_indeterminate_of_a_sample_are_no_cases() -> None:
    rows = [(18, 2, 20, 2), (18, 1, 10, 3), (18, 0, 5, 60)]
    cells = pl.DataFrame(rows, schema=["age_from", "outcome", "ill", "well"], orient="row")
    found = accuracies(samples_of(cells), noise_variance=CELL_VARIANCE)
    assert found is not None
    # Noise of three cells: a sample of 35 with p = 0.57 is worth 0.855 of it, one of 65 with p = 0.04 0.59.
    assert found[18].sensitivity == pytest.approx((0.5 + 0.8547 * 20, 0.5 + 0.8547 * 15), abs=0.01)
    assert found[18].specificity == pytest.approx((0.5 + 0.5900 * 63, 0.5 + 0.5900 * 2), abs=0.01)


#: Twice the odds in both strata; put together they would be far more, for the old are ill and assessed.
STRATA = [(20, 2, 20, 100), (20, 0, 100, 1000), (60, 1, 500, 250), (60, 0, 50, 50)]


@pytest.mark.parametrize("least", [1, 2])
def test_selection_is_the_odds_of_the_assessed_at_the_same_age(least: int) -> None:
    cells = pl.DataFrame(STRATA, schema=["age_from", "channel", "ill", "well"], orient="row")
    value, error = learned_selection(cells, least=least) or (0.0, 0.0)
    assert value == pytest.approx(log(2))
    used = STRATA if least == 1 else STRATA[:2]
    _, sampling = log_odds_ratio([(one[2], one[3], two[2], two[3]) for one, two in batched(used)]) or (
        0.0,
        0.0,
    )
    assert sampling < error < 1.2 * sampling


def batched(rows: list[tuple[int, int, int, int]]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return list(zip(rows[::2], rows[1::2], strict=True))
