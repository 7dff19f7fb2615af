"""The weights of the comparisons: counted once in pairs of this city, kept sealed, used until the city is another.

``m`` is counted in pairs that share an exact key, for the comparison of a key in pairs that share another one; ``u`` in
pairs of people at random. Both are mixed with the beginnings of ``comparisons.toml``, so that a level that was not seen
is not impossible. How likely two people are one beforehand is no part of it: every linkage finds that anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from warehouse import linkage
from warehouse.linking.comparisons import Comparison, load

LABEL = "linkage-model"
FILE_NAME = LABEL + linkage.SEALED
#: The least frequency of a name, in a city of any size.
_LEAST_FREQUENCY = 1e-6
#: Rounds in which the prior finds itself, and what it begins with: the share of people who are there a second time.
_ROUNDS, _FIRST_DENSITY, _LEAST_DENSITY = 30, 0.02, 1e-6
#: Pairs that share a key say how people write themselves: where there are twice as many, m is counted anew.
_FEW_PAIRS = 1_000


@dataclass(frozen=True, kw_only=True)
class Model:
    """``weights``: comparison, level, m, u, pairs counted. ``frequency``: column -> value, share of people.

    ``people``, ``pairs``: of how many people and exact pairs it was made; ``mark``: of which comparisons.
    """

    weights: pl.DataFrame
    frequency: Mapping[str, pl.DataFrame]
    people: int
    pairs: int
    mark: str

    @property
    def least_frequency(self) -> float:
        """Names less frequent than this count as this frequent: as two people of the city, chance is never nothing."""
        return max(_LEAST_FREQUENCY, 2 / max(self.people, 1))

    @property
    def least_bits(self) -> float:
        """Evidence below this makes nobody one person, whatever the prior, while the city is no other."""
        return float(np.log2(max(self.people, 2) / 2)) - 7

    @cached_property
    def digest(self) -> str:
        """Tells models apart: what was weighed by another is weighed again."""
        found = sha256(self.weights.write_csv().encode())
        for column, frame in sorted(self.frequency.items()):
            found.update(column.encode() + frame.sort("value").write_csv().encode())
        return f"{self.mark}-{self.people}-{found.hexdigest()[:16]}"

    def is_of(self, people: int, pairs: int) -> bool:
        """Whether it still fits: the same comparisons, a city neither doubled nor halved, no more to learn from."""
        same_size = self.people / 2 <= people <= self.people * 2
        return self.mark == load().mark and same_size and pairs <= 2 * max(self.pairs, _FEW_PAIRS)


def prior(evidence: np.ndarray, people: int) -> float:
    """log2 of the odds that two people drawn at random are one, at which the evidence of all pairs confirms it.

    The M-step of EM for the prior alone, m and u held fixed. ``evidence``: bits of the pairs that were weighed.
    """
    density = _FIRST_DENSITY
    for _ in range(_ROUNDS):
        chance = min(0.5, 2 * density / max(people - 1, 1))
        odds = np.log2(chance / (1 - chance))
        density = max(float((1 / (1 + np.exp2(-(evidence + odds)))).sum()) / max(people, 1), _LEAST_DENSITY)
    return float(odds)


WEIGHTS = {"comparison": pl.String, "level": pl.String, "m": pl.Float64, "u": pl.Float64, "pairs": pl.Int64}


def beginning(people: int, pairs: int, frequency: Mapping[str, pl.DataFrame]) -> Model:
    """The model before anything was counted."""
    rows = [(one.id, level.id, level.m, level.u, 0) for one in load().comparisons for level in one.levels]
    return Model(
        weights=pl.DataFrame(rows, schema=WEIGHTS, orient="row"),
        frequency=frequency,
        people=people,
        pairs=pairs,
        mark=load().mark,
    )


def counted(model: Model, same: pl.DataFrame, others: pl.DataFrame) -> Model:
    """The model with ``m`` from pairs of one person and ``u`` from pairs of two.

    Both frames: ``comparison``, ``level``, ``pairs``; pairs of which one side is missing are not in them.
    """
    known = load()
    rows = []
    for one in known.comparisons:
        m = _shares(one, same, known.worth_m, "m", least=known.least)
        u = _shares(one, others, known.worth_u, "u", least=known.least)
        pairs = int(same.filter(pl.col("comparison") == one.id)["pairs"].sum())
        rows += [(one.id, level.id, m[level.id], u[level.id], pairs) for level in one.levels]
    return replace(model, weights=pl.DataFrame(rows, schema=WEIGHTS, orient="row"))


def _shares(
    one: Comparison, counts: pl.DataFrame, worth: int, name: str, *, least: float
) -> dict[str, float]:
    """Shares of the levels, with the beginnings as ``worth`` pairs more and none below ``least`` of them."""
    found = dict(counts.filter(pl.col("comparison") == one.id).select("level", "pairs").iter_rows())
    begun = {level.id: getattr(level, name) for level in one.levels}
    total = sum(found.values()) + worth * sum(begun.values())
    shares = {
        level: max((found.get(level, 0) + worth * share) / total, least * share)
        for level, share in begun.items()
    }
    return {level: share / sum(shares.values()) for level, share in shares.items()}


def settings(model: Model, *, key: str, told: bool) -> dict[str, Any]:
    """The model as settings of Splink. ``told``: also the level of each comparison, and what it weighs."""
    known = load()
    weight = {
        (row["comparison"], row["level"]): (row["m"], row["u"]) for row in model.weights.iter_rows(named=True)
    }
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": key,
        # Even odds: what Splink gives then is the evidence of the pair alone.
        "probability_two_random_records_match": 0.5,
        "retain_matching_columns": told,
        "retain_intermediate_calculation_columns": told,
        "blocking_rules_to_generate_predictions": ["1 = 1"],
        "comparisons": [_as_splink(one, weight, model.least_frequency) for one in known.comparisons],
    }


def _as_splink(
    one: Comparison, weight: Mapping[tuple[str, str], tuple[float, float]], least: float
) -> dict[str, Any]:
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
                "tf_minimum_u_value": least,
            }
        levels.append(item)
    return {"output_column_name": one.id, "comparison_levels": levels}


def write(model: Model, folder: Path, key: bytes) -> None:
    """Seal the model in the linkage store: the frequencies are of names of people."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    linkage.seal(folder / FILE_NAME, key, LABEL, _frames(model))


def _frames(model: Model) -> Iterator[pl.DataFrame]:
    yield pl.DataFrame({"people": [model.people], "pairs": [model.pairs], "mark": [model.mark]})
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
        people=about["people"][0],
        pairs=about["pairs"][0],
        mark=about["mark"][0],
    )
