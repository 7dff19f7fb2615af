"""Who lives in the city: age, sex, place, household, and the ``resident`` extract.

Ages and days are those of the end of the period; a person born, dead or gone by then says so in days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit, logit, ndtri

from warehouse.geography import districts, read_csv, wards
from warehouse.synthetic import names
from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import NEVER, Bools, Ints, constant, dates, day_number, person_refs, words
from warehouse.synthetic.households import draw_homes, draw_incomes, settle, spread_evenly
from warehouse.synthetic.parameters import Floats

ADULT = 18
CHILD_UNDER = 16  # Law on Children 2016
YEAR = 365.25
_NOT_VULNERABLE = 3
_UNREGISTERED_UNDER = 45
_GROUPS = ("poor", "elderly", "disabled")


@dataclass(frozen=True)
class People:
    """``N`` residents as columns. Days count from 1970-01-01; :data:`NEVER` where a thing has not happened.

    ``income`` is a standard deviate of the household, part of it the ward's. Whoever is not ``is_registered`` lives and
    works here and stands in no register; ``registered_day`` is then the day they came.
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
    known = settings.people
    return np.minimum(known.death_at_birth * np.exp(known.death_per_year_of_age * age), 0.35)


def leaves_share(settings: Calibration, age: Floats) -> Floats:
    """Chance of moving away during the rollout, by age at its end, of those who do not die."""
    known = settings.people
    return np.where((age >= ADULT) & (age < 40), known.leaves_young_share, known.leaves_other_share)


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
    )


def resident_table(people: People, as_of: int, rng: np.random.Generator) -> pl.DataFrame:
    """The ``resident`` extract as of a day; people born or moved in later are not in it."""
    number = people.number
    birth_date = dates(people.birth_day)
    ward_code = pl.Series([ward.code for ward in wards()]).gather(people.ward)
    frame = pl.DataFrame(
        {
            "source": constant("synthetic", len(people)),
            "person_ref": person_refs(number),
            "national_id": names.national_ids(number, people.is_female, birth_date),
            "old_id": names.old_ids(number, people.age, rng),
            "insurance_no": names.insurance_numbers(number, people.age, people.is_insured, rng),
            "full_name": names.full_names(rng, people.is_female, people.household),
            "birth_date": _as_known(birth_date, people.age, rng),
            "sex": pl.Series(np.where(people.is_female, "female", "male")),
            "ward_code": ward_code,
            "district_code": pl.Series([item.code for item in districts()]).gather(people.district),
            "phone": names.phones(number, people.age, rng),
            "registered_from": dates(people.registered_day),
            "registered_to": dates(_known(people.left_day, as_of)),
            "death_date": dates(_known(people.death_day, as_of)),
            "insured": pl.Series(people.is_insured),
            "pregnant_until": dates(
                np.where(people.pregnant_until - 220 <= as_of, people.pregnant_until, NEVER)
            ),
            "vulnerable": words((*_GROUPS, None), people.vulnerable),
            # The household and the chunk of people it was drawn in.
            "household_ref": f"H{people.first}-" + pl.Series(people.household).cast(pl.String),
        }
    )
    return frame.filter(pl.Series(in_register(people, as_of)))


def in_register(people: People, as_of: int) -> Bools:
    """Who stands in the register of residents on a day."""
    return np.asarray(people.is_registered & (people.registered_day <= as_of), dtype=np.bool_)


def _as_known(birth_date: pl.Series, age: Ints, rng: np.random.Generator) -> pl.Series:
    """As registers have it: of one in a hundred over 60 the year alone."""
    only_year = pl.Series((age >= 60) & (rng.random(len(age)) < 0.01))
    frame = pl.DataFrame({"day": birth_date})
    text = pl.when(only_year).then(pl.col("day").dt.strftime("%Y")).otherwise(pl.col("day").cast(pl.String))
    return frame.select(text).to_series()


def _known(day: Ints, as_of: int) -> Ints:
    """A day that has come by ``as_of``."""
    return np.where(day <= as_of, day, NEVER)


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


def _draw_pregnancies(settings: Calibration, rng: np.random.Generator, is_female: Bools, age: Ints) -> Ints:
    """About one pregnancy in seven women of 18 to 42 over the rollout."""
    may_be = is_female & (age >= ADULT) & (age <= 42)
    is_pregnant = may_be & (rng.random(len(age)) < settings.people.pregnant_share)
    until = day_number(settings.period.end) + rng.integers(-800, 270, len(age))
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
