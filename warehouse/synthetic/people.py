"""Who lives in the city: age, sex, place, household, and the ``resident`` extract.

Ages and days are those of the end of the period; a person born, dead or gone by then says so in days.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import polars as pl

from warehouse.geography import districts, read_csv, wards
from warehouse.synthetic.calibration import Calibration, Floats
from warehouse.synthetic.columns import NEVER, Bools, Ints, constant, dates, day_number, person_refs, refs

#: Province part of the identity number: Ho Chi Minh City first, then where people have moved from. One block of a
#: million people per code keeps the six last digits, a permutation of 0..999999, unique.
PROVINCES = ("079", "074", "077", "001", "075", "080", "082", "083", "084", "086", "087", "089", "091", "092")
_BLOCK = 1_000_000
_STEP = 7_919  # coprime to a million, so i -> i * step mod a million is a permutation
_HOUSEHOLD = 3.51  # persons, census 2019
CHILD_UNDER = 16  # Law on Children 2016


@dataclass(frozen=True)
class People:
    """``N`` residents as columns. Days count from 1970-01-01; :data:`NEVER` where a thing has not happened."""

    first: int
    is_female: Bools
    age: Ints
    birth_day: Ints
    district: Ints
    ward: Ints
    registered_day: Ints
    left_day: Ints
    death_day: Ints
    pregnant_until: Ints
    is_insured: Bools
    is_vulnerable: Bools

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


def district_shares() -> Floats:
    """Share of each district in the city, census 2019."""
    people = np.array([item.population_2019 for item in districts()], dtype=float)
    return np.asarray(people / people.sum(), dtype=np.float64)


def draw_people(settings: Calibration, rng: np.random.Generator, first: int, count: int) -> People:
    """Residents numbered ``first`` .. ``first + count - 1``."""
    end = day_number(settings.end)
    district, ward = _draw_place(rng, count)
    is_female, age = _draw_sex_and_age(settings, rng, district)
    birth_day = end - (age * 365.25 + rng.uniform(0, 365, count)).astype(np.int64)
    moved_in = end - rng.integers(400, 6000, count)
    start = day_number(settings.first_record)
    dies = rng.random(count) < np.minimum(0.0006 * np.exp(0.062 * age), 0.35)
    leaves = ~dies & (rng.random(count) < np.where((age >= 18) & (age < 40), 0.03, 0.01))
    when = start + rng.integers(0, end - start, count)
    return People(
        first=first,
        is_female=is_female,
        age=age,
        birth_day=birth_day,
        district=district,
        ward=ward,
        registered_day=np.maximum(birth_day, np.where(rng.random(count) < 0.7, birth_day, moved_in)),
        left_day=np.where(leaves, np.maximum(when, birth_day + 30), NEVER),
        death_day=np.where(dies, np.maximum(when, birth_day + 1), NEVER),
        pregnant_until=_draw_pregnancies(rng, is_female, age, end),
        is_insured=rng.random(count) < np.where((age >= 18) & (age < 55), 0.89, 0.97),
        is_vulnerable=rng.random(count) < np.where(age >= 60, 0.08, 0.025),
    )


def resident_table(people: People, as_of: int, rng: np.random.Generator) -> pl.DataFrame:
    """The ``resident`` extract as of a day; people born later are not in it."""
    count, number = len(people), people.number
    birth_date = dates(people.birth_day)
    vulnerable = np.where(people.age >= 60, 1, np.where(number % 3 == 0, 2, 0))
    frame = pl.DataFrame(
        {
            "source": constant("synthetic", count),
            "person_ref": person_refs(number),
            "national_id": _national_ids(number, people.is_female, birth_date),
            "insurance_no": pl.Series(7_900_000_000 + number).cast(pl.String),
            "full_name": _names(rng, people.is_female),
            "birth_date": birth_date,
            "sex": pl.Series(np.where(people.is_female, "female", "male")),
            "ward_code": pl.Series([ward.code for ward in wards()]).gather(people.ward),
            "district_code": pl.Series([item.code for item in districts()]).gather(people.district),
            "phone": "09" + pl.Series(10_000_000 + number % 90_000_000).cast(pl.String),
            "registered_from": dates(people.registered_day),
            "registered_to": dates(_known(people.left_day, as_of)),
            "death_date": dates(_known(people.death_day, as_of)),
            "insured": pl.Series(people.is_insured),
            "pregnant_until": dates(
                np.where(people.pregnant_until - 270 <= as_of, people.pregnant_until, NEVER)
            ),
            "vulnerable": pl.Series(["poor", "elderly", "disabled"]).gather(vulnerable),
            "household_ref": refs("H", (number / _HOUSEHOLD).astype(np.int64)),
        }
    )
    # The pseudonym of the household follows the place, so that one household lives in one ward.
    household = frame["household_ref"] + "-" + frame["ward_code"]
    not_vulnerable = pl.Series(~people.is_vulnerable)
    return frame.with_columns(
        household.alias("household_ref"),
        pl.when(not_vulnerable).then(None).otherwise(pl.col("vulnerable")).alias("vulnerable"),
    ).filter(pl.Series(people.birth_day <= as_of))


def _known(day: Ints, as_of: int) -> Ints:
    """A day that has come by ``as_of``."""
    return np.where(day <= as_of, day, NEVER)


def _draw_sex_and_age(settings: Calibration, rng: np.random.Generator, district: Ints) -> tuple[Bools, Ints]:
    """By the structure of each district: inverse of its cumulative distribution."""
    weights = age_sex_weights(settings)
    lower = np.array([int(row["age_from"]) for row in read_csv("age_sex_2024.csv")])
    cumulative = weights.reshape(len(weights), -1).cumsum(axis=1)
    cell = np.empty(len(district), dtype=np.int64)
    draw = rng.random(len(district))
    for unit in range(len(weights)):
        row = np.flatnonzero(district == unit)
        cell[row] = np.searchsorted(cumulative[unit], draw[row] * cumulative[unit, -1], side="right")
    age = lower[cell // 2] + rng.integers(0, 5, len(district))
    return cell % 2 == 1, np.minimum(age, 104)


def _draw_place(rng: np.random.Generator, count: int) -> tuple[Ints, Ints]:
    """District by its census share; any ward of the district alike."""
    district = rng.choice(len(districts()), count, p=district_shares()).astype(np.int64)
    code_of = {unit.code: index for index, unit in enumerate(districts())}
    unit_of_ward = np.array([code_of[ward.district_code] for ward in wards()])
    order = np.argsort(unit_of_ward, kind="stable")
    size = np.bincount(unit_of_ward, minlength=len(districts()))
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    return district, order[start[district] + (rng.random(count) * size[district]).astype(np.int64)]


def _draw_pregnancies(rng: np.random.Generator, is_female: Bools, age: Ints, end: int) -> Ints:
    """About one pregnancy in seven women of 18 to 42 over the two years and a bit of the rollout."""
    is_pregnant = is_female & (age >= 18) & (age <= 42) & (rng.random(len(age)) < 0.15)
    return np.where(is_pregnant, end + rng.integers(-800, 270, len(age)), NEVER)


def _national_ids(number: Ints, is_female: Bools, birth_date: pl.Series) -> pl.Series:
    """Province (3), century and sex (1), year of birth (2), six more: no check digit."""
    province = pl.Series(PROVINCES).gather(number // _BLOCK % len(PROVINCES))
    year = birth_date.dt.year()
    century_and_sex = ((year // 100 - 19) * 2 + pl.Series(is_female).cast(pl.Int32)).cast(pl.String)
    last = pl.Series(number * _STEP % _BLOCK).cast(pl.String).str.zfill(6)
    return province + century_and_sex + (year % 100).cast(pl.String).str.zfill(2) + last


def _names(rng: np.random.Generator, is_female: Bools) -> pl.Series:
    parts = _name_parts()
    draw = rng.random((3, len(is_female)))

    def pick(name: str, row: int) -> pl.Series:
        return pl.Series(parts[name]).gather((draw[row] * len(parts[name])).astype(np.int64))

    frame = pl.DataFrame(
        {
            "family": pick("family", 0),
            "male": pick("middle_male", 1) + " " + pick("given_male", 2),
            "female": pick("middle_female", 1) + " " + pick("given_female", 2),
        }
    )
    given = pl.when(pl.Series(is_female)).then(pl.col("female")).otherwise(pl.col("male"))
    return frame.select(pl.col("family") + " " + given).to_series()


@cache
def _name_parts() -> dict[str, list[str]]:
    text = resources.files(__package__).joinpath("names.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text))
