"""Where people live: households of a district, their wards, and an adult in every home."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from warehouse.geography import districts, wards
from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import Bools, Ints
from warehouse.synthetic.parameters import Floats

#: Seed of what belongs to the city and not to one draw of it: how unequal its wards are.
_WARD_SEED = 79_2022
_WARD_SPREAD = 0.35  # standard deviation of the logarithm of the size of a ward


@dataclass(frozen=True)
class Homes:
    """One entry per person: running number of the household in the chunk, its district and ward; who came first."""

    household: Ints
    size: Ints
    district: Ints
    ward: Ints
    is_head: Bools


def district_shares() -> Floats:
    """Share of each district in the city, census 2019."""
    people = np.array([item.population_2019 for item in districts()], dtype=float)
    return np.asarray(people / people.sum(), dtype=np.float64)


def draw_homes(settings: Calibration, rng: np.random.Generator, count: int) -> Homes:
    """Homes for ``count`` people: households of one size after another, each in one ward."""
    shares = settings.people.household_sizes
    drawn = rng.choice(len(shares), count, p=shares) + 1
    households = int(np.searchsorted(np.cumsum(drawn), count)) + 1
    household = np.repeat(np.arange(households), drawn[:households])[:count].astype(np.int64)
    size = np.bincount(household, minlength=households)
    district = _draw_district(rng, size)
    ward = _draw_ward(rng, district)
    return Homes(
        household=household,
        size=size[household],
        district=district[household],
        ward=ward[household],
        is_head=np.concatenate([[True], household[1:] != household[:-1]]),
    )


def draw_incomes(settings: Calibration, rng: np.random.Generator, homes: Homes) -> Floats:
    """A standard deviate per person, the household's; ``income_of_ward`` of its variance lies between wards."""
    share = settings.people.income_of_ward**2
    own = rng.normal(size=homes.household.max() + 1)[homes.household]
    return np.asarray(
        np.sqrt(share) * _ward_incomes()[homes.ward] + np.sqrt(1 - share) * own, dtype=np.float64
    )


@cache
def _ward_incomes() -> Floats:
    """A standard deviate of each ward: it belongs to the city and not to one draw of it."""
    return np.random.default_rng([_WARD_SEED, 1]).normal(size=len(wards()))


def spread_evenly(rng: np.random.Generator, shares: Floats, count: int) -> Ints:
    """``count`` draws with these shares, in random order; every share is met to one draw, unlike by plain chance."""
    points = (rng.permutation(count) + rng.random()) / count
    return np.searchsorted(np.cumsum(shares) / np.sum(shares), points, side="right").astype(np.int64)


def settle(
    rng: np.random.Generator, homes: Homes, age: Ints, is_female: Bools, adult: int
) -> tuple[Ints, Bools]:
    """The same ages and sexes within each district in another order, such that every home has an adult."""
    place = np.empty(len(age), dtype=np.int64)
    for unit in range(len(districts())):
        here = np.flatnonzero(homes.district == unit)
        shuffled = rng.permutation(here)
        adults, others = shuffled[age[shuffled] >= adult], shuffled[age[shuffled] < adult]
        heads = here[homes.is_head[here]]
        place[heads] = np.concatenate([adults, others])[: len(heads)]
        rest = np.setdiff1d(here, place[heads], assume_unique=True)
        place[here[~homes.is_head[here]]] = rng.permutation(rest)
    return age[place], is_female[place]


def _draw_district(rng: np.random.Generator, size: Ints) -> Ints:
    """Districts of households in random order, one district after another until it has its share of the people.

    Plain chance would miss the smallest district of 200,000 by more than its official count may be off.
    """
    order = rng.permutation(len(size))
    people_before = np.cumsum(size[order]) - size[order] / 2
    district = np.empty(len(size), dtype=np.int64)
    district[order] = np.searchsorted(np.cumsum(district_shares()), people_before / size.sum(), side="right")
    return np.minimum(district, len(districts()) - 1)


def _draw_ward(rng: np.random.Generator, district: Ints) -> Ints:
    """A ward of the district, the larger ones more often."""
    ward = np.empty(len(district), dtype=np.int64)
    for unit, (members, sizes) in enumerate(_wards_of_district()):
        here = np.flatnonzero(district == unit)
        ward[here] = members[rng.choice(len(members), len(here), p=sizes)]
    return ward


@cache
def _wards_of_district() -> tuple[tuple[Ints, Floats], ...]:
    """For every district the places of its wards in the list of wards, and the share of each."""
    weight = np.exp(np.random.default_rng(_WARD_SEED).normal(0, _WARD_SPREAD, len(wards())))
    found = []
    for unit in districts():
        members = np.array([i for i, ward in enumerate(wards()) if ward.district_code == unit.code])
        found.append((members, weight[members] / weight[members].sum()))
    return tuple(found)
