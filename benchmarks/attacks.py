"""What an attacker learns from the published numbers: the release put to the attacks it is built against.

``python -m benchmarks.attacks`` simulates the lattice of a definition in one quarter (22 districts and the city, sexes,
bands and published groups of ages), protects it with the program's own noise and hiding, and attacks what is hidden.
The attacker knows the method (not its secret order), how common each count is among hidden cells, and everything that
is published; guesses are those of the posterior. Two measures, over all hidden cells of 0 to 4 people:

* *advantage*: how often the guess is right, less how often it is right without the publication;
* *sure*: share of hidden counts about which the attacker is 95 % sure and right, less the same without publication.

Then the utility: how far protected proportions lie from the exact ones, and how many cells are hidden, by size.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import factorial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.ages import MartAges
from analytics.hiding import SEXES, SMALLEST_COUNT, Published, publish
from analytics.lattice import lattice_ages
from analytics.noise import Noise
from analytics.rates import noisy_size, wilson
from analytics.relations import age_relations
from warehouse.noise import DESIGN, KEYS, noise_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
UNITS = 22
STARTS = (18, 20, 25, 30, 35, 40, 45, 50, 51, 55, 60, 65, 70, 75, 80, 85)
CELLS = lattice_ages(MartAges(STARTS), STARTS[0], None)
LABELS = [label for label, _ in CELLS]
BANDS = [place for place, (_, edges) in enumerate(CELLS) if len(edges) == 1]
RELATIONS = age_relations(CELLS)
#: Ages among everybody assessed, and their true shares.
WEIGHTS = np.linspace(1.3, 0.25, len(STARTS))
SHARES = np.linspace(0.04, 0.45, len(STARTS))
#: Standard deviation of the log odds of cells around the city's: no district is like the city at every age.
SPREAD = 0.7
SURE = 0.95
#: Counts an attacker reckons with; larger ones are one guess.
LARGEST = 400


@dataclass(frozen=True)
class Observation:
    """What a difference says of a hidden cell: its count with the noise of ``terms`` shown cells.

    ``hidden``: signs of other hidden cells whose counts are in it too.
    """

    value: int
    terms: int
    hidden: tuple[int, ...] = ()


@dataclass(frozen=True)
class Release:
    """True and published counts of one quarter, by (unit, sex, ages); the last unit is the city."""

    cases: Ints
    people: Ints
    shown_cases: Ints
    shown_people: Ints

    @cached_property
    def published(self) -> Published:
        """What leaves of each cell; a sum holds the same of it."""
        city = self.shown_cases[UNITS:] / np.maximum(self.shown_people[UNITS:], 1)
        share = city * np.ones((UNITS + 1, 1, 1))
        widths = [len(edges) for _, edges in CELLS]
        return publish(self.shown_cases, self.shown_people, share, RELATIONS, widths)

    @cached_property
    def targets(self) -> Ints:
        """Hidden cells of districts with 0 to 4 people: unit, sex, ages."""
        is_small = self.published.hidden & (self.cases < SMALLEST_COUNT) & (self.shown_people > 0)
        return np.argwhere(is_small[:UNITS])

    @cached_property
    def hidden_counts(self) -> Floats:
        """How common each count is among cells without a noise of their own."""
        found = self.cases[:UNITS][self.published.uncertain[:UNITS]]
        return np.bincount(np.minimum(found, LARGEST), minlength=LARGEST + 1) / found.size


def simulate(seed: int, mean: float) -> Release:
    """A quarter of 22 districts of unequal size; ``mean`` is the number of cases of a middle cell."""
    draw = np.random.default_rng(seed)
    size = draw.gamma(2.0, mean / 0.2 / 2, (UNITS, 1, 1))
    people = draw.poisson(size * WEIGHTS * np.array([0.9, 1.1, 0.01])[None, :, None])
    odds = SHARES / (1 - SHARES) * np.exp(draw.normal(0, SPREAD, people.shape))
    cases = draw.binomial(people, odds / (1 + odds))
    keys = [np.where(counts > 0, draw.integers(0, KEYS, counts.shape), 0) for counts in (cases, people)]
    noise = Noise.from_frame(noise_table(draw.bytes(32)))
    shown = [noise.added(_lattice(c), _lattice(k) % KEYS) for c, k in zip((cases, people), keys, strict=True)]
    return Release(_lattice(cases), _lattice(people), np.minimum(*shown), shown[1])


def _lattice(bands: Ints) -> Ints:
    """Sums over ages, sexes and units of counts by (unit, sex, band)."""
    ages = np.stack(
        [bands[..., [STARTS.index(edge) for edge in edges]].sum(axis=-1) for _, edges in CELLS], axis=-1
    )
    sexes = np.concatenate([ages, ages.sum(axis=1, keepdims=True)], axis=1)
    return np.concatenate([sexes, sexes.sum(axis=0, keepdims=True)])


def noise_distribution(terms: int) -> tuple[Ints, Floats]:
    """Values and probabilities of a sum of the noise of ``terms`` cells of three people or more."""
    one = np.zeros(7)
    for value, keys in DESIGN[3].items():
        one[value + 3] = keys / KEYS
    total = np.ones(1)
    for _ in range(terms):
        total = np.convolve(total, one)
    return np.arange(-3 * terms, 3 * terms + 1), total


def likelihood(observed: Observation, hidden_counts: Floats) -> Floats:
    """Of the target's counts 0 to 4, up to a factor; nought everywhere where the method cannot have given it."""
    values, chances = noise_distribution(observed.terms)
    # The observation is the count, plus or minus other hidden counts, plus noise.
    for sign in observed.hidden:
        first = values[0] - (0 if sign > 0 else LARGEST)
        chances = np.convolve(chances, hidden_counts[:: 1 if sign > 0 else -1])
        values = np.arange(first, first + chances.size)
    found = np.zeros(SMALLEST_COUNT)
    for count in range(SMALLEST_COUNT):
        place = observed.value - count - values[0]
        if 0 <= place < chances.size:
            found[count] = chances[place]
    return found


Attack = Callable[[Release, int, int, int], Sequence[Observation]]


def _from_sum(
    release: Release, cells: list[tuple[int, int, int]], signs: list[int], target: int
) -> Observation:
    """What a sum that agrees (signed cells add to nothing) says of the target, whose place in ``cells`` is given."""
    value, terms, hidden = 0, 0, []
    for place, (cell, sign) in enumerate(zip(cells, signs, strict=True)):
        if place == target or release.shown_people[cell] == 0:
            continue
        if release.published.uncertain[cell]:
            hidden.append(sign * signs[target])
        else:
            value -= sign * signs[target] * int(release.published.numerator[cell])
            terms += 1
    return Observation(value, terms, tuple(hidden))


def _sharpest(found: Sequence[Observation]) -> list[Observation]:
    """The observation with the fewest unknowns; others share their cells with it and would be counted twice.

    Two hidden cells of the same people say nothing of each other without a shown one beside them.
    """
    useful = [item for item in found if len(item.hidden) <= 1 and item.terms]
    return [min(useful, key=lambda item: (len(item.hidden), item.terms))] if useful else []


def by_sex(release: Release, unit: int, sex: int, age: int) -> list[Observation]:
    """Both sexes less the others."""
    cells = [(unit, other, age) for other in range(len(SEXES))]
    found = _from_sum(release, cells, [1, 1, 1, -1], sex)
    return _sharpest([found])


def by_age(release: Release, unit: int, sex: int, age: int) -> list[Observation]:
    """A published group less its parts, for every way to make it of other cells."""
    found = []
    for relation in RELATIONS:
        if age in relation.cells:
            cells = [(unit, sex, place) for place in relation.cells]
            found.append(_from_sum(release, cells, list(relation.signs), relation.cells.index(age)))
    return _sharpest(found)


def by_age_and_sex(release: Release, unit: int, sex: int, age: int) -> list[Observation]:
    """A group of both sexes less the group of the other sexes, less the other parts of this one."""
    found = []
    for relation in RELATIONS:
        if age in relation.cells and SEXES[sex] != "both":
            target = relation.cells.index(age)
            whole = max(range(len(relation.cells)), key=lambda place: len(CELLS[relation.cells[place]][1]))
            if whole == target:
                continue
            others = [other for other in range(len(SEXES)) if other != sex]
            parts = [
                ((unit, sex, cell), sign)
                for place, (cell, sign) in enumerate(zip(relation.cells, relation.signs, strict=True))
                if place != whole
            ]
            sign = relation.signs[whole]
            instead = [
                ((unit, other, relation.cells[whole]), sign if SEXES[other] == "both" else -sign)
                for other in others
            ]
            cells = [cell for cell, _ in (*parts, *instead)]
            signs = [one for _, one in (*parts, *instead)]
            found.append(_from_sum(release, cells, signs, cells.index((unit, sex, age))))
    return _sharpest(found)


def by_bands(release: Release, unit: int, sex: int, age: int) -> list[Observation]:
    """A published group less all its other bands: as many noises as it has bands."""
    found = []
    for place, (_, edges) in enumerate(CELLS):
        bands = [band for band in BANDS if CELLS[band][1] <= edges]
        if age in bands and len(bands) > 1:
            cells = [(unit, sex, band) for band in (*bands, place)]
            found.append(_from_sum(release, cells, [1] * len(bands) + [-1], bands.index(age)))
    return _sharpest(found)


def by_place(release: Release, unit: int, sex: int, age: int) -> list[Observation]:
    """The city less all other districts."""
    cells = [(other, sex, age) for other in range(UNITS)] + [(UNITS, sex, age)]
    found = _from_sum(release, cells, [1] * UNITS + [-1], unit)
    return _sharpest([found])


def by_selection(release: Release, unit: int, sex: int, age: int) -> list[Observation]:
    """Two selections that differ by this cell alone, their difference taken for its noisy count.

    It is what the city leads one to expect, so it can only mislead whoever takes it for more.
    """
    rest = [band for band in BANDS if band != age][:3]
    more, less = (int(release.published.numerator[unit, sex, ages].sum()) for ages in ([*rest, age], rest))
    return [Observation(more - less, 1)]


def all_together(release: Release, unit: int, sex: int, age: int) -> list[Observation]:
    """Every difference above at once, taken as independent."""
    return [
        item
        for attack in (by_sex, by_age, by_age_and_sex, by_bands, by_place)
        for item in attack(release, unit, sex, age)
    ]


ATTACKS: dict[str, Attack] = {
    "filter: sexes": by_sex,
    "filter: ages, sums of up to six cells": by_age,
    "filter: ages, group less bands": by_bands,
    "filter: ages and sexes at once": by_age_and_sex,
    "filter: ages, two selections": by_selection,
    "geography: city less districts": by_place,
    "averaging: all differences": all_together,
}


def measure(release: Release, attack: Attack) -> dict[str, float]:
    """Advantage and sure of one attack over all hidden cells of 0 to 4 people.

    With and without it the attacker knows what anybody may work out: the published people of the cell and the city's
    share, so how likely each count is.
    """
    truth = release.cases[tuple(release.targets.T)]
    found = np.zeros((len(truth), 4))
    for place, ((unit, sex, age), true) in enumerate(zip(release.targets, truth, strict=True)):
        prior = belief = _prior(release, unit, sex, age)
        for observed in attack(release, unit, sex, age):
            updated = belief * likelihood(observed, release.hidden_counts)
            belief = updated / updated.sum() if updated.sum() > 0 else belief
        found[place] = [*_guess(prior, true), *_guess(belief, true)]
    base, base_sure, right, sure = found.mean(axis=0)
    return {
        "hidden": len(truth),
        "baseline": base,
        "right": right,
        "advantage": right - base,
        "sure": sure - base_sure,
    }


def _prior(release: Release, unit: int, sex: int, age: int) -> Floats:
    """Of the counts 0 to 4: a Poisson count of the published people at the city's share, cut there."""
    city = release.shown_cases[UNITS, sex, age] / max(release.shown_people[UNITS, sex, age], 1)
    mean = max(float(release.shown_people[unit, sex, age] * city), 0.01)
    weights = np.array([mean**count / factorial(count) for count in range(SMALLEST_COUNT)])
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _guess(belief: Floats, true: int) -> tuple[bool, bool]:
    """Whether the best guess is right, and whether the attacker is sure of it besides."""
    is_right = int(belief.argmax()) == true
    return is_right, is_right and bool(belief.max() >= SURE)


def hidden_share(release: Release) -> dict[str, float]:
    """Share of the cells of districts that are hidden, and derived. Of known sexes and both: the unknown are few."""
    present = (release.shown_people[:UNITS] > 0) & (np.array(SEXES) != "unknown")[None, :, None]
    groups = np.array([len(edges) > 1 for _, edges in CELLS])
    flags = {
        "hidden": release.published.hidden,
        "derived": release.published.uncertain & ~release.published.hidden,
    }
    return {
        f"{name}_{kind}": float(flag[:UNITS][..., chosen][present[..., chosen]].mean())
        for name, chosen in (("bands", ~groups), ("groups", groups))
        for kind, flag in flags.items()
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
    """Every attack over several cities, the utility table, and how much is hidden."""
    found: dict[str, dict[str, float]] = {}
    for name, attack in ATTACKS.items():
        runs = [measure(simulate(seed, mean), attack) for seed in range(seeds)]
        found[name] = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    noise = Noise.from_frame(noise_table(bytes(32)))
    hidden = {str(size): hidden_share(simulate(3, size)) for size in (3.0, 10.0, 30.0, 100.0)}
    return {
        "attacks": found,
        "hidden_by_cases_of_a_middle_cell": hidden,
        "date": {"not_frozen": by_date(noise, frozen=False), "frozen": by_date(noise, frozen=True)},
        "utility": utility(noise),
    }


if __name__ == "__main__":
    text = json.dumps(report(), indent=1)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text + "\n")
    print(text)
