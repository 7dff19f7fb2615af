"""How near the estimates of a synthetic city come to its truth: error and coverage of every rung of the ladder.

An estimate of a rung is right when it lies near what is really so; an interval is right when it holds what is really so
as often as it says. Raw and standardised describe people with a record: here they are judged as what they are often
taken for, the prevalence of residents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from analytics.catalogue import catalogue
from analytics.disclosure import State
from analytics.generation import Generation, read_sql
from analytics.indicator import CORRECTED, ESTIMATORS
from analytics.query import answer
from analytics.question import Question, choose
from analytics.readiness import Level
from analytics.report import Report, build_of, dimensions
from analytics.truth import has_truth
from warehouse.errors import UserError

#: Besides the rung, what scores can be told apart by.
BY = ("quarter", "phase", "district", "level", "coverage")
#: Phases of plan 3160/KH-UBND by year: the old and the ill; pregnant women and children; everybody.
PHASES = {"2022": "p1", "2023": "p2"}
LAST_PHASE = "p3"
CITY = "city"
#: First shares of the bands of record coverage.
COVERAGE = (0.0, 0.1, 0.25, 0.5)
UNCORRECTED = tuple(name for name in ESTIMATORS if name not in CORRECTED)
#: What is kept of an answer: ``value`` and limits as released, ``true`` the share of adults who have it.
ANSWER_SCHEMA = {
    **dict.fromkeys(("condition", "definition", "estimator", "quarter", "district"), pl.String),
    **dict.fromkeys(("state", "coverage"), pl.String),
    **dict.fromkeys(("value", "lower", "upper", "true"), pl.Float64),
}
_SCORED = ("condition", "definition", "estimator")
#: Mean absolute error, and share of intervals that hold the truth, by which a rung is trusted or not.
NEAR, FAR = 0.02, 0.05
HELD, SELDOM_HELD = 0.90, 0.75
#: Adults, whom the truth is of; standardised to the city itself, or it would be another quantity.
_AGES, _STANDARD = "18+", "city"


def score(generation: Generation, *, condition: str | None = None, by: str = "level") -> Report:
    """Scores of every definition the truth is known of, by rung and :data:`BY`.

    ``level`` is city or district; ``coverage`` the share of adults with a record; ``phase`` that of the plan. Rows:
    condition, definition, estimator, ``by``, answers (places and quarters asked), shown (with a number), bias (mean of
    estimate less truth), error (mean absolute), worst (largest absolute), covered (share of intervals that hold the
    truth). Raises UserError where no truth lies beside the estimates, or a word is not known.
    """
    names = dimensions(by, BY)
    answers = against_truth(generation)
    conditions = answers["condition"].unique().sort().to_list()
    chosen = conditions if condition is None else [choose(condition, conditions, field="condition")]
    return Report(
        title="Estimates against the truth of the synthetic city",
        rows=scored(answers.filter(pl.col("condition").is_in(chosen)), names),
        about={"by": names, "conditions": chosen, "build": build_of(generation)},
        notes=("raw and standardised describe people with a record, not residents: judged all the same",),
        shares=("bias", "error", "worst", "covered"),
    )


def against_truth(generation: Generation) -> pl.DataFrame:
    """Every answer beside its truth, as they were laid down when the models were fitted (:func:`laid_beside`).

    Raises UserError where none were.
    """
    if not has_truth(generation):
        raise UserError(
            "the truth is not known to this build",
            field="as_of",
            value=generation.build_id,
            expected="a synthetic build made with --truth",
            action="Run: hssk fit --truth truth_counts.parquet",
        )
    answers = generation.estimates(read_sql("synthetic_score"))
    year = pl.col("quarter").str.slice(0, 4)
    return answers.with_columns(
        level=pl.when(pl.col("district") == CITY).then(pl.lit(CITY)).otherwise(pl.lit("district")),
        phase=year.replace_strict(PHASES, default=LAST_PHASE),
    )


def laid_beside(generation: Generation, truth: pl.DataFrame) -> pl.DataFrame:
    """Every answer of a build beside its truth, columns :data:`ANSWER_SCHEMA`.

    ``truth``: condition, definition, quarter, district (null for the city), people, cases.
    """
    offered = catalogue(generation.frozen)
    quarters = sorted(item.name for item in offered.quarters)
    if not quarters:
        return pl.DataFrame(schema=ANSWER_SCHEMA)
    framed = {
        (item.condition, item.variant) for item in offered.variants if item.measure_id in offered.framed
    }
    known = truth.filter(pl.col("quarter").is_in(quarters)).with_columns(
        (pl.col("cases") / pl.col("people")).alias("true"), pl.col("district").fill_null(CITY)
    )
    asked = [
        _answers(generation, condition, definition, estimator, quarters, by)
        for condition, definition in known.select("condition", "definition")
        .unique(maintain_order=True)
        .rows()
        for estimator in (ESTIMATORS if (condition, definition) in framed else UNCORRECTED)
        for by in (("quarter",), ("quarter", "district"))
    ]
    rows = pl.concat(asked).join(_coverage(generation, quarters), on=["quarter", "district"], how="left")
    beside = rows.join(known, on=["condition", "definition", "quarter", "district"])
    return beside.select(pl.col(name).cast(kind) for name, kind in ANSWER_SCHEMA.items())


def _answers(
    generation: Generation,
    condition: str,
    definition: str,
    estimator: str,
    quarters: Sequence[str],
    by: tuple[str, ...],
) -> pl.DataFrame:
    question = Question(
        measure="prevalence",
        condition=condition,
        definition=definition,
        estimator=estimator,
        by=by,
        period=f"{quarters[0]}..{quarters[-1]}",
        ages=_AGES,
        standard=_STANDARD,
    )
    rows = answer(question, generation).rows
    places = pl.col("district") if "district" in by else pl.lit(CITY).alias("district")
    return rows.select(
        pl.lit(condition).alias("condition"),
        pl.lit(definition).alias("definition"),
        pl.lit(estimator).alias("estimator"),
        "quarter",
        places,
        "state",
        "value",
        "lower",
        "upper",
    )


def _coverage(generation: Generation, quarters: Sequence[str]) -> pl.DataFrame:
    """Band of record coverage of each quarter and place."""
    period = f"{quarters[0]}..{quarters[-1]}"
    parts = [
        answer(Question(measure="coverage", by=by, period=period, ages=_AGES), generation).rows
        for by in (("quarter",), ("quarter", "district"))
    ]
    both = pl.concat([parts[0].with_columns(pl.lit(CITY).alias("district")), parts[1]], how="diagonal")
    band = pl.lit(None, pl.String)
    for start, end in zip(COVERAGE, (*COVERAGE[1:], None), strict=True):
        name = f"{start:.0%}+" if end is None else f"{start:.0%}-{end:.0%}"
        band = pl.when(pl.col("value") >= start).then(pl.lit(name)).otherwise(band)
    return both.select("quarter", "district", band.alias("coverage"))


def trust(row: Mapping[str, Any]) -> tuple[Level | None, str]:
    """How far a rung may be relied on, from its row of :func:`scored`, and why; None where it shows nothing.

    Ready: off by :data:`NEAR` or less on average with intervals that hold the truth nine times in ten (``near``). Not
    ready: off by more than :data:`FAR` (``far``), or intervals that hold it less than three times in four
    (``narrow``). Between: ``off`` where the error keeps it from being ready, else ``seldom``.
    """
    if not row["shown"]:
        return None, "blank"
    if row["error"] > FAR:
        return Level.NOT_READY, "far"
    if row["covered"] < SELDOM_HELD:
        return Level.NOT_READY, "narrow"
    if row["error"] <= NEAR and row["covered"] >= HELD:
        return Level.READY, "near"
    return Level.CAUTION, "off" if row["error"] > NEAR else "seldom"


def scored(answers: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The columns of :func:`score` from :func:`against_truth`. Pure."""
    shown = pl.col("state") == State.SHOWN.value
    gap = (pl.col("value") - pl.col("true")).filter(shown)
    holds = pl.col("true").is_between(pl.col("lower"), pl.col("upper")).filter(shown)
    order = {name: place for place, name in enumerate(ESTIMATORS)}
    rank = pl.col("estimator").replace_strict(order, return_dtype=pl.Int8).alias("_rank")
    return (
        answers.group_by(*_SCORED, *by)
        .agg(
            pl.len().alias("answers"),
            shown.sum().alias("shown"),
            gap.mean().alias("bias"),
            gap.abs().mean().alias("error"),
            gap.abs().max().alias("worst"),
            holds.cast(pl.Float64).mean().alias("covered"),
        )
        .with_columns(rank, pl.lit(State.SHOWN.value).alias("state"), pl.lit(None, pl.String).alias("reason"))
        .sort("condition", "definition", *by, "_rank")
        .drop("_rank")
    )
