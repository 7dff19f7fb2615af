"""Records by week: flows summed up to stocks, and which weeks of a group of the plan may be told.

The noise of a stock hangs on who is in it: where nobody came the next week has the same number, and where somebody did
nearly always another. So differences of weeks tell who came, though every stock is protected. By place that is one
person of few (of a disease, in a unit: 145 of 145 changes were somebody, 1,054 of 1,110 weeks without one nobody), so
weeks by place are withheld (:attr:`Plan.tells_weeks_of_places`). Of the city a week is told once five have come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from analytics.disclosure import KEY_COLUMNS, Reason, suppressed
from analytics.hiding import SMALLEST_COUNT
from analytics.noise import Noise
from analytics.plan import Plan

_ROW = "_row"
_COUNTS = ("numerator", "denominator")


def stock(plan: Plan, cells: pl.DataFrame) -> pl.DataFrame:
    """Weekly flows summed up to stocks, in the order of the weeks; keys stay modulo 256."""
    grain = list(plan.question.by)
    others = [name for name in grain if name != "week"]
    names = (*_COUNTS, *KEY_COLUMNS)
    # What is withheld of a place is so in every week of it.
    withheld = [pl.col(name).max() for name in cells.columns if name.startswith("withheld_")]
    flows = cells.group_by(grain, maintain_order=True).agg(pl.col(names).sum(), *withheld)
    running = [
        (pl.col(name).cum_sum().over(others, order_by="week") if others else pl.col(name).cum_sum())
        for name in names
    ]
    summed = (flows if others else flows.sort("week")).with_columns(running)
    return summed.with_columns((pl.col(name) % 256).alias(name) for name in KEY_COLUMNS)


def without_small_steps(plan: Plan, stocks: pl.DataFrame, noise: Noise) -> pl.DataFrame:
    """Stocks of a protected group with the weeks withheld that fewer than five were added to since the last one told.

    Judged on protected counts, which nobody coming leaves alone, so a week that is told has somebody in it and one that
    is not may have nobody or a few. The denominator comes first and by itself: it is the same for every step of the
    ladder, and weeks told with one step may not fill those withheld with another.
    """
    others = [name for name in plan.question.by if name != "week"]
    counts = [noise.on(stocks[name], stocks[f"{name}_key"]) for name in _COUNTS]
    rows = stocks.select(*others, "week").with_columns(counts).with_row_index(_ROW).sort("week")
    told = [row for part in (rows.partition_by(others) if others else [rows]) for row in _told(part)]
    return suppressed(stocks, ~pl.int_range(pl.len()).is_in(told), Reason.SMALL_WEEK)


def _told(part: pl.DataFrame) -> list[int]:
    """The rows of one series that may be told; ascending weeks."""
    enough = grown(part["denominator"], [True] * part.height)
    both = grown(part["numerator"], enough)
    return part.filter(pl.Series(both, dtype=pl.Boolean))[_ROW].to_list()


def grown(counts: Iterable[int], among: Sequence[bool]) -> list[bool]:
    """Which of ascending weeks are at least five above the last such week, of those that may be chosen ``among``."""
    last, found = 0, []
    for count, is_open in zip(counts, among, strict=True):
        passes = is_open and count - last >= SMALLEST_COUNT
        last = count if passes else last
        found.append(passes)
    return found
