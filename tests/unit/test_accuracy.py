"""What a validation study tells of a definition, and what it keeps to itself."""

from __future__ import annotations

import pytest

from analytics.accuracy import judged
from analytics.misclassification import LEAST_YOUDEN, Sample, accuracies
from tests.unit.test_misclassification import SAMPLES


def test_four_shares_of_one_sample() -> None:
    """Altman & Bland, BMJ 1994;308:1552 and 309:102: 231 of 258 ill and 54 of 86 well are told right."""
    found = judged(Sample(ill_cases=231, ill_others=27, well_cases=32, well_others=54))
    assert (found["people"], found["ill"], found["state"]) == (344, 258, "shown")
    assert found["sensitivity"] == pytest.approx(0.90, abs=0.005)
    assert found["specificity"] == pytest.approx(0.63, abs=0.005)
    assert found["positive_predictive_value"] == pytest.approx(0.88, abs=0.005)
    assert found["negative_predictive_value"] == pytest.approx(0.67, abs=0.005)
    assert found["sensitivity_lower"] < found["sensitivity"] < found["sensitivity_upper"]


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (Sample(ill_cases=9, ill_others=5, well_cases=5, well_others=10), "small_denominator"),
        (Sample(ill_cases=20, ill_others=4, well_cases=5, well_others=60), "small_count"),
    ],
)
def test_small_samples_are_withheld_whole(sample: Sample, reason: str) -> None:
    assert judged(sample) == {"state": "suppressed", "reason": reason}


def test_a_group_nobody_is_in_is_no_small_count() -> None:
    found = judged(Sample(ill_cases=20, ill_others=0, well_cases=0, well_others=60))
    assert (found["sensitivity"], found["specificity"]) == (1, 1)


def test_an_age_at_which_a_definition_is_a_coin_is_not_corrected() -> None:
    coin = Sample(ill_cases=100, ill_others=900, well_cases=300, well_others=700)
    assert accuracies(SAMPLES) is not None
    assert accuracies({**SAMPLES, 40: coin}) is None
    assert min(item.youden for item in (accuracies(SAMPLES) or {}).values()) > LEAST_YOUDEN
