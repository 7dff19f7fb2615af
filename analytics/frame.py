"""What the two-part estimator learns of one quarter: everybody of the register and the reference population.

Always all cells of a definition, whatever the question restricts itself to: what is learned of a cell must not depend
on who else was asked for. The question only marks the cells it asks for, so that one quarter is learned once.
"""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from analytics import cells as grid
from analytics.catalogue import Quarter, Variant, catalogue
from analytics.generation import Generation
from analytics.plan import Plan
from analytics.two_part import CELL, COUNTS, Learned, learn, summarise

#: Quarters kept by a process; the draws of one take 3.5 MB.
KEPT_QUARTERS = 32


def corrected(plan: Plan, variant: Variant, generation: Generation) -> pl.DataFrame:
    """The rows of ``by`` that :func:`analytics.two_part.summarise` gives for each quarter of a question."""
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
        cells, learned = _learned(generation, variant, quarter)
        marked = cells.join(ages, on="age_from", how="left", maintain_order="left").with_columns(
            pl.all_horizontal(pl.col("age_band").is_not_null(), *asked).alias("is_asked")
        )
        parts.append(summarise(learned, marked, by, confidence=plan.question.confidence))
    return pl.concat(parts)


@lru_cache(maxsize=KEPT_QUARTERS)
def _learned(generation: Generation, variant: Variant, quarter: Quarter) -> tuple[pl.DataFrame, Learned]:
    cells = frame_cells(generation, variant, quarter)
    return cells, learn(cells)


def frame_cells(generation: Generation, variant: Variant, quarter: Quarter) -> pl.DataFrame:
    """Columns ``CELL`` and ``COUNTS`` of :mod:`analytics.two_part`, one quarter, sorted.

    A cell of the reference population without residents in the register keeps its people.
    """
    known = catalogue(generation)
    year = grid.nearest_year(quarter.name, tuple(known.population_years))
    last = known.ages.starts[-1] if variant.age_to is None else variant.age_to
    people = grid.fetch(
        generation, "frame_population", {"year": year, "first_age": variant.age_from, "last_age": last}
    )
    counted = grid.fetch(
        generation, "frame_cells", {"measure_id": variant.measure_id, "quarter_index": quarter.index}
    )
    return (
        people.with_columns(pl.lit(quarter.name).alias("quarter"))
        .join(counted, on=list(CELL), how="left")
        .with_columns(pl.col(COUNTS).fill_null(0).cast(pl.Int64))
        .select(*CELL, *COUNTS)
        .sort(CELL)
    )
