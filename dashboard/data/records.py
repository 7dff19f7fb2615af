"""What the pages about records share: answers by week, the plan, and the restrictions of a question.

Everything by week is counted up to the last complete week, so that a week that has just begun is no slump.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import polars as pl

from analytics.generation import Generation
from analytics.question import Question
from analytics.targets import planned as planned_by
from dashboard.data import source
from dashboard.selection.overview import PHASES

Where = tuple[tuple[str, tuple[str, ...]], ...]


def weekly(generation: Generation, question: Question) -> pl.DataFrame:
    """An answer by week, up to the last complete week."""
    extract_date = date.fromisoformat(generation.extract_date)
    rows = source.answered(generation, question)
    return rows.filter(pl.col("week") + pl.duration(days=6) <= extract_date)


def newest(generation: Generation, measure: str, by: tuple[str, ...], where: Where) -> pl.DataFrame:
    """A measure of records as of the day of the data."""
    quarter = source.newest_quarter(generation)
    return source.answered(generation, Question(measure=measure, by=by, where=where, period=quarter))


def where(district: str | None, phase: str) -> Where:
    """The restriction to a district and a phase, where there is one."""
    return source.where(
        district=None if district is None else (district,), phase=None if phase == "all" else (phase,)
    )


def of_plan(generation: Generation, district: str | None, phase: str) -> Where:
    """The same for what is held against the plan: all phases are those that have a target.

    Records of a phase without one would count as ahead of a plan that asks for nobody.
    """
    if phase != "all":
        return where(district, phase)
    found = targeted(generation)
    return (*where(district, "all"), *((("phase", found),) if found else ()))


def targeted(generation: Generation) -> tuple[str, ...]:
    """The phases that have a target."""
    rows = planned(generation, date.fromisoformat(generation.extract_date), by_district=False)
    known = set(rows["phase"])
    return tuple(name for name in PHASES if name in known)


@lru_cache(maxsize=64)
def planned(generation: Generation, day: date, *, by_district: bool) -> pl.DataFrame:
    """The plan's own numbers: asked for by every phase of every page, and the same as long as the build is."""
    return planned_by(generation, day, by_district=by_district)


def against_plan(generation: Generation, by: tuple[str, ...], where: Where) -> pl.DataFrame:
    """``by`` (a week among them), ``records`` and ``due`` (null without a target) up to the last complete week."""
    stock = weekly(generation, Question(measure="ladder", by=by, where=where))
    plan = weekly(generation, Question(measure="progress", by=by, where=where))
    due = pl.when(pl.col("reason").fill_null("") != "not_measurable").then(pl.col("denominator"))
    return stock.select(*by, pl.col("numerator").alias("records")).join(
        plan.select(*by, due.alias("due")), on=by, how="left", maintain_order="left"
    )


def progress(generation: Generation, phase: str) -> pl.DataFrame:
    """Records over the people due of every district, in the last complete week."""
    where = of_plan(generation, None, phase)
    rows = weekly(generation, Question(measure="progress", by=("district", "week"), where=where))
    return rows.filter(pl.col("week") == pl.col("week").max())
