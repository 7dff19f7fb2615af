"""Who lives in the city: age, sex, place, household.

Ages and days are those of the end of the period; a person born, dead or gone by then says so in days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtri

from warehouse.geography import read_csv
from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import NEVER, Bools, Ints, day_number
from warehouse.synthetic.households import Homes, draw_homes, draw_incomes, settle, spread_evenly
from warehouse.synthetic.parameters import Floats

ADULT = 18
CHILD_UNDER = 16  # Law on Children 2016
YEAR = 365.25
_NOT_VULNERABLE = 3
_UNREGISTERED_UNDER = 45


@dataclass(frozen=True)
class People:
    """``N`` residents as columns. Days count from 1970-01-01; :data:`NEVER` where a thing has not happened.

    ``income`` is a standard deviate of the household, part of it the ward's. Whoever is not ``is_registered`` lives and
    works here and stands in no register; ``registered_day`` is then the day they came. ``district`` and ``ward`` are
    those before ``moved_day``, ``moved_to`` the ward from then on.
    """

    first: int
    is_female: Bools
    age: Ints
    birth_day: Ints
    district: Ints
    ward: Ints
    household: Ints
    registered_day: Ints
    left_day: Ints
    death_day: Ints
    pregnant_until: Ints
    is_insured: Bools
    vulnerable: Ints
    income: Floats
    is_registered: Bools
    moved_day: Ints
    moved_to: Ints

    def __len__(self) -> int:
        return len(self.age)

    @property
    def number(self) -> Ints:
        """The running number of each person in the whole city."""
        return self.first + np.arange(len(self), dtype=np.int64)

    @property
    def gone_day(self) -> Ints:
        """The first day a person no longer counts: death or departure."""
        return np.minimum(self.left_day, self.death_day)


def age_sex_weights(settings: Calibration) -> Floats:
    """``[district, five-year band, sex]``: share of each cell in its district; older where ``age_tilt`` is above 0."""
    rows = read_csv("age_sex_2024.csv")
    base = np.array([[float(row["male"]), float(row["female"])] for row in rows])
    middle = np.array([int(row["age_from"]) + 2.5 for row in rows])
    tilt = np.exp(settings.districts.age_tilt[:, None] * (middle[None, :] - 36) / 40)
    weights = base[None, :, :] * tilt[:, :, None]
    return np.asarray(weights / weights.sum(axis=(1, 2), keepdims=True), dtype=np.float64)


def dies_share(settings: Calibration, age: Floats) -> Floats:
    """Chance of dying during the rollout, by age at its end."""
    known, years = settings.people, settings.period.rollout_years
    yearly = known.dies_a_year_at_birth * np.exp(known.dies_per_year_of_age * age)
    return np.minimum(yearly * years, 0.15 * years)


def leaves_share(settings: Calibration, age: Floats) -> Floats:
    """Chance of moving away during the rollout, by age at its end, of those who do not die."""
    known = settings.people
    return settings.period.rollout_years * np.where(
        (age >= ADULT) & (age < 40), known.leaves_a_year_young, known.leaves_a_year_other
    )


#: Days before the end of the period between which those not born here moved in.
MOVED_IN = (60, 6000)


def draw_people(settings: Calibration, rng: np.random.Generator, first: int, count: int) -> People:
    """Residents numbered ``first`` .. ``first + count - 1``."""
    end, start = day_number(settings.period.end), day_number(settings.period.first_record)
    known, homes = settings.people, draw_homes(settings, rng, count)
    is_female, age = _draw_sex_and_age(settings, rng, homes.district)
    age, is_female = settle(rng, homes, age, is_female, ADULT)
    birth_day = end - (age * YEAR + rng.uniform(0, YEAR, count)).astype(np.int64)
    moved_in = np.where(
        rng.random(count) < known.born_here_share, birth_day, end - rng.integers(*MOVED_IN, count)
    )
    dies = rng.random(count) < dies_share(settings, age.astype(float))
    leaves = ~dies & (rng.random(count) < leaves_share(settings, age.astype(float)))
    registered = np.maximum(birth_day, moved_in)
    when = np.minimum(
        np.maximum(start + rng.integers(0, end - start, count), registered + rng.integers(1, 40, count)), end
    )
    income = draw_incomes(settings, rng, homes)
    may_be_missing = (age >= ADULT) & (age < _UNREGISTERED_UNDER)
    is_registered = ~(may_be_missing & (rng.random(count) < settings.switches.unregistered_share))
    gone = np.where(dies | leaves, when, NEVER)
    moved_day, moved_to = _draw_moves(settings, rng, homes, gone)
    return People(
        first=first,
        is_female=is_female,
        age=age,
        birth_day=birth_day,
        district=homes.district,
        ward=homes.ward,
        household=homes.household,
        registered_day=registered,
        left_day=np.where(leaves, when, NEVER),
        death_day=np.where(dies, when, NEVER),
        pregnant_until=_draw_pregnancies(settings, rng, is_female, age),
        is_insured=is_registered & _draw_insured(settings, rng, age, income),
        vulnerable=_draw_vulnerable(settings, rng, income, homes.size, age),
        income=income,
        is_registered=is_registered,
        moved_day=moved_day,
        moved_to=moved_to,
    )


def _draw_sex_and_age(settings: Calibration, rng: np.random.Generator, district: Ints) -> tuple[Bools, Ints]:
    """By the structure of each district."""
    weights = age_sex_weights(settings)
    lower = np.array([int(row["age_from"]) for row in read_csv("age_sex_2024.csv")])
    cell = np.empty(len(district), dtype=np.int64)
    for unit, shares in enumerate(weights.reshape(len(weights), -1)):
        row = np.flatnonzero(district == unit)
        cell[row] = spread_evenly(rng, shares, len(row))
    age = lower[cell // 2] + rng.integers(0, 5, len(district))
    return cell % 2 == 1, np.minimum(age, 104)


def _draw_moves(
    settings: Calibration, rng: np.random.Generator, homes: Homes, gone_day: Ints
) -> tuple[Ints, Ints]:
    """The day a household moves to another home in the city, once at most, and its ward from then on."""
    start, end = day_number(settings.period.first_record), day_number(settings.period.end)
    households = int(homes.household.max()) + 1
    moves = rng.random(households) < settings.people.moves_a_year * settings.period.rollout_years
    when = np.where(moves, rng.integers(start, end, households), NEVER)[homes.household]
    day = np.where(when < gone_day, when, NEVER)
    # Homes that become free are those that others leave: the sizes of the wards stay as they are.
    ward = homes.ward[rng.permutation(len(homes.ward))[:households]][homes.household]
    return day, np.where(day < NEVER, ward, homes.ward)


def _draw_pregnancies(settings: Calibration, rng: np.random.Generator, is_female: Bools, age: Ints) -> Ints:
    """One pregnancy of some women of 18 to 42 in the course of the rollout."""
    start, end = day_number(settings.period.first_record), day_number(settings.period.end)
    may_be = is_female & (age >= ADULT) & (age <= 42)
    chance = settings.people.pregnant_a_year * settings.period.rollout_years
    until = rng.integers(start, end + 270, len(age))
    is_pregnant = may_be & (rng.random(len(age)) < chance)
    return np.where(is_pregnant, until, NEVER)


def _draw_insured(settings: Calibration, rng: np.random.Generator, age: Ints, income: Floats) -> Bools:
    """Of working age fewer, and of them and of the poor fewer still."""
    known, working_age = settings.people, (age >= ADULT) & (age < 55)
    share = np.where(working_age, known.insured_of_working_age_share, known.insured_of_others_share)
    chance = expit(logit(share) + known.insured_per_income * income)
    return np.asarray(rng.random(len(age)) < chance, dtype=np.bool_)


def _draw_vulnerable(
    settings: Calibration, rng: np.random.Generator, income: Floats, size: Ints, age: Ints
) -> Ints:
    """Place in the list of groups: the poorest households, the disabled, the elderly who are very old or alone."""
    known = settings.people
    is_poor = income < ndtri(known.poor_household_share)
    is_disabled = rng.random(len(age)) < known.disabled_share
    is_elderly = (age >= 80) | ((age >= 60) & (size == 1))
    return np.select([is_poor, is_disabled, is_elderly], [0, 2, 1], _NOT_VULNERABLE).astype(np.int64)
