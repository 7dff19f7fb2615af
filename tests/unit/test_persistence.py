"""The share of the indeterminate who have the disease: the prior, and what repeats add to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.persistence import updated
from analytics.two_part import PRIORS

PRIOR = PRIORS.persistence


def test_repeats_move_the_mean_as_a_conjugate_update_does() -> None:
    alpha, beta = updated(PRIOR, 50, 30)
    assert alpha / (alpha + beta) == pytest.approx((PRIOR[0] + 30) / (sum(PRIOR) + 50))


@pytest.mark.parametrize(("people", "again"), [(29, 20), (40, 4), (40, 36), (0, 0)])
def test_counts_that_may_not_be_shown_teach_nothing(people: int, again: int) -> None:
    assert updated(PRIOR, people, again) == PRIOR


@given(st.integers(30, 10**6), st.floats(0.2, 0.8))
def test_no_number_of_repeats_makes_it_surer(people: int, share: float) -> None:
    again = round(share * people)
    found = updated(PRIOR, people, again)
    assert sum(found) == pytest.approx(sum(PRIOR))
    low, high = sorted((PRIOR[0] / sum(PRIOR), again / people))
    assert low - 1e-9 <= found[0] / sum(found) <= high + 1e-9
