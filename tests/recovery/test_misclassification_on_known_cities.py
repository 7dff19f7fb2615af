"""Cities of known prevalence and a definition of known errors: the corrected interval holds the truth as it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from analytics.misclassification import Sample, accuracies
from analytics.two_part import learn, learn_reclassified, summarise
from tests.unit.test_two_part import CERTAIN, cells

AGES, TRUE = (20, 40, 60), (0.06, 0.20, 0.38)
SENSITIVITY, SPECIFICITY = (0.65, 0.6, 0.6), (0.98, 0.95, 0.93)
DISTRICTS, ASSESSED, EXAMINED, REPLICATIONS = 8, 400, 250, 120
#: Whoever has one raised day is no case: what a definition of two days finds by itself.
PRIORS = replace(CERTAIN, persistence=(1e-3, 1e3))


def drawn(rng: np.random.Generator) -> tuple[pl.DataFrame, dict[int, Sample]]:
    """Assessed people and cases by district and age; and a sample of each age examined again."""
    rows, samples = [], {}
    for age, true, sensitivity, specificity in zip(AGES, TRUE, SENSITIVITY, SPECIFICITY, strict=True):
        for number in range(DISTRICTS):
            ill = rng.binomial(ASSESSED, true)
            found = rng.binomial(ill, sensitivity) + rng.binomial(ASSESSED - ill, 1 - specificity)
            rows.append(
                {
                    "district": f"{760 + number}", "age_from": age, "population": 1000, "residents": 1000,
                    "insured": 1000, "known": 0, "assessed": ASSESSED, "cases": int(found),
                    "indeterminate": int(rng.binomial(ASSESSED - found, 0.1)),
                }
            )  # fmt: skip
        ill = int(rng.binomial(EXAMINED, true))
        right, wrong = int(rng.binomial(ill, sensitivity)), int(rng.binomial(EXAMINED - ill, 1 - specificity))
        samples[age] = Sample(
            ill_cases=right, ill_others=ill - right, well_cases=wrong, well_others=EXAMINED - ill - wrong
        )
    return cells(*rows).sort("quarter", "district", "sex", "age_from"), samples


def test_the_interval_holds_the_truth_and_the_uncorrected_does_not() -> None:
    rng = np.random.default_rng(3160)
    truth, errors, held, plain = float(np.mean(TRUE)), [], 0, 0
    for _ in range(REPLICATIONS):
        frame, samples = drawn(rng)
        accuracy = accuracies(samples)
        assert accuracy is not None
        [row] = summarise(learn_reclassified(frame, PRIORS, accuracy), frame, [], confidence=0.95).to_dicts()
        [raw] = summarise(learn(frame, PRIORS), frame, [], confidence=0.95).to_dicts()
        errors.append(row["value"] - truth)
        held += row["lower"] <= truth <= row["upper"]
        plain += raw["lower"] <= truth <= raw["upper"]
    # In 400 cities 94 % were held; of 120, three standard errors are 6.5 %.
    assert held / REPLICATIONS >= 0.875
    assert plain / REPLICATIONS < 0.2
    assert abs(np.mean(errors)) < 0.012
    assert np.std(errors) < 0.04
