"""The one place that answers questions: for the command line, the pages, the models and the machine interface.

``answer(question, generation)`` resolves the question, fetches counts, sends them through the disclosure gate and only
then computes values and intervals from what the gate returned.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from analytics import administrative, distribution, frame, targets, two_part, weeks
from analytics import cells as grid
from analytics.catalogue import Catalogue, catalogue
from analytics.disclosure import (
    ExactAccess,
    Kind,
    Reason,
    State,
    append_audit,
    audit_line,
    check_released,
    protect,
)
from analytics.generation import Generation, noise_of, read_sql
from analytics.indicator import CORRECTED
from analytics.noise import Noise
from analytics.plan import COUNT, Plan, reads_frozen, resolve
from analytics.plan_indicator import PlanIndicator, judged, plan_indicators
from analytics.question import Question, parse
from analytics.rates import with_interval
from analytics.standard import Standard, load_standard, stratum_weights
from analytics.standardise import direct
from warehouse.errors import UserError

__all__ = ["Answer", "Question", "answer", "parse"]

RESULT_COLUMNS = (
    "numerator",
    "denominator",
    "value",
    "lower",
    "upper",
    "confidence",
    "method",
    "estimator",
    "state",
    "reason",
)
MEAN = "mean"
#: Makes a group of everything, so that an answer without ``by`` is one group like any other.
_ROW = "_row"
_REFUSED_STATE = {
    Reason.NOBODY_COUNTED.value: State.NO_DATA.value,
    Reason.AGES_WITHOUT_PEOPLE.value: State.NOT_DEFINED.value,
    Reason.FEWER_THAN_10_EVENTS.value: State.NOT_DEFINED.value,
}


@dataclass(frozen=True)
class Answer:
    """``rows``: the columns of ``by``, then :data:`RESULT_COLUMNS`; values are shares between 0 and 1 (coverage may
    exceed 1); an indicator of the plan has ``target`` and ``status`` after them. ``definition``: id, variant, version,
    estimand, source. ``build``: id, extract_date, vintages of frozen quarters. ``lineage``: the SQL and its inputs.
    """

    question: Question
    rows: pl.DataFrame
    definition: Mapping[str, Any]
    build: Mapping[str, Any]
    lineage: Mapping[str, Any]


def answer(
    question: Question, generation: Generation, *, asked_at: datetime | None = None, user: str | None = None
) -> Answer:
    """Answer a question from one generation.

    ``asked_at`` and ``user`` are needed for ``exact`` only, which is written to the audit log before anything is read.
    Raises UserError where a word of the question is not known to this generation, naming those that are.
    """
    if question.build not in (None, generation.build_id):
        raise UserError(
            "the question names another build",
            field="as_of",
            value=question.build,
            expected=generation.build_id,
        )
    generation = generation.frozen if reads_frozen(question) else generation.live
    known = catalogue(generation)
    item = plan_indicators().get(question.measure)
    if item is not None:
        return _of_the_plan(item, question, generation, asked_at=asked_at, user=user)
    plan = resolve(question, known)
    standard = load_standard(question.standard) if question.estimator == "standardised" else None
    if question.exact:
        _record_exact(question, generation, asked_at, user)
    name, parameters = grid.parameters_of(plan, known)
    noise = noise_of(generation) if plan.is_protected else None
    cells = _cells(plan, known, generation, name, parameters, noise)
    variant = plan.variant
    about = _definition(plan)
    if plan.indicator.id == MEAN:
        quantity = _quantity(plan, generation)
        rows = _means(plan, cells, quantity)
        about |= {"variant": question.quantity, "unit": quantity["unit"]}
    elif question.estimator in CORRECTED and variant is not None:
        rows = corrected(plan, cells, frame.corrected(plan, variant, generation), noise=noise)
    else:
        rows = estimate(plan, cells, standard, noise=noise)
    return Answer(
        question=question,
        rows=rows,
        definition=about,
        build={"id": generation.build_id, "extract_date": generation.extract_date, **_vintages(plan)},
        lineage=_lineage(plan, known, generation, name, parameters, standard),
    )


def _vintages(plan: Plan) -> dict[str, Any]:
    """Vintage and extract date of each frozen quarter; nothing where the build's own counts answered."""
    found = {
        quarter.name: {"vintage": quarter.vintage, "known_at": str(quarter.known_at)}
        for quarter in plan.quarters
        if quarter.vintage
    }
    return {"vintages": found} if found else {}


def _of_the_plan(
    item: PlanIndicator,
    question: Question,
    generation: Generation,
    *,
    asked_at: datetime | None,
    user: str | None,
) -> Answer:
    """An indicator of the plan: a measure asked in its fixed way, or two counts; with target and status."""
    known = catalogue(generation)
    administrative.check(item, question, known)
    if item.measure is not None:
        where = (*question.where, *item.ask.where)
        asked = replace(question, measure=item.measure, ages=item.ask.ages, where=where)
        found = answer(asked, generation, asked_at=asked_at, user=user)
        rows, lineage = found.rows, found.lineage
    else:
        if question.exact:
            _record_exact(question, generation, asked_at, user)
        is_protected = item.kind is Kind.HEALTH and not question.exact
        noise = noise_of(generation) if is_protected else None
        rows = administrative.counted(item, question, generation, known, noise)
        rows = rows.with_columns(pl.lit(question.estimator).alias("estimator"))
        rows = check_released(rows.select(*question.by, *RESULT_COLUMNS))
        lineage = administrative.lineage(item, generation)
    return Answer(
        question=question,
        rows=judged(administrative.withhold_unmeasured(rows, item, generation), item),
        definition=item.as_dict(),
        build={"id": generation.build_id, "extract_date": generation.extract_date},
        lineage=lineage,
    )


def _record_exact(
    question: Question, generation: Generation, asked_at: datetime | None, user: str | None
) -> None:
    if asked_at is None:
        raise UserError(
            "exact counts are not given here", field="exact", expected="the command line, which is audited"
        )
    access = ExactAccess(user=user or _login(), at=asked_at)
    append_audit(generation.home, audit_line(access, question.as_dict(), generation.build_id))


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _cells(
    plan: Plan,
    known: Catalogue,
    generation: Generation,
    name: str,
    parameters: Mapping[str, Any],
    noise: Noise | None,
) -> pl.DataFrame:
    if plan.variant is not None and plan.is_protected:
        return grid.complete(plan, known, grid.protected(plan, plan.variant, generation, known))
    found = grid.named(plan, grid.fetch(generation, name, parameters))
    if plan.indicator.id == MEAN:
        return distribution.protected(found, noise)
    if "bin" in plan.question.by:
        return _binned(plan, generation, distribution.protected(found, noise))
    cells = grid.complete(plan, known, found)
    if "week" in plan.question.by:
        cells = weeks.stock(plan, cells)
        cells = cells if noise is None else weeks.without_small_steps(plan, cells, noise)
    if plan.indicator.id == "coverage":
        people = grid.population(plan, generation, parameters)
        return grid.with_population(plan, known, cells, people)
    if plan.indicator.id == "progress":
        due = grid.fetch(generation, "target_cells", targets.parameters(parameters))
        return targets.with_target(plan, cells, due)
    return cells


def _binned(plan: Plan, generation: Generation, found: pl.DataFrame) -> pl.DataFrame:
    by = [name for name in plan.question.by if name != "bin"]
    if plan.classes:
        return distribution.classes(found, by, plan.classes, is_exact=plan.question.exact)
    return distribution.bins(found, by, _quantity(plan, generation)["width"])


def _quantity(plan: Plan, generation: Generation) -> dict[str, Any]:
    """Width of its bins and steps of its values, in tenths of its unit, and the unit."""
    found = generation.frame(read_sql("distribution_width"), {"quantity": plan.question.quantity})
    return found.row(0, named=True)


def _means(plan: Plan, bins: pl.DataFrame, quantity: Mapping[str, Any]) -> pl.DataFrame:
    """Means of protected bins, where the values of the quantity are not rounded by hand."""
    if quantity["step"] is None:
        raise UserError(
            "bins of it give no mean: its values are rounded by hand",
            field="quantity",
            value=plan.question.quantity,
            expected="the distribution by bin",
        )
    rows = distribution.means(
        bins,
        plan.question.by,
        width_tenths=quantity["width"],
        step_tenths=quantity["step"],
        confidence=plan.question.confidence,
    ).with_columns(
        pl.lit(None, pl.Int64).alias("numerator"),
        pl.lit(plan.question.confidence).alias("confidence"),
        pl.lit("normal").alias("method"),
        pl.lit(plan.question.estimator).alias("estimator"),
    )
    return check_released(rows.select(*plan.columns, *RESULT_COLUMNS))


def estimate(
    plan: Plan, cells: pl.DataFrame, standard: Standard | None, *, noise: Noise | None = None
) -> pl.DataFrame:
    """From cells to the rows of an answer: gate first, then values. Pure."""
    question = plan.question
    released = protect(
        cells,
        by=plan.columns,
        strata=grid.strata_of(plan),
        kind=plan.kind,
        exact=question.exact,
        noise=noise,
    )
    if standard is not None:
        rows = _standardised(plan, released, standard)
    elif plan.method == COUNT:
        rows = _counted(plan, released)
    else:
        rows = with_interval(released, confidence=question.confidence, method=plan.method)
    rows = rows.with_columns(pl.lit(question.estimator).alias("estimator"))
    return check_released(rows.select(*plan.columns, *RESULT_COLUMNS))


def corrected(
    plan: Plan, cells: pl.DataFrame, made: pl.DataFrame, *, noise: Noise | None = None
) -> pl.DataFrame:
    """Rows corrected to all residents. Numerator and denominator stay those observed among record holders. Pure.

    ``made``: what :func:`frame.corrected` gives. A row that the gate does not show gets no estimate either;
    the columns of :data:`two_part.COLUMNS` that are no limits stand beside the usual ones.
    """
    question, by = plan.question, list(plan.question.by)
    released = protect(cells, by=by, kind=plan.kind, exact=question.exact, noise=noise)
    rows = (
        released.join(made, on=by, how="left", nulls_equal=True, maintain_order="left")
        if by
        else pl.concat([released, made], how="horizontal")
    )
    shown = pl.col("state") == State.SHOWN.value
    refused = shown & pl.col("value").is_null()
    rows = rows.with_columns(
        *[pl.when(shown).then(pl.col(name)).alias(name) for name in two_part.COLUMNS],
        pl.when(refused).then(pl.lit(State.NOT_DEFINED.value)).otherwise(pl.col("state")).alias("state"),
        pl.when(refused).then(pl.col("refusal")).otherwise(pl.col("reason")).alias("reason"),
        pl.lit(question.confidence).alias("confidence"),
        pl.lit(plan.method).alias("method"),
        pl.lit(question.estimator).alias("estimator"),
    )
    beside = [name for name in two_part.COLUMNS if name not in RESULT_COLUMNS]
    return check_released(rows.select(*plan.columns, *RESULT_COLUMNS, *beside))


def _counted(plan: Plan, released: pl.DataFrame) -> pl.DataFrame:
    """Shares of complete counts: no limits; more than 100 % is kept and flagged."""
    shown = pl.col("state") == State.SHOWN.value
    rows = released.with_columns(
        pl.when(shown).then(pl.col("numerator") / pl.col("denominator")).alias("value"),
        pl.lit(None, pl.Float64).alias("lower"),
        pl.lit(None, pl.Float64).alias("upper"),
        pl.lit(None, pl.Float64).alias("confidence"),
        pl.lit(plan.method).alias("method"),
    )
    over = (
        pl.when(pl.col("value") > 1).then(pl.lit(Reason.OVER_100_PERCENT.value)).otherwise(pl.col("reason"))
    )
    return rows.with_columns(over.alias("reason"))


def _standardised(plan: Plan, released: pl.DataFrame, standard: Standard) -> pl.DataFrame:
    """Standardise the shown rows; a refused one keeps its counts and says why it has no value."""
    question, by = plan.question, [*plan.question.by, _ROW]
    weighted = _with_weights(plan, released, standard).with_columns(pl.lit(0).alias(_ROW))
    shown = weighted.filter(pl.col("state") == State.SHOWN.value)
    done = direct(shown, by=by, order=grid.STRATUM, method=plan.method, confidence=question.confidence)
    rows = weighted.group_by(by, maintain_order=True).agg(pl.col("state", "reason").first())
    joined = rows.join(done, on=by, how="left", nulls_equal=True, maintain_order="left")
    refused = pl.col("refusal").is_not_null()
    collapsed = pl.col("moved_weight").fill_null(0) > 0
    return joined.with_columns(
        pl.when(refused)
        .then(pl.col("refusal").replace(_REFUSED_STATE))
        .otherwise(pl.col("state"))
        .alias("state"),
        pl.when(refused)
        .then(pl.col("refusal"))
        .when(collapsed)
        .then(pl.lit(Reason.AGES_COLLAPSED.value))
        .otherwise(pl.col("reason"))
        .alias("reason"),
        pl.lit(question.confidence).alias("confidence"),
        pl.lit(plan.method).alias("method"),
    )


def _with_weights(plan: Plan, released: pl.DataFrame, standard: Standard) -> pl.DataFrame:
    groups = [group for group in plan.ages if group.is_defined]
    rows = [
        (group.band.label, stratum.first, weight)
        for group in groups
        for stratum, weight in zip(
            group.strata, stratum_weights(standard, group.strata).tolist(), strict=True
        )
    ]
    schema = {"age_band": pl.String, grid.STRATUM: pl.Int16, "weight": pl.Float64}
    weights = pl.DataFrame(rows, schema=schema, orient="row")
    keys = ["age_band", grid.STRATUM] if "age_band" in plan.question.by else [grid.STRATUM]
    return released.join(weights.select(*keys, "weight"), on=keys, how="left", maintain_order="left")


def _definition(plan: Plan) -> dict[str, Any]:
    counted = plan.variant or (plan.holder if plan.indicator.id == "coverage" else None)
    if counted is None:
        return {
            "id": plan.indicator.id,
            "variant": None,
            "version": plan.indicator.version,
            "estimand": None,
            "source": plan.indicator.source,
        }
    return {
        "id": counted.condition,
        "variant": counted.variant,
        "version": counted.version,
        "estimand": counted.estimand,
        "source": counted.source,
    }


def _lineage(
    plan: Plan,
    known: Catalogue,
    generation: Generation,
    name: str,
    parameters: Mapping[str, Any],
    standard: Standard | None,
) -> dict[str, Any]:
    """The SQL that made the counts and everything that went into it: tables with their fingerprints, files, values."""
    manifest = generation.manifest
    sql = read_sql(name)
    inputs: dict[str, Any] = {
        "tables": {
            table: print_ for table, print_ in manifest.get("fingerprints", {}).items() if table in sql
        },
        "files": [
            {key: file.get(key) for key in ("logical_name", "sha256", "rows")}
            for file in manifest.get("files", [])
        ],
        "parameters": dict(parameters),
        "synthetic": manifest.get("synthetic"),
    }
    if standard is not None:
        inputs["standard"] = {"id": standard.id, "source": standard.source, "sha256": standard.sha256}
    if plan.indicator.id == "coverage":
        years = {
            quarter.name: grid.nearest_year(quarter.name, tuple(known.population_years))
            for quarter in plan.quarters
        }
        used = _population_sources(plan, known, generation, set(years.values()))
        inputs["population"] = {"year_of_quarter": years, "sources": used}
    if plan.uses("unit"):
        asked = plan.question.only("unit") or known.units
        drawn = generation.live.frame(read_sql("unit_apportioned")).iter_rows()
        inputs["apportioned"] = {unit: share for unit, share in drawn if unit in asked}
    return {"sql": sql, "inputs": inputs}


def _population_sources(
    plan: Plan, known: Catalogue, generation: Generation, years: set[int | None]
) -> list[str]:
    if plan.uses("unit"):
        found = generation.frame(read_sql("unit_population_source")).iter_rows()
        return sorted({source for year, source in found if year in years})
    return sorted({source for year in years if year for source in known.population_years[year]})
