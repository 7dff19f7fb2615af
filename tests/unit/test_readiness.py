"""How far a number may be relied on: every reason by a row that has it and nothing else wrong."""

from __future__ import annotations

from typing import Any

import pytest

from analytics.readiness import Level, readiness

GOOD: dict[str, Any] = {
    "estimator": "modelled", "state": "shown", "value": 0.26, "lower": 0.23, "upper": 0.29, "effective_n": 4000.0,
    "assessed_share": 0.6, "truncated_share": None,
}  # fmt: skip
AGREES = ("equivalent", "equivalent")


def judge(
    before: dict[str, Any] | None = GOOD, surveys: tuple[str | None, ...] = AGREES, **changed: Any
) -> tuple[str, tuple[str, ...]]:
    found = readiness({**GOOD, **changed}, before, surveys=surveys)
    return found.level.value, found.reasons


def test_a_sound_number_is_ready_without_reasons() -> None:
    assert judge() == ("ready", ())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"estimator": "crude"}, "not_of_residents"),
        ({"estimator": "standardised"}, "not_of_residents"),
        ({"state": "not_defined", "value": None, "lower": None, "upper": None}, "no_number"),
        ({"effective_n": 29.0}, "small_sample"),
        ({"lower": 0.10, "upper": 0.40}, "wide_interval"),
        ({"value": 0.05, "lower": 0.02, "upper": 0.09}, "wide_interval"),
        ({"surveys": ("equivalent", "not_shown", "different")}, "survey_differs"),
    ],
)
def test_what_must_not_be_used_as_a_prevalence(changed: dict[str, Any], reason: str) -> None:
    assert judge(**changed) == (Level.NOT_READY, (reason,))


def test_a_narrow_interval_is_presented_though_it_is_wide_for_its_value() -> None:
    """NCHS: up to five points wide, whatever the value."""
    assert judge({**GOOD, "value": 0.02}, value=0.02, lower=0.005, upper=0.045)[0] == "ready"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"assessed_share": 0.49}, "half_not_assessed"),
        ({"surveys": ()}, "no_survey"),
        ({"surveys": (None, None)}, "survey_not_comparable"),
        ({"surveys": ("equivalent", "not_shown", None)}, "survey_not_shown"),
        ({"truncated_share": 0.11}, "often_truncated"),
        ({"before": {**GOOD, "value": 0.30}}, "drift"),
        ({"before": None}, "drift_unknown"),
        ({"before": {**GOOD, "state": "not_defined", "value": None}}, "drift_unknown"),
    ],
)
def test_what_asks_for_caution(words: dict[str, Any], reason: str) -> None:
    assert judge(**words) == (Level.CAUTION, (reason,))


def test_a_rung_farther_from_the_truth_than_a_simpler_one_is_labelled_so() -> None:
    found = readiness(GOOD, GOOD, truth=0.20, simpler=[0.36, 0.22], surveys=AGREES)
    assert (found.level, found.reasons) == (Level.CAUTION, ("worse_than_simpler",))
    assert readiness(GOOD, GOOD, truth=0.25, simpler=[0.36, 0.22], surveys=AGREES).level is Level.READY


def test_one_result_that_cannot_be_compared_beside_one_that_agrees_is_no_reason() -> None:
    assert judge(surveys=("equivalent", None)) == ("ready", ())


def test_known_disease_is_no_prevalence_however_sure_the_number_is() -> None:
    found = readiness(GOOD, GOOD, of_insured=True)
    assert (found.level, found.reasons) == (Level.NOT_READY, ("known_only",))
