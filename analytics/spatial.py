"""Whether neighbours are alike: Moran's I of the whole map and of each place, and rates smoothed towards the mean.

Moran's I through esda and libpysal (PySAL). They bring pandas, geopandas and scikit-learn (0.3 GB, two seconds), which
no server process should load for a page without a map of clusters: hence the imports inside the functions.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.rates import Floats
from warehouse.errors import UserError

PERMUTATIONS = 9999
FEWEST_UNITS = 3
CLUSTERS = ("high_high", "low_high", "low_low", "high_low")


@dataclass(frozen=True, kw_only=True)
class Moran:
    """``value``: I; ``expected`` without a pattern: -1/(n-1); ``z`` if normal; ``p``: one-sided, by permutation."""

    value: float
    expected: float
    z: float
    p: float


@dataclass(frozen=True, kw_only=True)
class LocalMoran:
    """Per unit: I_i, two-sided permutation p, and the cluster where that passes (else ``none``)."""

    value: Floats
    p: Floats
    cluster: tuple[str, ...]


def moran(
    values: ArrayLike, neighbours: Iterable[tuple[int, int]], *, seed: int, permutations: int = PERMUTATIONS
) -> Moran:
    """Global Moran's I with row-standardised weights; for few units (the 22 districts) the only question they answer.

    ``neighbours``: pairs of places (0-based), either order; a unit without any is left out. Moran, Biometrika
    1950;37:17-23.
    """
    y, weights, _ = _input(values, neighbours)
    with _Seeded(seed):
        found = import_module("esda").Moran(y, weights, permutations=permutations)
    return Moran(value=float(found.I), expected=float(found.EI), z=float(found.z_norm), p=float(found.p_sim))


def local_moran(
    values: ArrayLike,
    neighbours: Iterable[tuple[int, int]],
    *,
    seed: int,
    rate: float = 0.05,
    permutations: int = PERMUTATIONS,
) -> LocalMoran:
    """Local Moran of each unit; clusters by Benjamini and Hochberg's false discovery rate. Anselin, 1995.

    For many units (168 wards of the new city); of 22 it would only find its own noise. A unit without neighbours has
    I = 0, p = 1 and no cluster.
    """
    y, weights, linked = _input(values, neighbours)
    with _Seeded(seed), warnings.catch_warnings():
        # esda 2.9 warns that its one-sided p will become two-sided; doubled here.
        warnings.simplefilter("ignore", DeprecationWarning)
        found = import_module("esda").Moran_Local(y, weights, permutations=permutations, seed=seed, n_jobs=1)
    value, p, quadrant = np.zeros(linked.size), np.ones(linked.size), np.ones(linked.size, dtype=int)
    value[linked], p[linked], quadrant[linked] = found.Is, np.minimum(1.0, 2 * found.p_sim), found.q
    passed = discoveries(p, rate)
    cluster = tuple(CLUSTERS[q - 1] if ok else "none" for q, ok in zip(quadrant, passed, strict=True))
    return LocalMoran(value=value, p=p, cluster=cluster)


def discoveries(p: Floats, rate: float) -> NDArray[np.bool_]:
    """Which p-values pass: all up to the largest with ``p_(k) <= k rate / n``. Benjamini & Hochberg, 1995."""
    order = np.argsort(p, kind="stable")
    under = p[order] <= rate * np.arange(1, p.size + 1) / p.size
    passed = np.zeros(p.size, dtype=bool)
    if under.any():
        passed[order[: int(np.flatnonzero(under).max()) + 1]] = True
    return passed


def empirical_bayes(events: ArrayLike, people: ArrayLike) -> Floats:
    """Marshall's global estimate: each rate pulled to the mean of all, the more the fewer people it rests on.

    ``m + C (r - m)`` with ``C = A / (A + m/n)``, ``A = max(0, s^2 - m/mean n)``. Marshall, Appl Stat 1991;40:283-294.
    """
    x, n = _counts(events, people)
    return _pulled(x, n, x.sum() / n.sum(), n)


def local_empirical_bayes(
    events: ArrayLike, people: ArrayLike, neighbours: Iterable[tuple[int, int]]
) -> Floats:
    """Marshall's local estimate: the mean and spread are those of a unit and its neighbours."""
    x, n = _counts(events, people)
    around = _around(x.size, neighbours)
    found = np.empty(x.size)
    for place, near in enumerate(around):
        members = [place, *near]
        mean = x[members].sum() / n[members].sum()
        found[place] = _pulled(x[members], n[members], mean, n[members])[0]
    return found


def _pulled(x: Floats, n: Floats, mean: float, among: Floats) -> Floats:
    rate = x / n
    spread = float((among * (rate - mean) ** 2).sum() / among.sum())
    between = max(0.0, spread - mean / float(among.mean()))
    if mean == 0:
        return np.zeros_like(rate)
    return np.asarray(mean + between / (between + mean / n) * (rate - mean))


def _counts(events: ArrayLike, people: ArrayLike) -> tuple[Floats, Floats]:
    x, n = np.asarray(events, dtype=np.float64), np.asarray(people, dtype=np.float64)
    if (n <= 0).any() or (x < 0).any():
        raise UserError("a rate needs people", expected="people > 0, events >= 0")
    return x, n


def _around(units: int, neighbours: Iterable[tuple[int, int]]) -> list[list[int]]:
    found: list[set[int]] = [set() for _ in range(units)]
    for one, other in neighbours:
        if not (0 <= one < units and 0 <= other < units) or one == other:
            raise UserError(
                "neighbours are pairs of two units", value=f"{one}, {other}", expected=f"0 to {units - 1}"
            )
        found[one].add(other)
        found[other].add(one)
    return [sorted(near) for near in found]


def _input(values: ArrayLike, neighbours: Iterable[tuple[int, int]]) -> tuple[Floats, Any, NDArray[np.bool_]]:
    """Values and row-standardised weights of the units with neighbours, and which units these are."""
    y = np.asarray(values, dtype=np.float64)
    around = _around(y.size, neighbours)
    linked = np.array([bool(near) for near in around])
    if linked.sum() < FEWEST_UNITS or not np.isfinite(y).all() or np.ptp(y[linked]) == 0:
        raise UserError(
            "a pattern needs neighbours with values that differ", expected=f"{FEWEST_UNITS} units or more"
        )
    place = np.cumsum(linked) - 1
    pairs = {
        int(place[unit]): [int(place[other]) for other in near] for unit, near in enumerate(around) if near
    }
    weights = import_module("libpysal.weights").W(pairs, silence_warnings=True)
    weights.transform = "r"
    return y[linked], weights, linked


class _Seeded:
    """esda draws its permutations from numpy's global state: set it, and put it back as it was."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __enter__(self) -> None:
        self._state = np.random.get_state()
        np.random.seed(self._seed)

    def __exit__(self, *_: object) -> None:
        np.random.set_state(self._state)
