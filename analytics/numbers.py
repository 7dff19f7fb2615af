"""What is wrong with the numbers of people: how many of each kind have which fault. Never a number itself.

Numbers are counted as accepted rows of registers have them, by the rules of ``warehouse/identifiers/faults.toml``. Such
counts are no health facts and exact.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from analytics.disclosure import State
from analytics.generation import Generation, read_sql
from analytics.report import Report, build_of, need

#: Kinds of number, in the order of trust that linkage has in them.
KINDS = ("national_id", "insurance", "old_id", "phone")
#: What becomes of a number with a fault: it links nobody, or it is used and something beside it may be wrong.
UNUSED, WARNS = "unused", "warns"
_NUMBERS: dict[str, Any] = {
    **dict.fromkeys(("number", "fault", "source", "treatment"), pl.String),
    **dict.fromkeys(("written", "found"), pl.Int64),
    "share": pl.Float64,
    **dict.fromkeys(("name_vi", "name_en", "state", "reason"), pl.String),
}


def numbers(generation: Generation) -> Report:
    """One row a kind of number, fault and source: ``found`` of ``written`` numbers have it.

    Columns :data:`_NUMBERS`; ``treatment``: :data:`UNUSED` for linkage, or it :data:`WARNS`. A fault that no number has
    is there with nought. ``lent`` of ``about``: numbers under which more than ten people stand, by given name and year
    of birth, which link nobody; None, and no rows, where persons are not linked. Raises UserError for a build of
    before faults were kept.
    """
    need(generation, "mart_number_fault")
    run = generation.live.frame(read_sql("linkage_run")).to_dicts()
    rows = faults(generation.live.frame(read_sql("number_faults")))
    lent = run[0]["lent"] if run else None
    return Report(
        title="What is wrong with the numbers of people",
        rows=rows if run else rows.clear(),
        about={"build": build_of(generation), "lent": lent},
        notes=(
            "of accepted rows: identity, card and insurance numbers of the wrong form are refused with their rows",
            f"numbers under which more than ten people stand, which link nobody: {lent:,}"
            if run
            else "persons are not linked (HSSK_LINKAGE): numbers are not judged",
            "unused: links nobody; warns: used, but the number or the row beside it may be wrong",
        ),
        shares=("share",),
        only_in_files=("name_vi", "name_en", "state", "reason"),
    )


def faults(cells: pl.DataFrame) -> pl.DataFrame:
    """The rows of :func:`numbers`. Pure."""
    order = {name: place for place, name in enumerate(KINDS)}
    treatment = pl.when(pl.col("is_unusable")).then(pl.lit(UNUSED)).otherwise(pl.lit(WARNS))
    return (
        cells.with_columns(
            treatment.alias("treatment"),
            (pl.col("found") / pl.col("written")).alias("share"),
            pl.lit(State.SHOWN.value).alias("state"),
            pl.lit(None, pl.String).alias("reason"),
        )
        .sort(pl.col("number").replace_strict(order), "flag", "source")
        .select(pl.col(name).cast(kind) for name, kind in _NUMBERS.items())
    )
