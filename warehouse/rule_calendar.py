"""Quarters and days as small integers: the clock of the person SQL.

A quarter is one bit: bit 0 is the origin quarter of the warehouse, and bit q is set when something holds on
the last day of quarter q. Days count from 1970-01-01. The person SQL only ever looks a day up in
``rule_calendar``, so it contains no date arithmetic, on which engines differ.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from warehouse.contracts import load_contracts
from warehouse.errors import Defect

EPOCH = date(1970, 1, 1)
MAX_QUARTERS = 62


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def quarter_ordinal(day: date) -> int:
    """Quarters since year 0; the quarter a day lies in."""
    return day.year * 4 + (day.month - 1) // 3


def quarter_label(ordinal: int) -> str:
    """Name of a quarter.

    >>> quarter_label(quarter_ordinal(date(2022, 11, 15)))
    '2022Q4'
    """
    return f"{ordinal // 4}Q{ordinal % 4 + 1}"


def last_day_of(ordinal: int) -> date:
    """Last day of a quarter.

    >>> last_day_of(quarter_ordinal(date(2024, 2, 1)))
    datetime.date(2024, 3, 31)
    """
    following = ordinal + 1
    return date(following // 4, following % 4 * 3 + 1, 1) - timedelta(days=1)


def calendar_tables(*, origin: date, last: date) -> dict[str, pl.DataFrame]:
    """``rule_quarter`` and ``rule_calendar`` from the quarter of ``origin`` (bit 0) to the quarter of
    ``last``.

    ``rule_calendar`` runs from the first day a reading may have (or the day before the origin's last day) to the day
    after the last quarter's, so that any day clamped to its edges finds the right bits, and every reading the month it
    was taken in: look-backs of the first quarter reach years before it. Raises :class:`Defect` beyond 62 quarters.
    """
    ordinals = range(quarter_ordinal(origin), quarter_ordinal(last) + 1)
    if not 1 <= len(ordinals) <= MAX_QUARTERS:
        raise Defect(
            f"{len(ordinals)} quarters from {origin} to {last}; a bit column holds 1 to {MAX_QUARTERS}"
        )
    ends = [last_day_of(ordinal) for ordinal in ordinals]
    return {"rule_quarter": _quarters(ordinals, ends), "rule_calendar": _calendar(ends)}


def _quarters(ordinals: range, ends: list[date]) -> pl.DataFrame:
    rows = [
        (
            quarter_label(ordinal),
            index,
            end,
            day_number(end),
            end.year * 12 + end.month - 1,
            1 << index,
        )
        for index, (ordinal, end) in enumerate(zip(ordinals, ends, strict=True))
    ]
    schema = {
        "quarter": pl.String,
        "quarter_index": pl.Int16,
        "last_date": pl.Date,
        "last_day": pl.Int32,
        "last_month_index": pl.Int32,
        "bit": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _first_reading() -> int:
    """The first day the contract of measurements allows."""
    return day_number(date.fromisoformat(str(load_contracts()["measurement"].column("taken_at").at_least)))


def _calendar(ends: list[date]) -> pl.DataFrame:
    """``bits_from``: quarters whose last day is this day or later; ``bits_until``: this day or earlier."""
    numbers = pl.Series([day_number(end) for end in ends])
    first = min(_first_reading(), numbers[0] - 1)
    day = pl.int_range(first, numbers[-1] + 2, dtype=pl.Int32, eager=True).alias("day")
    on = day.cast(pl.Date)
    before, reached = numbers.search_sorted(day, side="left"), numbers.search_sorted(day, side="right")
    below = pl.Series([(1 << quarters) - 1 for quarters in range(len(ends) + 1)], dtype=pl.Int64)
    return pl.DataFrame(
        {
            "day": day,
            "month_index": (on.dt.year() * 12 + on.dt.month() - 1).cast(pl.Int32),
            "first_bit": before.cast(pl.Int16),
            "last_bit": reached.cast(pl.Int16) - 1,
            "bits_from": below[-1] - below.gather(before),
            "bits_until": below.gather(reached),
        }
    )
