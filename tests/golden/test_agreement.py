"""Measures of agreement against published tables and scikit-learn, whose formulas are not ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from analytics.agreement import measures_of

counts = st.integers(0, 40)


def test_the_two_tables_of_the_first_paradox() -> None:
    """Feinstein & Cicchetti, J Clin Epidemiol 1990;43:543-549: the same observed agreement, kappa 0.70 and 0.32.

    In R: ``psych::cohen.kappa(matrix(c(40, 6, 9, 45), 2))`` and ``psych::cohen.kappa(matrix(c(80, 5, 10, 5), 2))``.
    """
    even, skewed = measures_of(40, 9, 6, 45), measures_of(80, 10, 5, 5)
    assert even["observed"] == skewed["observed"] == pytest.approx(0.85)
    assert even["kappa"] == pytest.approx(0.70, abs=5e-3)
    assert skewed["kappa"] == pytest.approx(0.32, abs=5e-3)
    assert (even["positive"], even["negative"]) == (pytest.approx(80 / 95), pytest.approx(90 / 105))
    assert (skewed["positive"], skewed["negative"]) == (pytest.approx(160 / 175), pytest.approx(10 / 25))


@given(counts, counts, counts, counts)
def test_kappa_and_positive_agreement_are_those_of_scikit_learn(a: int, b: int, c: int, d: int) -> None:
    first, other = [1] * (a + b) + [0] * (c + d), [1] * a + [0] * b + [1] * c + [0] * d
    found = measures_of(a, b, c, d)
    if found["kappa"] is not None:
        assert found["kappa"] == pytest.approx(cohen_kappa_score(first, other))
    if found["positive"] is not None:
        assert found["positive"] == pytest.approx(f1_score(first, other, zero_division=0))
    if found["negative"] is not None:
        swapped = measures_of(d, c, b, a)
        assert found["negative"] == swapped["positive"]
