"""How many people should have a record by a day, according to the plan's cumulative targets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from analytics.disclosure import Reason, State
from analytics.generation import Generation, read_sql
from analytics.plan import Plan

_SHARED = ("by_district", "any_district", "districts", "any_phase", "phases", "any_plan_group", "plan_groups")


def parameters(shared: Mapping[str, Any]) -> dict[str, Any]:
    """Of the parameters of the record cells those that the targets share."""
    return {**{name: shared[name] for name in _SHARED}, "by_phase": True, "by_plan_group": True}


def planned(generation: Generation, day: date, *, by_district: bool) -> pl.DataFrame:
    """People due by ``day``, which may lie ahead: district (null for the city), phase, due. The plan's own numbers."""
    targets = generation.frame(
        read_sql("target_cells"),
        {
            "by_district": by_district, "any_district": True, "districts": [], "by_phase": True, "any_phase": True,
            "phases": [], "by_plan_group": True, "any_plan_group": True, "plan_groups": [],
        },
    )  # fmt: skip
    return due(targets, [day]).group_by(["district", "phase"], maintain_order=True).agg(pl.col("due").sum())


def last_day(quarter: str) -> date:
    """The last day of ``2024Q4``."""
    year, number = int(quarter[:4]), int(quarter[-1])
    following = date(year + 1, 1, 1) if number == 4 else date(year, 3 * number + 1, 1)
    return following - timedelta(days=1)


def due(targets: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    """People due by each day, per district, phase and group of the plan: ``day`` and ``due`` (a number of people).

    Between two ends of a quarter a straight line; nothing before the quarter of the first target; the last target
    stays. ``targets``: quarter, district (null for the city), phase, plan_group, people.
    """
    keys = ["district", "phase", "plan_group"]
    asked = np.array([day.toordinal() for day in days], dtype=float)
    parts = []
    for group in targets.partition_by(keys, maintain_order=True) if targets.height else []:
        steps = group.sort("quarter")
        ends = [last_day(quarter).toordinal() for quarter in steps["quarter"]]
        start = last_day(_before(steps["quarter"][0])).toordinal()
        people = np.interp(asked, [start, *ends], [0.0, *steps["people"].to_list()])
        parts.append(
            pl.DataFrame({"day": list(days), "due": people}).with_columns(
                pl.lit(group[name][0], pl.String).alias(name) for name in keys
            )
        )
    schema = {"day": pl.Date, "due": pl.Float64, **dict.fromkeys(keys, pl.String)}
    return pl.concat(parts).select(list(schema)) if parts else pl.DataFrame(schema=schema)


def with_target(plan: Plan, cells: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Cells of records created with the people due as denominator; without a target a row is ``not_measurable``."""
    by = list(plan.question.by)
    held = cells.group_by(by, maintain_order=True).agg(pl.col("numerator").sum()) if by else (
        cells.select(pl.col("numerator").sum())
    )  # fmt: skip
    held = held.with_columns(_day(plan).alias("day"))
    keys = ["day", *(name for name in by if name in ("district", "phase", "plan_group"))]
    spread = due(targets, held["day"].unique().sort().to_list())
    totals = spread.group_by(keys).agg(pl.col("due").sum().round().cast(pl.Int64).alias("denominator"))
    joined = held.join(totals, on=keys, how="left", maintain_order="left")
    unknown = pl.col("denominator").is_null()
    return joined.select(
        *by,
        "numerator",
        pl.col("denominator").fill_null(0),
        pl.when(unknown).then(pl.lit(State.NO_DATA.value)).alias("withheld_state"),
        pl.when(unknown).then(pl.lit(Reason.NOT_MEASURABLE.value)).alias("withheld_reason"),
    )


def _day(plan: Plan) -> pl.Expr:
    """The day a row stands for: the Sunday of its week, the last day of its quarter."""
    if "week" in plan.question.by:
        return pl.col("week") + pl.duration(days=6)
    ends = {quarter.name: last_day(quarter.name) for quarter in plan.quarters}
    if "quarter" in plan.question.by:
        return pl.col("quarter").replace_strict(ends, return_dtype=pl.Date)
    return pl.lit(ends[plan.quarters[-1].name])


def quarter_of(day: date) -> str:
    """The quarter a day lies in."""
    return f"{day.year}Q{(day.month - 1) // 3 + 1}"


def _before(quarter: str) -> str:
    year, number = int(quarter[:4]), int(quarter[-1])
    return f"{year - 1}Q4" if number == 1 else f"{year}Q{number - 1}"
