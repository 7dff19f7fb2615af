"""The weights of the comparisons: counted once in pairs of this city, kept sealed, used until the city has doubled.

``m`` is counted in pairs that share an exact key, for the comparison of a key in pairs that share another one; ``u`` in
pairs of people at random. Both are mixed with the beginnings of ``comparisons.toml``, so that a level that was not seen
is not impossible. The prior follows from the matches that are found (the M-step of EM with m and u held fixed).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from warehouse import linkage
from warehouse.linking.comparisons import Comparison, Comparisons, load

LABEL = "linkage-model"
FILE_NAME = LABEL + linkage.SEALED
#: Names less frequent than this count as this frequent: chance agreement of rare names is never nothing.
LEAST_FREQUENCY = 1e-6
#: Before it is known: the chance that somebody is in the records a second time.
FIRST_DENSITY = 0.02


@dataclass(frozen=True, kw_only=True)
class Model:
    """``weights``: comparison, level, m, u, pairs counted. ``frequency``: column -> value, share of people.

    ``density``: matches a person; ``people``: how many it was made of; ``mark``: of which comparisons.
    """

    weights: pl.DataFrame
    frequency: Mapping[str, pl.DataFrame]
    density: float
    people: int
    mark: str

    @property
    def prior(self) -> float:
        """The probability that two people drawn at random are one."""
        return min(0.5, 2 * self.density / max(self.people - 1, 1))

    def is_of(self, people: int) -> bool:
        """Whether it still fits: the same comparisons, and a city that has neither doubled nor halved."""
        return self.mark == load().mark and self.people / 2 <= people <= self.people * 2


WEIGHTS = {"comparison": pl.String, "level": pl.String, "m": pl.Float64, "u": pl.Float64, "pairs": pl.Int64}


def beginning(people: int, frequency: Mapping[str, pl.DataFrame]) -> Model:
    """The model before anything was counted."""
    rows = [(one.id, level.id, level.m, level.u, 0) for one in load().comparisons for level in one.levels]
    return Model(
        weights=pl.DataFrame(rows, schema=WEIGHTS, orient="row"),
        frequency=frequency,
        density=FIRST_DENSITY,
        people=people,
        mark=load().mark,
    )


def counted(model: Model, same: pl.DataFrame, others: pl.DataFrame) -> Model:
    """The model with ``m`` from pairs of one person and ``u`` from pairs of two.

    Both frames: ``comparison``, ``level``, ``pairs``; pairs of which one side is missing are not in them.
    """
    known = load()
    rows = []
    for one in known.comparisons:
        m = _shares(one, same, known.worth_m, "m")
        u = _shares(one, others, known.worth_u, "u")
        pairs = int(same.filter(pl.col("comparison") == one.id)["pairs"].sum())
        rows += [(one.id, level.id, m[level.id], u[level.id], pairs) for level in one.levels]
    weights = pl.DataFrame(rows, schema=WEIGHTS, orient="row")
    return Model(
        weights=weights,
        frequency=model.frequency,
        density=model.density,
        people=model.people,
        mark=model.mark,
    )


def _shares(one: Comparison, counts: pl.DataFrame, worth: int, name: str) -> dict[str, float]:
    """Shares of the levels, with the beginnings as ``worth`` pairs more."""
    found = dict(counts.filter(pl.col("comparison") == one.id).select("level", "pairs").iter_rows())
    begun = {level.id: getattr(level, name) for level in one.levels}
    total = sum(found.values()) + worth * sum(begun.values())
    return {level: (found.get(level, 0) + worth * share) / total for level, share in begun.items()}


def settings(model: Model, *, key: str, told: bool) -> dict[str, Any]:
    """The model as settings of Splink. ``told``: also the level of each comparison, and what it weighs."""
    known = load()
    weight = {
        (row["comparison"], row["level"]): (row["m"], row["u"]) for row in model.weights.iter_rows(named=True)
    }
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": key,
        "probability_two_random_records_match": model.prior,
        "retain_matching_columns": told,
        "retain_intermediate_calculation_columns": told,
        "blocking_rules_to_generate_predictions": ["1 = 1"],
        "comparisons": [_as_splink(one, weight) for one in known.comparisons],
    }


def _as_splink(one: Comparison, weight: Mapping[tuple[str, str], tuple[float, float]]) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": one.missing, "label_for_charts": "missing", "is_null_level": True}
    ]
    for level in one.levels:
        m, u = weight[one.id, level.id]
        item = {
            "sql_condition": level.sql,
            "label_for_charts": level.id,
            "m_probability": m,
            "u_probability": u,
        }
        if level.frequency:
            item |= {
                "tf_adjustment_column": level.frequency,
                "tf_adjustment_weight": 1.0,
                "tf_minimum_u_value": LEAST_FREQUENCY,
            }
        levels.append(item)
    return {"output_column_name": one.id, "comparison_levels": levels}


def level_of(known: Comparisons, comparison: str, gamma: int) -> str | None:
    """The level that Splink's number of a comparison stands for (highest first, 0 ELSE); None for missing."""
    levels = next(one for one in known.comparisons if one.id == comparison).levels
    return None if gamma < 0 else levels[len(levels) - 1 - gamma].id


def write(model: Model, folder: Path, key: bytes) -> None:
    """Seal the model in the linkage store: the frequencies are of names of people."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    linkage.seal(folder / FILE_NAME, key, LABEL, _frames(model))


def _frames(model: Model) -> Iterator[pl.DataFrame]:
    yield pl.DataFrame({"density": [model.density], "people": [model.people], "mark": [model.mark]})
    yield model.weights
    for column, frame in model.frequency.items():
        yield frame.select(pl.lit(column).alias("column"), "value", "share")


def read(folder: Path, key: bytes) -> Model | None:
    """The model of a linkage store; None where there is none yet."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    about, weights, *frequencies = linkage.unseal(path, key, LABEL)
    return Model(
        weights=weights,
        frequency={
            frame["column"][0]: frame.select("value", "share") for frame in frequencies if frame.height
        },
        density=about["density"][0],
        people=about["people"][0],
        mark=about["mark"][0],
    )
