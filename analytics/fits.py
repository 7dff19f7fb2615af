"""The models that were fitted to a build, each with what its own checks found."""

from __future__ import annotations

from typing import Any

import polars as pl

from analytics.catalogue import catalogue
from analytics.generation import Generation, read_sql

SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("condition", "definition", "quarter"), pl.String),
    "assessed": pl.Int64,
    "faults": pl.List(pl.String),
    "is_converged": pl.Boolean,
    **dict.fromkeys(("effective_points", "dispersion", "covered", "sigma_district", "seconds"), pl.Float64),
}


def fits(generation: Generation) -> pl.DataFrame:
    """One row a fit, newest quarter first: columns :data:`SCHEMA`; no rows where nothing was fitted.

    ``faults``: why its numbers are not shown, empty where they are; ``effective_points``: how many points of the grid
    of hyperparameters carry the answer; ``dispersion``: 1 where cells scatter as binomial counts do; ``covered``: cells
    within their own 95 % predictive interval; ``sigma_district``: spread of districts on the logit.
    """
    if not generation.has_estimates:
        return pl.DataFrame(schema=SCHEMA)
    known = catalogue(generation.frozen)
    variants = {item.measure_id: item for item in known.variants}
    quarters = {item.index: item.name for item in known.quarters}
    found = generation.estimates(read_sql("fit_diagnostics"))
    rows = [
        {
            **row,
            "condition": variants[row["measure_id"]].condition,
            "definition": variants[row["measure_id"]].variant,
            "quarter": quarters[row["quarter_index"]],
        }
        for row in found.iter_rows(named=True)
        if row["measure_id"] in variants and row["quarter_index"] in quarters
    ]
    frame = pl.DataFrame(rows, schema_overrides=SCHEMA, orient="row") if rows else pl.DataFrame(schema=SCHEMA)
    return frame.select(list(SCHEMA)).sort(
        "condition", "definition", "quarter", descending=[False, False, True]
    )
