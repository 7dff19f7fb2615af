"""Corrected estimates beside published surveys of the city: how near is near enough, decided beforehand.

A survey finds what one visit finds (comparison, H1), so it is laid beside the definition of the records that means the
same, never beside the burden. What is judged is how records were made into numbers of residents; a definition of the
same condition that no survey can see rests on the same correction. Two numbers agree only where they are independent: a
study whose reference examinations taught an estimate how whoever was not assessed differs does not judge it as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import polars as pl

from analytics.catalogue import Catalogue, catalogue
from analytics.disclosure import State
from analytics.equivalence import equivalence, standard_error
from analytics.generation import Generation, read_sql
from analytics.query import answer
from analytics.question import Question, choose, quarter_number
from analytics.report import Report, build_of, need
from warehouse.errors import UserError

MART = "mart_survey"
#: Corrections a survey can judge: of the rest, one visit has no reference examination.
ESTIMATORS = ("modelled", "weighted")
#: Why a published result is compared with nothing, beside what an answer and a refusal say.
UNUSABLE, SAME_PEOPLE, NO_QUARTER_NEAR = "unusable", "same_people", "no_quarter_near"
REASONS = (UNUSABLE, SAME_PEOPLE, NO_QUARTER_NEAR)
#: Quarters between fieldwork and estimate at most.
FARTHEST = 4
_SCHEMA = {
    **dict.fromkeys(("study", "source", "definition", "sex", "age_band", "fieldwork", "quarter"), pl.String),
    **dict.fromkeys(("survey", "survey_lower", "survey_upper", "value", "lower", "upper"), pl.Float64),
    **dict.fromkeys(("difference", "difference_lower", "difference_upper", "margin"), pl.Float64),
    **dict.fromkeys(("verdict", "state", "reason"), pl.String),
}
#: Columns of proportions and of their differences.
SHARES = tuple(name for name, kind in _SCHEMA.items() if kind == pl.Float64)


def against_surveys(generation: Generation, *, condition: str, estimator: str = ESTIMATORS[0]) -> Report:
    """Every published result for a condition beside our estimate of the same people, with the verdict of TOST.

    Rows: study, source, definition, sex, age_band, fieldwork (quarter), quarter compared (the nearest published, at
    most :data:`FARTHEST` away), survey and its limits, value and its limits, difference with its 90 % limits, margin,
    verdict (equivalent, different, not_shown; null where nothing is compared, with state and reason). Raises
    UserError for an unknown condition or estimator, or a build that knows no surveys.
    """
    need(generation, MART)
    choose(condition, catalogue(generation.frozen).conditions, field="condition")
    choose(estimator, ESTIMATORS, field="estimator")
    rows = compared(generation, condition, estimator)
    return Report(
        title=f"Surveys and the {estimator} estimate, {condition}",
        rows=rows,
        about={"condition": condition, "estimator": estimator, "build": build_of(generation)},
        notes=(
            "equivalent: the 90 % interval of the difference lies within the margin "
            "(5 points, 2.5 where the survey finds under 10 %); not shown: too wide to tell",
            *_told(rows),
        ),
        shares=SHARES,
        only_in_files=(
            "study",
            "source",
            "fieldwork",
            "survey_lower",
            "survey_upper",
            "lower",
            "upper",
            "margin",
        ),
    )


def _told(rows: pl.DataFrame) -> Iterator[str]:
    """What a reader of the table must know: results nobody can use, quarters that are not those of the fieldwork."""
    if unusable := rows.filter(pl.col("reason") == UNUSABLE).height:
        yield (
            f"not usable: {unusable} of {rows.height} published results (the value outside its limits, limits that are "
            "not apart, or ages that fall)"
        )
    apart = rows.filter(pl.col("quarter") != pl.col("fieldwork")).select("study", "fieldwork", "quarter")
    for study, fieldwork, quarter in apart.unique(maintain_order=True).iter_rows():
        yield f"{study}: fieldwork in {fieldwork}, laid beside {quarter}, the nearest published quarter"


@lru_cache(maxsize=64)
def compared(generation: Generation, condition: str, estimator: str) -> pl.DataFrame:
    """The rows of :func:`against_surveys`; none where the build knows no survey of the condition."""
    if MART not in generation.manifest.get("fingerprints", {}):
        return pl.DataFrame(schema=_SCHEMA)
    published = generation.live.frame(read_sql("survey"), {"condition": condition})
    known = catalogue(generation.frozen)
    rows = [_compared(row, generation, known, estimator) for row in published.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _compared(
    row: Mapping[str, Any], generation: Generation, known: Catalogue, estimator: str
) -> dict[str, Any]:
    found = {
        "study": row["study"], "source": row["source"], "definition": row["definition"],
        "sex": row["sex"], "age_band": row["age_band"],
        "fieldwork": row["quarter"], "survey": row["value"], "survey_lower": row["lower"],
        "survey_upper": row["upper"],
    }  # fmt: skip
    if not row["is_usable"]:
        return {**found, **_not_compared(UNUSABLE)}
    if row["has_examined"]:
        return {**found, **_not_compared(SAME_PEOPLE)}
    quarter = nearest(row["quarter"], [item.name for item in known.quarters])
    if quarter is None:
        return {**found, **_not_compared(NO_QUARTER_NEAR)}
    found["quarter"] = quarter
    try:
        own = _asked(row, generation, quarter, estimator)
    except UserError as refused:
        return {**found, **_not_compared(str(refused))}
    if own["state"] != State.SHOWN.value:
        return {**found, **_not_compared(own["reason"] or own["state"])}
    shown = {name: own[name] for name in ("value", "lower", "upper")}
    return {**found, **shown, **judged(row, own), "state": State.SHOWN.value}


def _asked(row: Mapping[str, Any], generation: Generation, quarter: str, estimator: str) -> dict[str, Any]:
    condition, variant = row["definition"].split("/")
    question = Question(
        measure="prevalence",
        condition=condition,
        definition=variant,
        period=quarter,
        estimator=estimator,
        ages=row["age_band"],
        where=() if row["sex"] == "both" else (("sex", (row["sex"],)),),
    )
    return answer(question, generation).rows.row(0, named=True)


def _not_compared(reason: str) -> dict[str, str]:
    return {"state": State.NOT_DEFINED.value, "reason": reason}


def judged(survey: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Difference, its limits, margin and verdict of an estimate and a published one, each with 95 % limits. Pure."""
    found = equivalence(
        own["value"],
        survey["value"],
        error=standard_error(own["lower"], own["upper"]),
        benchmark_error=standard_error(survey["lower"], survey["upper"]),
    )
    return {
        "difference": found.difference,
        "difference_lower": found.lower,
        "difference_upper": found.upper,
        "margin": found.margin,
        "verdict": found.verdict,
    }


def nearest(quarter: str, others: list[str]) -> str | None:
    """Of ``others`` the quarter nearest to one, the earlier of two; None farther than :data:`FARTHEST`."""

    def away(other: str) -> int:
        return abs(quarter_number(other) - quarter_number(quarter))

    return min((other for other in sorted(others) if away(other) <= FARTHEST), key=away, default=None)
