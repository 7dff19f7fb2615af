"""What reference examinations teach: what a definition gets wrong, and whether whoever is not assessed differs.

Both of the people the correction learns from: insured, the disease not known from claims
(:mod:`analytics.two_part`). The examined are drawn at random, whatever their records say (contract
``reference_examination``). Their counts are protected, and what is learned allows for the noise.

Sensitivity and specificity are of the assessed: the indeterminate are no cases here, so what the persistence of a
single raised day would correct is corrected by them, and the two are never applied together. Selection is the odds of
disease of the assessed over those of whoever was not, at the same age; it is added to the prior.
"""

from __future__ import annotations

from dataclasses import replace
from math import hypot, sqrt

import polars as pl

from analytics.catalogue import Quarter, Variant
from analytics.generation import Generation, noise_of, read_sql
from analytics.misclassification import Accuracy, Sample, accuracies, log_odds_ratio, updated
from analytics.noise import CELL_VARIANCE
from analytics.two_part import Priors

MART = "mart_validation"
_CASE, _EXAM = 2, 2


def accuracy_of(generation: Generation, variant: Variant, quarter: Quarter) -> dict[int, Accuracy] | None:
    """Of a definition, by the first age of each broad age; None where too few were examined."""
    return accuracies(examined(generation, variant, quarter), noise_variance=CELL_VARIANCE)


def with_selection(
    priors: Priors, generation: Generation, variant: Variant, quarter: Quarter, *, of_examinations: bool
) -> Priors:
    """The priors with what the examined teach of selection; the same priors where they teach nothing.

    ``of_examinations``: whoever was not assessed is compared with those assessed at a health examination alone, as a
    model does that tells examinations from clinics.
    """
    found = _examined(generation, "selection_cells", variant, quarter)
    seen = None if found is None else learned_selection(found, least=_EXAM if of_examinations else 1)
    return priors if seen is None else replace(priors, selection_city=updated(priors.selection_city, seen))


def examined(generation: Generation, variant: Variant, quarter: Quarter) -> dict[int, Sample]:
    """People of a definition assessed and examined up to a quarter, by broad age; none where nobody was."""
    found = _examined(generation, "validation_cells", variant, quarter)
    return {} if found is None else samples_of(found)


def samples_of(cells: pl.DataFrame) -> dict[int, Sample]:
    """The sample of each broad age, by its first age, youngest first."""
    case = pl.col("outcome") == _CASE
    counted = cells.group_by("age_from").agg(
        pl.col(name).filter(which).sum().cast(pl.Int64).alias(f"{name}_{what}")
        for name in ("ill", "well")
        for what, which in (("cases", case), ("others", ~case))
    )
    rows = counted.sort("age_from").iter_rows(named=True)
    return {row.pop("age_from"): Sample(**row) for row in rows}


def learned_selection(cells: pl.DataFrame, *, least: int) -> tuple[float, float] | None:
    """Logarithm of the odds ratio of disease, assessed (a channel of at least ``least``) against not, and its error.

    From age_from, channel, ill, well. The error allows for the noise on the cells: that of a sum of ``c`` cells with
    ``n`` people moves its logarithm by about ``sqrt(1.8 c) / n``.
    """
    strata = cells.group_by("age_from").agg(
        pl.col(name).filter(which).sum().alias(f"{name}_{place}")
        for place, which in enumerate((pl.col("channel") >= least, pl.col("channel") == 0))
        for name in ("ill", "well")
    )
    arms = strata.sort("age_from").select(pl.exclude("age_from"))
    found = log_odds_ratio(arms.iter_rows())
    if found is None:
        return None
    counts = [arm.to_numpy() for arm in arms]
    noise = sum(CELL_VARIANCE * float((arm > 0).sum()) / float(arm.sum()) ** 2 for arm in counts)
    return found[0], hypot(found[1], sqrt(noise))


def _examined(generation: Generation, sql: str, variant: Variant, quarter: Quarter) -> pl.DataFrame | None:
    """Cells of people examined up to a quarter with ``ill`` and ``well``, each with noise of its own, so that neither
    is more than the whole; None of builds that do not know of examinations.
    """
    if MART not in generation.manifest.get("fingerprints", {}):
        return None
    asked = {"measure_id": variant.measure_id, "quarter_index": quarter.index}
    cells = generation.frame(read_sql(sql), asked)
    apart = cells.with_columns(
        pl.col("with_condition").alias("ill"),
        pl.col("with_condition_key").alias("ill_key"),
        (pl.col("people") - pl.col("with_condition")).alias("well"),
        ((pl.col("people_key") - pl.col("with_condition_key")) % 256).alias("well_key"),
    ).drop("people", "with_condition", "people_key", "with_condition_key")
    return noise_of(generation).protect(apart, [(name, f"{name}_key") for name in ("ill", "well")])
