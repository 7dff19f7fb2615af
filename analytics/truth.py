"""What is really so in a synthetic city, to stand beside what was estimated. Counts of nobody: no gate is needed."""

from __future__ import annotations

import polars as pl

from analytics.ages import parse_age_band
from analytics.generation import Generation, read_sql

#: Older than anybody.
_OLDEST = 200


def has_truth(generation: Generation) -> bool:
    """Whether a truth lies beside the estimates of this build."""
    return bool(generation.manifest["synthetic"]) and generation.has_estimates and _count(generation) > 0


def truth(
    generation: Generation,
    condition: str,
    variant: str,
    *,
    ages: str,
    sex: str | None = None,
    district: str | None = None,
) -> pl.DataFrame:
    """``quarter`` and ``value``: the true prevalence at the end of each; no rows where none is known."""
    if not has_truth(generation):
        return pl.DataFrame(schema={"quarter": pl.String, "value": pl.Float64})
    band = parse_age_band(ages)
    asked = {
        "condition": condition,
        "variant": variant,
        "first_age": band.first,
        "last_age": _OLDEST if band.last is None else band.last,
        "sex": sex,
        "district": district,
    }
    rows = generation.estimates(read_sql("synthetic_truth"), asked)
    return rows.select("quarter", (pl.col("cases") / pl.col("people")).alias("value"))


def _count(generation: Generation) -> int:
    return int(generation.estimates(read_sql("synthetic_truth_size")).item())
