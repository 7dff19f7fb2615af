"""The cells of the two-part estimator: everybody of the register and the reference population, one row a cell.

Always all cells of a definition, whatever the question restricts itself to: what is learned of a cell must not depend
on who else was asked for. The question only marks the cells it asks for.
"""

from __future__ import annotations

import polars as pl

from analytics import cells as grid
from analytics.ages import MartAges
from analytics.catalogue import Catalogue, Variant
from analytics.generation import Generation
from analytics.plan import Plan
from analytics.two_part import CELL, COUNTS


def frame_cells(plan: Plan, variant: Variant, known: Catalogue, generation: Generation) -> pl.DataFrame:
    """Columns ``CELL``, ``COUNTS`` and ``age_band`` (the band of the answer) of :mod:`analytics.two_part`.

    ``is_asked``: the cell belongs to a row of the answer. A cell without residents in the register keeps its people.
    """
    ages = _ages(plan, known.ages)
    bounds = {
        "first_age": variant.age_from,
        "last_age": known.ages.starts[-1] if variant.age_to is None else variant.age_to,
    }
    people = grid.fetch(generation, "frame_population", bounds)
    counted = grid.fetch(
        generation,
        "frame_cells",
        {
            "measure_id": variant.measure_id,
            "first_quarter": plan.quarters[0].index,
            "last_quarter": plan.quarters[-1].index,
        },
    )
    years = [
        (quarter.name, grid.nearest_year(quarter.name, tuple(known.population_years)))
        for quarter in plan.quarters
    ]
    spread = pl.DataFrame(
        years, schema={"quarter": pl.String, "year": people.schema["year"]}, orient="row"
    ).join(people, on="year", how="inner")
    cells = spread.join(counted, on=list(CELL), how="left").join(ages, on="age_from", how="left")
    asked = [
        pl.col(name).is_in(plan.question.only(name))
        for name in ("district", "sex")
        if plan.question.only(name)
    ]
    return (
        cells.with_columns(
            pl.col(COUNTS).fill_null(0).cast(pl.Int64),
            pl.all_horizontal(pl.col("age_band").is_not_null(), *asked).alias("is_asked"),
        )
        .select(*CELL, "age_band", "is_asked", *COUNTS)
        .sort(CELL)
    )


def _ages(plan: Plan, ages: MartAges) -> pl.DataFrame:
    """Each mart band that was asked for, with the band of the answer it belongs to."""
    rows = [
        (start, group.band.label)
        for group in plan.ages
        if group.is_defined
        for start in ages.compose(group.band)
    ]
    return pl.DataFrame(rows, schema={"age_from": pl.Int16, "age_band": pl.String}, orient="row")
