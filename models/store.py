"""Writes estimates into a generation that is not published yet; reading them is :mod:`analytics.generation`'s."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from warehouse.generation_files import ESTIMATES

#: Table and the columns that order its rows.
ORDER = {
    "estimate_fit": ("measure_id", "quarter_index"),
    "estimate_effect": ("measure_id", "quarter_index", "effect", "district", "sex", "age_from"),
    "synthetic_truth": ("quarter", "condition", "variant", "district", "sex", "age"),
    "synthetic_score": ("condition", "definition", "estimator", "quarter", "district"),
}


def write_estimates(folder: Path, frames: Mapping[str, pl.DataFrame]) -> None:
    """Write ``estimates.duckdb`` into ``folder``, or more tables into it; nobody may have it open."""
    with duckdb.connect(str(folder / ESTIMATES)) as connection:
        for table in frames:
            # Read by its name from this scope.
            rows = frames[table]  # noqa: F841
            connection.sql(f"create table {table} as select * from rows order by {', '.join(ORDER[table])}")
        connection.sql("checkpoint")
