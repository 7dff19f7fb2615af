"""What an attacker learns from the published numbers: the release put to the attacks it is built against.

``python -m benchmarks.attacks`` simulates the cells of a definition in one quarter (22 districts and the city, sexes,
five-year bands and published groups), shows them through the gate's own noise, and attacks what is hidden. The attacker
knows the design of the noise (not its secret order), how common hidden counts are, and everything that is published;
guesses are those of the posterior. Two measures, over all hidden counts of 0 to 4 people:

* *advantage*: how often the guess is right, less how often it is right without the publication;
* *sure*: share of hidden counts about which the attacker is 95 % sure and right, less the same without publication.

Then the utility: how far protected proportions lie from the exact ones, by size of the cell.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.hiding import SMALLEST_COUNT
from analytics.noise import Noise
from analytics.rates import noisy_size, wilson
from warehouse.noise import DESIGN, KEYS, noise_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
UNITS, SEXES = 22, 2
#: Lower edges of the bands and published groups over them (first, last place).
EDGES = (18, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 130)
GROUPS = {"18+": (0, 15), "18-69": (0, 11), "40+": (5, 15), "60+": (9, 15), "70+": (11, 15)}
SURE = 0.95


@dataclass(frozen=True)
class Release:
    """True cases and what is shown, by (unit, sex, band); sums get their own noise (``totals``)."""

    true: Ints
    keys: Ints
    noise: Noise

    def shown(self, cells: tuple[slice | int, ...]) -> int:
        """The protected count of one lattice cell, given as an index of (unit, sex, band)."""
        people, key = int(self.true[cells].sum()), int(self.keys[cells].sum()) % KEYS
        return int(self.noise.on(pl.Series([people]), pl.Series([key])).item())


def simulate(seed: int, mean: float) -> Release:
    """Counts of cases of one quarter; ``mean`` is that of a cell in the middle of the city."""
    draw = np.random.default_rng(seed)
    size = draw.gamma(2.0, mean / 2, (UNITS, 1, 1))
    ages = np.linspace(0.15, 1.6, len(EDGES) - 1)[None, None, :]
    true = draw.poisson(size * ages * np.array([1.1, 0.9])[None, :, None])
    keys = draw.integers(0, KEYS, true.shape) * (true > 0)
    return Release(true, keys, Noise.from_frame(noise_table(draw.bytes(32))))


def error_distribution(terms: int) -> tuple[Ints, Floats]:
    """Values and probabilities of a sum of the noise of ``terms`` cells of three people or more."""
    one = np.zeros(7)
    for value, keys in DESIGN[3].items():
        one[value + 3] = keys / KEYS
    total = np.ones(1)
    for _ in range(terms):
        total = np.convolve(total, one)
    return np.arange(-3 * terms, 3 * terms + 1), total


def posterior(observed: int, terms: int, prior: Floats) -> Floats:
    """Of the true count 0..4 given an observed difference with the noise of ``terms`` cells on it."""
    values, probabilities = error_distribution(terms)
    reachable = [abs(observed - count) <= 3 * terms for count in range(prior.size)]
    likelihood = np.array(
        [
            probabilities[np.searchsorted(values, observed - count)] if is_reachable else 0.0
            for count, is_reachable in enumerate(reachable)
        ]
    )
    weighted = likelihood * prior
    return weighted / weighted.sum() if weighted.sum() > 0 else prior


Attack = Callable[[Release, int, int, int], list[tuple[int, int]]]


def by_sex(release: Release, unit: int, sex: int, band: int) -> list[tuple[int, int]]:
    """Both sexes less the other one."""
    both, other = release.shown((unit, slice(None), band)), release.shown((unit, 1 - sex, band))
    return [(both - other, 2)]


def by_age(release: Release, unit: int, sex: int, band: int) -> list[tuple[int, int]]:
    """A published group less its other bands, for every group the band is in."""
    found = []
    for first, last in GROUPS.values():
        if first <= band < last:
            others = [release.shown((unit, sex, other)) for other in range(first, last) if other != band]
            found.append((release.shown((unit, sex, slice(first, last))) - sum(others), 1 + len(others)))
    return found


def by_group_pair(release: Release, unit: int, sex: int, band: int) -> list[tuple[int, int]]:
    """Two groups that differ by this band alone (their difference is the band): 18+ and 20+ by filter of ages.

    A selection outside the lattice is a sum of protected bands, so the difference is the protected band itself: one
    noise, and the same however often it is asked for.
    """
    return [(release.shown((unit, sex, band)), 1)]


def by_place(release: Release, unit: int, sex: int, band: int) -> list[tuple[int, int]]:
    """The city less all other districts."""
    others = sum(release.shown((other, sex, band)) for other in range(UNITS) if other != unit)
    return [(release.shown((slice(None), sex, band)) - others, UNITS)]


def all_together(release: Release, unit: int, sex: int, band: int) -> list[tuple[int, int]]:
    """Every difference above at once, taken as independent."""
    return [
        item
        for attack in (by_sex, by_age, by_group_pair, by_place)
        for item in attack(release, unit, sex, band)
    ]


ATTACKS: dict[str, Attack] = {
    "filter: sexes": by_sex,
    "filter: ages, group less bands": by_age,
    "filter: ages, two selections": by_group_pair,
    "geography: city less districts": by_place,
    "averaging: all differences": all_together,
}


def measure(release: Release, attack: Attack) -> dict[str, float]:
    """Advantage and sure of one attack over all hidden cells."""
    hidden = np.argwhere(release.true < SMALLEST_COUNT)
    counts = np.bincount(release.true[release.true < SMALLEST_COUNT], minlength=SMALLEST_COUNT)
    prior = counts / counts.sum()
    right = sure = 0
    for unit, sex, band in hidden:
        belief = prior
        for observed, terms in attack(release, unit, sex, band):
            belief = posterior(observed, terms, belief)
        guess = int(belief.argmax())
        is_right = guess == release.true[unit, sex, band]
        right += is_right
        sure += is_right and belief[guess] >= SURE
    total = len(hidden)
    base_sure = float(prior.max()) if prior.max() >= SURE else 0.0
    return {
        "hidden": total,
        "baseline": float(prior.max()),
        "right": right / total,
        "advantage": right / total - float(prior.max()),
        "sure": sure / total - base_sure,
    }


def by_date(noise: Noise, *, frozen: bool, trials: int = 4000, seed: int = 7) -> float:
    """Advantage about one person known to have been added between two publications: case or not, even odds.

    Not frozen: a case changes the cell's key, so a changed number gives the case away. Frozen: the quarter's number
    stays what it was.
    """
    draw = np.random.default_rng(seed)
    is_case = draw.random(trials) < 0.5
    people, keys = np.full(trials, 40), draw.integers(0, KEYS, trials)
    before = noise.on(pl.Series(people), pl.Series(keys)).to_numpy()
    added = is_case & (not frozen)
    more = np.where(added, draw.integers(0, KEYS, trials), 0)
    after = noise.on(pl.Series(people + added), pl.Series((keys + more) % KEYS)).to_numpy()
    guess = after != before if not frozen else np.zeros(trials, dtype=bool)
    return float(np.mean(guess == is_case) - 0.5)


def utility(noise: Noise, *, seed: int = 11, trials: int = 4000) -> list[dict[str, float | str]]:
    """Protected against exact proportions by people in the denominator: error in points, width and cover of limits."""
    draw = np.random.default_rng(seed)
    rows: list[dict[str, float | str]] = []
    for low, high in pairwise((30, 60, 120, 300, 1000, 5000, 50_000)):
        n, true = draw.integers(low, high, trials), draw.uniform(0.15, 0.4, trials)
        x = draw.binomial(n, true)
        keys = draw.integers(0, KEYS, (2, trials))
        shown_x, shown_n = (
            noise.on(pl.Series(c), pl.Series(k)).to_numpy() for c, k in ((x, keys[0]), (n, keys[1]))
        )
        shown_x = np.minimum(shown_x, shown_n)
        size = noisy_size(shown_x, shown_n, 1, 1)
        lower, upper = wilson(shown_x / shown_n * size, size)
        exact = wilson(x, n)
        error = 100 * np.abs(shown_x / shown_n - x / n)
        rows.append(
            {
                "people": f"{low}-{high}",
                "mean_error_points": float(error.mean()),
                "error_p95_points": float(np.quantile(error, 0.95)),
                "width_against_exact": float(np.mean(upper - lower) / np.mean(exact[1] - exact[0])),
                "covered": float(np.mean((lower <= true) & (true <= upper))),
            }
        )
    return rows


def report(seeds: int = 5, mean: float = 6.0) -> dict[str, object]:
    """Every attack over several cities, and the utility table."""
    found: dict[str, dict[str, float]] = {}
    for name, attack in ATTACKS.items():
        runs = [measure(simulate(seed, mean), attack) for seed in range(seeds)]
        found[name] = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    noise = Noise.from_frame(noise_table(bytes(32)))
    return {
        "attacks": found,
        "date": {"not_frozen": by_date(noise, frozen=False), "frozen": by_date(noise, frozen=True)},
        "utility": utility(noise),
    }


if __name__ == "__main__":
    text = json.dumps(report(), indent=1)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text + "\n")
    print(text)
