"""Work done once for every text and not once for every row.

Ten million people of the city share a third as many names and forty thousand dates of birth.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def by_distinct(
    frame: pl.DataFrame, column: str, forms: Callable[[pl.DataFrame], pl.DataFrame]
) -> pl.DataFrame:
    """The frame with the columns that ``forms`` makes of the distinct texts of ``column``; row order is kept.

    ``forms`` gets a frame of that one column without nulls and returns it with more columns; texts it leaves out get
    nulls (False in a Boolean column).
    """
    texts = frame.select(pl.col(column).drop_nulls().unique())
    found = frame.select(column).join(forms(texts), on=column, how="left", maintain_order="left").drop(column)
    booleans = pl.selectors.boolean().fill_null(value=False)
    return frame.with_columns(found.with_columns(booleans).get_columns())
