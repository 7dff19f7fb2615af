"""Counts drawn from a prevalence that is known: a ring of eight districts, one far above the others."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import expit, logit

AGES = (18, 25, 35, 45, 50, 51, 60, 70, 80)
DISTRICTS = tuple(str(760 + place) for place in range(8))
RING = [(one, other) for one, other in zip(DISTRICTS, (*DISTRICTS[1:], DISTRICTS[0]), strict=True)]
PERSISTENCE = (6.4, 3.6)


def truth() -> pl.DataFrame:
    """Prevalence of every cell: rises with age, higher in men, one district far above the others."""
    rows = [
        (
            district,
            sex,
            age,
            expit(-3 + 0.045 * (age - 18) + 0.3 * (sex == "male") + 0.8 * (district == "763")),
        )
        for district in DISTRICTS
        for sex in ("female", "male")
        for age in AGES
    ]
    schema = {"district": pl.String, "sex": pl.String, "age_from": pl.Int16, "truth": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def counted(assessed: int, *, spread: float = 0.0, indeterminate: int = 0, seed: int = 5) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    cells = truth()
    share = expit(logit(cells["truth"].to_numpy()) + generator.normal(0, spread, cells.height))
    return cells.with_columns(
        pl.lit(assessed, pl.Int64).alias("assessed"),
        pl.Series("cases", generator.binomial(assessed, share).astype(np.int64)),
        pl.lit(indeterminate, pl.Int64).alias("indeterminate"),
    )
