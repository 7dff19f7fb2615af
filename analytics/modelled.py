"""Draws of a fitted model put together to cells: what `hssk fit` stored, asked for by whatever cells a question has.

    logit pi = curve(sex, age) + district + cell(district, sex, broad age)    assessed at an examination
             + clinic                                                         assessed at a clinic

A fit stores joint draws of these effects, not of the cells, so that any cell can be composed (design/statistics).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from analytics.two_part import Modelled

METHOD = "nested_laplace"


def compose(cells: pl.DataFrame, effects: pl.DataFrame, *, runs: int) -> Modelled:
    """``pi`` of ``cells``: district, sex, age_from, and ``clinic_share`` of the assessed.

    ``effects``: effect, district, sex, age_from (null where an effect does not depend on it), draws (a list each). A
    fit of one channel has no effect ``clinic``.
    """
    asked = cells.select("district", "sex", "age_from")
    broad = effects.filter(pl.col("effect") == "cell")["age_from"].unique().sort()
    edges = broad.to_numpy()
    own = pl.Series("broad_age", edges[np.searchsorted(edges, asked["age_from"], side="right") - 1], pl.Int16)
    asked = asked.with_columns(own)
    total = np.zeros((cells.height, len(effects["draws"][0])), dtype=np.float64)
    total += _of(asked, effects, "curve", ("sex", "age_from"))
    total += _of(asked, effects, "district", ("district",))
    renamed = effects.with_columns(pl.col("age_from").alias("broad_age"))
    total += _of(asked, renamed, "cell", ("district", "sex", "broad_age"))
    examined = expit(total.T)
    clinic = effects.filter(pl.col("effect") == "clinic")["draws"].to_list()
    if not clinic:
        return Modelled(examined, examined, runs)
    at_clinic = expit(total.T + np.array(clinic[0], dtype=np.float64)[:, None])
    share = cells["clinic_share"].to_numpy()
    return Modelled(share * at_clinic + (1 - share) * examined, examined, runs)


def _of(asked: pl.DataFrame, effects: pl.DataFrame, effect: str, keys: Sequence[str]) -> NDArray[np.float64]:
    """Cells x draws of one effect."""
    mine = effects.filter(pl.col("effect") == effect).with_row_index("_place")
    found = asked.join(mine, on=list(keys), how="left", maintain_order="left")["_place"]
    draws: NDArray[np.float64] = np.array(mine["draws"].to_list(), dtype=np.float64)[found.to_numpy()]
    return draws
