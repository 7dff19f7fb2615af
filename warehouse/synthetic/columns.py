"""Columns of extract files from arrays of numbers: references, dates, times, words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: No such day: in arrays of days since 1970-01-01.
NEVER = np.int64(10_000_000)
_DAY_MICROSECONDS = 86_400_000_000


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def refs(letter: str, number: Ints, times: int = 1, offset: int = 0) -> pl.Series:
    """References that no two rows share: ``times`` numbers per visit or person, this row's being ``offset``."""
    return letter + pl.Series(number * times + offset).cast(pl.String)


def person_refs(number: Ints) -> pl.Series:
    """The sender's reference of each person: the same in every table."""
    return refs("P", number)


def hospital_refs(number: Ints) -> pl.Series:
    """The reference a hospital gave of its own to a person it does not link."""
    return refs("Q", number)


def quarter_number(day: date) -> int:
    """Quarters since year 0."""
    return day.year * 4 + (day.month - 1) // 3


def quarter_start(number: int) -> date:
    """The first day of a quarter by its number."""
    return date(number // 4, number % 4 * 3 + 1, 1)


def dates(day: Ints) -> pl.Series:
    """Days as dates; nothing where there is no such day."""
    return _optional(pl.Series(np.minimum(day, NEVER)).cast(pl.Int32).cast(pl.Date), day)


def times(day: Ints, minute: Ints | int = 0) -> pl.Series:
    """Days and minutes of the day as naive local time; nothing where there is no such day."""
    microseconds = np.minimum(day, NEVER) * _DAY_MICROSECONDS + np.asarray(minute) * 60_000_000
    return _optional(pl.Series(microseconds).cast(pl.Datetime("us")), day)


def words(choices: Sequence[str | None], index: Ints) -> pl.Series:
    """The chosen words; nothing where nothing is chosen."""
    return pl.Series(list(choices), dtype=pl.String).gather(index)


def constant(word: str, rows: int) -> pl.Series:
    """One word in every row."""
    return pl.repeat(word, rows, dtype=pl.String, eager=True)


def nothing(rows: int, kind: type[pl.DataType] = pl.String) -> pl.Series:
    """An empty column."""
    return pl.repeat(None, rows, dtype=kind, eager=True)


def _optional(column: pl.Series, day: Ints) -> pl.Series:
    return column.to_frame("at").select(pl.when(pl.Series(day < NEVER)).then(pl.col("at"))).to_series()
