"""Noise on counts: the same cell always gets the same number, and nobody can tell it from the true one.

A lattice cell (unit x both/male/female x age band or published group) of ``n`` people with cell key ``k`` is shown as
``n + table[min(n, 3)][k]``; nobody stays nobody. A selection outside the lattice is the sum of protected lattice
cells, never a new look-up. Design and sources: ``warehouse/noise.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: Variance of the noise on one cell of three people or more; smaller cells have 1.27 and 1.94.
CELL_VARIANCE = 1.8
_LARGEST = 3
_KEYS = 256


@dataclass(frozen=True, eq=False)
class Noise:
    """``table``: line 0 for nobody (all zero), then 1, 2, and 3 or more people, by cell key."""

    table: NDArray[np.int64]

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Noise:
        """From the columns ``people, cell_key, noise``."""
        table = np.zeros((_LARGEST + 1, _KEYS), dtype=np.int64)
        table[frame["people"].to_numpy(), frame["cell_key"].to_numpy()] = frame["noise"].to_numpy()
        return cls(table)

    def on(self, people: pl.Series, keys: pl.Series) -> pl.Series:
        """Protected counts of cells; a cell without a key (null) counts no people of the record and stays as it is."""
        counts = people.cast(pl.Int64).to_numpy()
        shown = self.added(counts, keys.fill_null(0).to_numpy().astype(np.int64))
        return pl.Series(people.name, np.where(keys.is_null().to_numpy(), counts, shown), dtype=pl.Int64)

    def added(self, counts: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Protected counts of arrays of counts and their cell keys, of any one shape."""
        return counts + self.table[np.minimum(counts, _LARGEST), keys % _KEYS]

    def protect(self, cells: pl.DataFrame, columns: Sequence[tuple[str, str]]) -> pl.DataFrame:
        """Cells with their counts protected; ``columns`` are pairs of count and key. The keys are gone."""
        protected = [self.on(cells[count], cells[key]) for count, key in columns]
        return cells.with_columns(protected).drop(key for _, key in columns)
