"""What linkage found: how many references of each group are somebody of the register, and how often it may be wrong.

Counts of references are no health facts and exact. How often the ill are linked is one: it is told only of groups that
may be shown. Nobody knows how many links are wrong; what is told is what the weights expect (``docs/linkage.md``).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from analytics.catalogue import catalogue
from analytics.disclosure import SMALLEST_DENOMINATOR, Reason, State
from analytics.generation import Generation, read_sql
from analytics.hiding import SMALLEST_COUNT
from analytics.quality import preferred
from analytics.report import Report, build_of, need

#: Groups of references, the whole first.
DIMENSIONS = ("all", "source", "sex", "age", "district", "condition")
_THOUSAND = 1000
_LINKED: dict[str, Any] = {
    **dict.fromkeys(("dimension", "group_name"), pl.String),
    "is_register": pl.Boolean,
    **dict.fromkeys(("refs", "linked", "by_number"), pl.Int64),
    **dict.fromkeys(("linked_share", "expected_wrong", "expected_missed"), pl.Float64),
    **dict.fromkeys(("state", "reason"), pl.String),
}


def linkage(generation: Generation) -> Report:
    """One row a group of references: ``linked`` of ``refs`` are one person with another reference of a register.

    Columns :data:`_LINKED`. Of a register itself those are people entered twice. ``expected_wrong``: links by likeness
    that are expected to be wrong; ``expected_missed``: links expected among the pairs that were weighed and found too
    weak. Of the ill there are shares only. Raises UserError for a build of before linkage.
    """
    need(generation, "mart_linkage")
    cells = generation.live.frame(read_sql("linkage_cells"))
    measures = generation.live.frame(read_sql("linkage_measures"))
    names = {key: item.condition for key, item in preferred(catalogue(generation.live).variants).items()}
    return Report(
        title="References that are one person with somebody in the register of residents",
        rows=linked(cells, measures, names),
        about={"build": build_of(generation)},
        notes=(
            "expected wrong and missed: as the weights of linkage say; nobody knows the truth of real people",
            "condition: whether references of the ill are linked as often",
        ),
        shares=("linked_share",),
        only_in_files=("reason",),
    )


def linked(cells: pl.DataFrame, measures: pl.DataFrame, names: dict[int, str]) -> pl.DataFrame:
    """The rows of :func:`linkage`. ``names``: condition by the measure of its cases. Pure."""
    groups = cells.with_columns(
        (pl.col("wrong_thousandths") / _THOUSAND).alias("expected_wrong"),
        (pl.col("missed_thousandths") / _THOUSAND).alias("expected_missed"),
        pl.lit(State.SHOWN.value).alias("state"),
        pl.lit(None, pl.String).alias("reason"),
    )
    shares = (pl.col("linked") / pl.col("refs")).alias("linked_share")
    ill = measures.filter(pl.col("measure_id").is_in(list(names))).with_columns(
        pl.lit("condition").alias("dimension"),
        pl.col("measure_id").replace_strict(names, return_dtype=pl.String).alias("group_name"),
        pl.lit(value=False).alias("is_register"),
    )
    rows = pl.concat([groups.with_columns(shares), _of_the_ill(ill)], how="diagonal_relaxed")
    order = {name: place for place, name in enumerate(DIMENSIONS)}
    return rows.sort(
        pl.col("dimension").replace_strict(order, default=None), "is_register", "group_name", nulls_last=True
    ).select(pl.col(name).cast(kind) for name, kind in _LINKED.items())


def _of_the_ill(ill: pl.DataFrame) -> pl.DataFrame:
    """Shares in whole percent and no counts, so that two builds do not tell of one person; none of small groups."""
    rest = pl.col("refs") - pl.col("linked")
    few = (
        (pl.col("refs") < SMALLEST_DENOMINATOR)
        | pl.col("linked").is_between(1, SMALLEST_COUNT - 1)
        | rest.is_between(1, SMALLEST_COUNT - 1)
    )
    share = (pl.col("linked") / pl.col("refs")).round(2)
    return ill.select(
        "dimension",
        "group_name",
        "is_register",
        pl.when(~few).then(share).alias("linked_share"),
        pl.when(few).then(pl.lit(State.SUPPRESSED.value)).otherwise(pl.lit(State.SHOWN.value)).alias("state"),
        pl.when(few).then(pl.lit(Reason.SMALL_DENOMINATOR.value)).alias("reason"),
    )
