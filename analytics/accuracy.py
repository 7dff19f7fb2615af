"""What the definitions of a condition get wrong, told as a validation study tells it.

Of people drawn at random and examined again who are insured, not known from claims and assessed: what the correction
for misclassification uses (:mod:`analytics.validation`). The indeterminate are no cases. Predictive values are those
of the sample, whose share of the ill is not the city's.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from analytics.catalogue import Quarter, Variant, catalogue
from analytics.disclosure import State, withheld
from analytics.generation import Generation
from analytics.misclassification import NOBODY, Sample
from analytics.multimorbidity import age_band
from analytics.question import choose
from analytics.rates import wilson
from analytics.report import Report, build_of, need, quarter_of
from analytics.validation import MART, examined

ALL = "all"
#: Share, and the parts of a sample it is of: numerator, the others.
MEASURES = {
    "sensitivity": ("ill_cases", "ill_others"),
    "specificity": ("well_others", "well_cases"),
    "positive_predictive_value": ("ill_cases", "well_cases"),
    "negative_predictive_value": ("well_others", "ill_others"),
}
_SHARES = tuple(f"{name}{part}" for name in MEASURES for part in ("", "_lower", "_upper"))
_SCHEMA = {
    **dict.fromkeys(("definition", "age_band"), pl.String),
    **dict.fromkeys(("people", "ill"), pl.Int64),
    **dict.fromkeys(_SHARES, pl.Float64),
    **dict.fromkeys(("state", "reason"), pl.String),
}


def accuracy(generation: Generation, *, condition: str, period: str | None = None) -> Report:
    """Sensitivity, specificity and predictive values of every definition of a condition that people were examined for.

    Rows: definition, age_band (``all`` first), people, ill, each of :data:`MEASURES` with 95 % limits (Wilson), state,
    reason. A row is withheld under 30 people, or where one of the four groups has fewer than five; with one age all
    ages are. Raises UserError for an unknown condition or quarter.
    """
    need(generation, MART)
    frozen = generation.frozen
    known, quarter = catalogue(frozen), quarter_of(frozen, period)
    choose(condition, known.conditions, field="condition")
    framed = [item for item in known.variants_of(condition) if item.measure_id in known.framed]
    rows = [row for variant in framed for row in _rows(frozen, variant, quarter)]
    return Report(
        title=f"What definitions of {condition} get wrong, examined up to {quarter.name}",
        rows=pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        about={"condition": condition, "quarter": quarter.name, "build": build_of(generation)},
        notes=(
            "of people examined again: insured, not known from claims, assessed; indeterminate is no case",
            "limits of 95 %; predictive values are those of the sample",
        ),
        shares=_SHARES,
        only_in_files=tuple(name for name in _SHARES if "predictive" in name),
    )


def _rows(generation: Generation, variant: Variant, quarter: Quarter) -> list[dict[str, Any]]:
    samples = examined(generation, variant, quarter)
    if not samples:
        return []
    bands = age_band(pl.Series(list(samples), dtype=pl.Int16)).to_list()
    ages = [judged(one) for one in samples.values()]
    hidden = next((one for one in ages if one["state"] != State.SHOWN.value), None)
    # One hidden age would be what the others leave of the whole.
    ages = [hidden or one for one in ages]
    whole = judged(sum(samples.values(), NOBODY))
    named = [(ALL, whole), *zip(bands, ages, strict=True)]
    return [{"definition": variant.variant, "age_band": band, **found} for band, found in named]


def judged(sample: Sample) -> dict[str, Any]:
    """People, ill and :data:`MEASURES` of one sample, or why they are withheld. Pure."""
    groups = vars(sample)
    people, ill = sum(groups.values()), sample.ill_cases + sample.ill_others
    if reason := withheld(count for count in groups.values() if count):
        return {"state": State.SUPPRESSED.value, "reason": reason.value}
    found: dict[str, Any] = {"people": people, "ill": ill, "state": State.SHOWN.value}
    for name, (right, wrong) in MEASURES.items():
        n = groups[right] + groups[wrong]
        if n:
            lower, upper = wilson(groups[right], n, confidence=0.95)
            found |= {name: groups[right] / n, f"{name}_lower": float(lower), f"{name}_upper": float(upper)}
    return found
