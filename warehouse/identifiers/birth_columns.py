"""Dates of birth in parts: year, month and day as far as they are known.

Forms are those of the ``partial_date`` of a contract: ``1958-04-30`` (also with a time of day, or ``30/04/1958``),
``1958-04`` or ``1958-04-00``, ``1958`` or ``1958-00-00``.
"""

from __future__ import annotations

import polars as pl

from warehouse.identifiers.distinct import by_distinct

BIRTH = "birth_date"
#: Shared with the reading of one date in agreement.py.
DAY_FIRST = r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$"
DATE_PARTS = (
    r"^(?P<year>(?:1[89]|2[0-9])[0-9]{2})(?:-(?P<month>[0-9]{1,2})(?:-(?P<day>[0-9]{1,2})"
    r"(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2})?)?)?$"
)


def standard_births(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the parts of ``birth_date`` (text) added; all are null for a text that is no date.

    ``birth_year`` Int16, ``birth_month`` Int8, ``birth_day`` Int8: null where unknown.
    ``birth_precision`` String: ``day``, ``month`` or ``year``.
    ``birth_day_known`` Date: the date where the day is known.
    ``birth_swapped`` Date: the same with day and month swapped, where that is another date.
    ``birth_perhaps_year_only`` Boolean, never null: 1 January, which registers write for a year alone.
    """
    return by_distinct(frame, BIRTH, _parts)


def _parts(texts: pl.DataFrame) -> pl.DataFrame:
    written = pl.col(BIRTH).str.replace(DAY_FIRST, "$3-$2-$1")
    parts = texts.with_columns(written.str.extract_groups(DATE_PARTS).alias("_part")).unnest("_part")
    # Zero stands for unknown; a day without its month is no date.
    numbers = parts.with_columns(
        pl.col("year").cast(pl.Int16),
        pl.col("month").cast(pl.Int8).fill_null(0),
        pl.col("day").cast(pl.Int8).fill_null(0),
    ).filter(_is_date())
    month, day = pl.col("month"), pl.col("day")
    known = numbers.with_columns(
        pl.when(month > 0).then(month).alias("birth_month"),
        pl.when(day > 0).then(day).alias("birth_day"),
    )
    return known.select(BIRTH, *_forms())


def _is_date() -> pl.Expr:
    """A year alone, a year and a month, or a day of the calendar (Gregorian)."""
    year, month, day = pl.col("year"), pl.col("month"), pl.col("day")
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    # 31 days in January and every second month, and again from August on.
    length = pl.when(month == 2).then(28 + is_leap.cast(pl.Int8)).otherwise(30 + (month + month // 8) % 2)
    return year.is_not_null() & (month <= 12) & (day <= length) & ((month > 0) | (day == 0))


def _forms() -> list[pl.Expr]:
    year, month, day = pl.col("year"), pl.col("birth_month"), pl.col("birth_day")
    can_swap = (day <= 12) & (day != month)
    precision = (
        pl.when(day.is_not_null())
        .then(pl.lit("day"))
        .when(month.is_not_null())
        .then(pl.lit("month"))
        .otherwise(pl.lit("year"))
    )
    return [
        year.alias("birth_year"),
        month,
        day,
        precision.alias("birth_precision"),
        pl.date(year, month, day).alias("birth_day_known"),
        pl.when(can_swap).then(pl.date(year, day, month)).alias("birth_swapped"),
        ((month == 1) & (day == 1)).fill_null(value=False).alias("birth_perhaps_year_only"),
    ]
