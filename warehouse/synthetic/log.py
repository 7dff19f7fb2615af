"""What was done to the rows on purpose: every defect, so that cleaning can be scored against it."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from warehouse.synthetic.columns import Ints
from warehouse.synthetic.parameters import Floats

SCHEMA = {
    "table": pl.String,
    "key": pl.String,
    "defect": pl.String,
    "column": pl.String,
    "was": pl.String,
}


@dataclass
class Log:
    """Defects of one chunk of people, in the order they were made."""

    frames: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self,
        table: str,
        key: pl.Series,
        defect: str,
        column: str,
        was: pl.Series | Floats | Ints | None = None,
    ) -> None:
        """Rows of ``table`` with these keys have a ``defect`` in a column, which ``was`` something else before."""
        before = (
            pl.Series([None] * len(key), dtype=pl.String) if was is None else pl.Series(was).cast(pl.String)
        )
        frame = pl.DataFrame({"key": key, "was": before})
        self.frames.append(
            frame.select(
                pl.lit(table).alias("table"),
                "key",
                pl.lit(defect).alias("defect"),
                pl.lit(column).alias("column"),
                "was",
            )
        )

    def only(self, table: str, keys: pl.Series) -> None:
        """Forget what was done to rows of ``table`` that are not among those sent."""
        sent = pl.DataFrame({"key": keys})
        self.frames = [
            frame.join(sent, on="key", how="semi", maintain_order="left")
            if frame.height and frame["table"][0] == table
            else frame
            for frame in self.frames
        ]

    def table(self) -> pl.DataFrame:
        """All of them: table, key of the row, defect, column, what was there before."""
        return pl.concat(self.frames) if self.frames else pl.DataFrame(schema=SCHEMA)
