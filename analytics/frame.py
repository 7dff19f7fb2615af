"""What the corrected estimators learn of one quarter: everybody of the register and the reference population.

Always all cells of a definition, whatever the question restricts itself to: what is learned of a cell must not depend
on who else was asked for. The question only marks the cells it asks for, so that one quarter is learned once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import polars as pl

from analytics import cells as grid
from analytics.catalogue import Quarter, Variant, catalogue
from analytics.disclosure import Reason
from analytics.generation import Generation, noise_of, read_sql
from analytics.modelled import compose
from analytics.noise import Noise
from analytics.persistence import persistence
from analytics.plan import Plan
from analytics.two_part import (
    CELL,
    COUNTS,
    ESTIMATED,
    LEARNED,
    PRIORS,
    Learned,
    Priors,
    learn,
    learn_modelled,
    learn_reclassified,
    summarise,
)
from analytics.validation import accuracy_of, with_selection

#: Quarters kept by a process, of each estimator; the draws of one take 3.5 MB.
KEPT_QUARTERS = 64
#: Fewer residents get no estimate of their own (statistics.md): it would say too much of the few who were assessed.
SMALLEST_POPULATION = 500
#: Estimates are told to 0.1 point.
DIGITS = 3
#: Examined people of the whole city from which on examinations are told from clinics.
FEWEST_EXAMINED = 300
#: A cell of one quarter.
_PLACED = list(CELL[1:])
#: Parts the assessed consist of.
_PARTS = ("cases", "indeterminate", "others")


def corrected(plan: Plan, variant: Variant, generation: Generation) -> pl.DataFrame:
    """The rows of ``by`` that :func:`analytics.two_part.summarise` gives for each quarter of a question.

    ``refusal``: why a row has no value; null where it has one.
    """
    wanted = grid.age_lists(plan, catalogue(generation).ages)
    ages = pl.DataFrame(wanted, schema_overrides={"age_from": pl.Int16}).select("age_from", "age_band")
    by = list(plan.question.by)
    asked = [
        pl.col(name).is_in(plan.question.only(name))
        for name in ("district", "sex")
        if plan.question.only(name)
    ]
    parts = []
    for quarter in plan.quarters:
        cells, learned, refusal = _learned(generation, variant, quarter, plan.question.estimator)
        marked = cells.join(ages, on="age_from", how="left", maintain_order="left").with_columns(
            pl.all_horizontal(pl.col("age_band").is_not_null(), *asked).alias("is_asked")
        )
        rows = summarise(learned, marked, by, confidence=plan.question.confidence)
        rows = rows.with_columns(_refusal(refusal)) if refusal is None else _blank(rows, refusal)
        parts.append(released(rows, marked, by))
    return pl.concat(parts)


def released(rows: pl.DataFrame, marked: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Estimates as they may leave: of at least :data:`SMALLEST_POPULATION` residents, to 0.1 point.

    ``marked``: cells with ``population``, ``is_asked`` and the columns of ``by``. Pure.
    """
    asked = marked.filter("is_asked")
    people = pl.col("population").sum()
    if by:
        counted = rows.join(asked.group_by(by).agg(people), on=list(by), how="left", maintain_order="left")
    else:
        counted = rows.with_columns(asked.select(people).to_series())
    is_small = pl.col("population").fill_null(0) < SMALLEST_POPULATION
    return counted.with_columns(
        *(
            pl.when(~is_small).then(pl.col(name)).round(DIGITS).alias(name)
            for name in ("value", "lower", "upper")
        ),
        pl.when(~is_small).then(pl.col("effective_n")).alias("effective_n"),
        pl.when(is_small).then(pl.lit(Reason.SMALL_POPULATION.value)).otherwise("refusal").alias("refusal"),
    ).drop("population")


def _blank(rows: pl.DataFrame, reason: Reason) -> pl.DataFrame:
    """The same rows without a value."""
    return rows.with_columns(*(pl.lit(None, pl.Float64).alias(name) for name in ESTIMATED), _refusal(reason))


def _refusal(whole: Reason | None) -> pl.Expr:
    own = pl.when(pl.col("value").is_null()).then(pl.lit(Reason.TOO_FEW_ASSESSED.value))
    return (own if whole is None else pl.lit(whole.value)).alias("refusal")


@lru_cache(maxsize=KEPT_QUARTERS)
def _learned(
    generation: Generation, variant: Variant, quarter: Quarter, estimator: str
) -> tuple[pl.DataFrame, Learned, Reason | None]:
    """Cells of one quarter, what they taught, and why nothing may be said of the quarter (None: it may)."""
    cells = frame_cells(generation, variant, quarter)
    priors = replace(PRIORS, persistence=persistence(generation, variant, quarter))

    def selected(*, of_examinations: bool) -> Priors:
        return with_selection(priors, generation, variant, quarter, of_examinations=of_examinations)

    if estimator == "weighted":
        return cells, learn(cells, selected(of_examinations=False)), None
    if estimator == "misclassification":
        accuracy = accuracy_of(generation, variant, quarter)
        if accuracy is None:
            return cells, learn(cells, priors), Reason.NO_VALIDATION
        return cells, learn_reclassified(cells, selected(of_examinations=False), accuracy), None
    fits = _fits(generation)
    if (variant.measure_id, quarter.index) not in fits:
        return cells, learn(cells, priors), Reason.NO_ESTIMATES
    runs, faults = fits[variant.measure_id, quarter.index]
    if faults:
        return cells, learn(cells, priors), Reason.MODEL_NOT_TRUSTED
    effects = generation.estimates(read_sql("estimate_effect"), _asked(variant, quarter))
    seen = clinic_share(cells, channel_cells(generation, variant, quarter, cells))
    modelled = compose(cells.with_columns(seen), effects, runs=runs)
    return cells, learn_modelled(cells, selected(of_examinations=modelled.tells_channels), modelled), None


@lru_cache(maxsize=8)
def _fits(generation: Generation) -> dict[tuple[int, int], tuple[int, list[str]]]:
    """Runs of draws and faults of each fit, by measure and quarter."""
    if not generation.has_estimates:
        return {}
    rows = generation.estimates(read_sql("estimate_fit")).iter_rows()
    return {(measure, quarter): (runs, faults) for measure, quarter, runs, faults in rows}


def _asked(variant: Variant, quarter: Quarter) -> dict[str, int]:
    """Parameters of a query about one definition and quarter."""
    return {"measure_id": variant.measure_id, "quarter_index": quarter.index}


def frame_cells(generation: Generation, variant: Variant, quarter: Quarter) -> pl.DataFrame:
    """Columns ``CELL`` and ``COUNTS`` of :mod:`analytics.two_part`, one quarter, sorted.

    A cell of the reference population without residents in the register keeps its people. Counts of health facts are
    protected cell by cell, so that everything estimated from them is post-processing; residents and the insured are
    exact.
    """
    known = catalogue(generation)
    year = grid.nearest_year(quarter.name, tuple(known.population_years))
    last = known.ages.starts[-1] if variant.age_to is None else variant.age_to
    people = grid.fetch(
        generation.live, "frame_population", {"year": year, "first_age": variant.age_from, "last_age": last}
    )
    counted = grid.fetch(generation, "frame_cells", _asked(variant, quarter))
    counted = _protected(counted, noise_of(generation), also=["known"])
    counted = counted.with_columns(pl.min_horizontal("known", "insured").alias("known"))
    return (
        people.with_columns(pl.lit(quarter.name).alias("quarter"))
        .join(counted, on=list(CELL), how="left")
        .with_columns(pl.col(COUNTS).fill_null(0).cast(pl.Int64))
        .select(*CELL, *COUNTS)
        .sort(CELL)
    )


def channel_cells(
    generation: Generation, variant: Variant, quarter: Quarter, cells: pl.DataFrame
) -> pl.DataFrame:
    """What a model learns from: district, sex, age_from, is_clinic, assessed, cases, indeterminate, sorted.

    Both channels of each of ``cells`` (:func:`frame_cells`), protected cell by cell. Where fewer than
    :data:`FEWEST_EXAMINED` people were examined in the whole city, examinations cannot be told from clinics: all
    are one channel then, and ``is_clinic`` is false.
    """
    counted = grid.fetch(generation, "frame_channels", _asked(variant, quarter))
    counted = _protected(counted, noise_of(generation))
    channels = pl.DataFrame({"is_clinic": [False, True]})
    key = [*_PLACED, "is_clinic"]
    whole = (
        cells.select(_PLACED)
        .join(channels, how="cross")
        .join(counted, on=key, how="left")
        .with_columns(pl.col(LEARNED).fill_null(0).cast(pl.Int64))
        .select(*key, *LEARNED)
    )
    if whole.filter(~pl.col("is_clinic"))["assessed"].sum() < FEWEST_EXAMINED:
        whole = whole.with_columns(pl.lit(False).alias("is_clinic")).group_by(key).sum()
    return whole.sort(key)


def clinic_share(cells: pl.DataFrame, channels: pl.DataFrame) -> pl.Series:
    """Share of the assessed of each cell who were assessed at a clinic; 0 where nobody was, or all is one channel."""
    at_clinic = pl.col("assessed").filter("is_clinic").sum() / pl.col("assessed").sum()
    found = channels.group_by(_PLACED).agg(at_clinic.fill_nan(0).alias("clinic_share"))
    return cells.join(found, on=_PLACED, how="left", maintain_order="left")["clinic_share"].fill_null(0)


def _protected(counted: pl.DataFrame, noise: Noise, also: Sequence[str] = ()) -> pl.DataFrame:
    """Counts with noise. The assessed are the sum of their protected parts, so no part is more than the whole, and
    nothing has to be cut off on one side only, which would make many small cells wrong together.
    """
    apart = counted.with_columns(
        (pl.col("assessed") - pl.col("cases") - pl.col("indeterminate")).alias("others"),
        ((pl.col("assessed_key") - pl.col("cases_key") - pl.col("indeterminate_key")) % 256).alias(
            "others_key"
        ),
    ).drop("assessed_key")
    shown = noise.protect(apart, [(name, f"{name}_key") for name in (*also, *_PARTS)])
    return shown.with_columns(pl.sum_horizontal(_PARTS).alias("assessed"))
