"""Names and numbers that look like those of Vietnamese residents and belong to nobody."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import numpy as np
import polars as pl

from warehouse.synthetic.columns import Bools, Ints

#: Province part of the identity number: Ho Chi Minh City first, then where people have moved from. One block of a
#: million people per code keeps the six last digits, a permutation of 0..999999, unique.
PROVINCES = ("079", "074", "077", "001", "075", "080", "082", "083", "084", "086", "087", "089", "091", "092")
_BLOCK = 1_000_000
_STEP = 7_919  # coprime to a million, so i -> i * step mod a million is a permutation
_MOBILE = ("090", "091", "093", "097", "098", "086", "070", "033", "035", "081")
#: Numbers people had before, or have now: beginnings that no number of the register has.
_OTHER_MOBILE = ("032", "034", "036", "037", "038", "039", "056", "058", "076", "078")
_CARD = ("DN4", "GD4", "HN4", "TE1", "HT3")


def national_ids(number: Ints, is_female: Bools, birth_date: pl.Series) -> pl.Series:
    """Province (3), century and sex (1), year of birth (2), six more: no check digit."""
    province = pl.Series(PROVINCES).gather(number // _BLOCK % len(PROVINCES))
    year = birth_date.dt.year()
    century_and_sex = ((year // 100 - 19) * 2 + pl.Series(is_female).cast(pl.Int32)).cast(pl.String)
    last = pl.Series(number * _STEP % _BLOCK).cast(pl.String).str.zfill(6)
    return province + century_and_sex + (year % 100).cast(pl.String).str.zfill(2) + last


def old_ids(number: Ints, age: Ints, rng: np.random.Generator) -> pl.Series:
    """Nine digits of the card before 2016, which a third of those over 25 still have on file."""
    kept = (age > 25) & (rng.random(len(number)) < 0.33)
    # 02 was the city's; the number itself keeps them unique.
    digits = "0" + (20_000_000 + pl.Series(number)).cast(pl.String)
    return pl.DataFrame({"id": digits}).select(pl.when(pl.Series(kept)).then(pl.col("id"))).to_series()


def insurance_numbers(number: Ints, age: Ints, is_insured: Bools, rng: np.random.Generator) -> pl.Series:
    """The ten digits of the insurer for everybody insured, for half of them behind the letters of a card."""
    digits = pl.Series(7_900_000_000 + number).cast(pl.String)
    kind = np.select([age < 6, age >= 60], [3, 4], number % 3)
    card = pl.Series(_CARD).gather(kind) + "79" + digits
    shown = pl.when(pl.Series(rng.random(len(number)) < 0.5)).then(pl.col("card")).otherwise(pl.col("digits"))
    insured = pl.when(pl.Series(is_insured)).then(shown)
    return pl.DataFrame({"card": card, "digits": digits}).select(insured).to_series()


def phones(number: Ints, age: Ints, rng: np.random.Generator) -> pl.Series:
    """Mobile numbers, of most adults and hardly any child."""
    draw = rng.random(len(number))
    kept = draw < np.interp(age, [12, 18, 60, 90], [0.02, 0.93, 0.90, 0.35])
    start = pl.Series(_MOBILE).gather(number % len(_MOBILE))
    digits = start + pl.Series(number * _STEP % 10_000_000).cast(pl.String).str.zfill(7)
    return pl.DataFrame({"id": digits}).select(pl.when(pl.Series(kept)).then(pl.col("id"))).to_series()


def other_phones(number: Ints) -> pl.Series:
    """Another number of the same people: nobody's in the register, and nobody else's."""
    start = pl.Series(_OTHER_MOBILE).gather(number % len(_OTHER_MOBILE))
    return start + pl.Series(number * _STEP % 10_000_000).cast(pl.String).str.zfill(7)


def full_names(rng: np.random.Generator, is_female: Bools, household: Ints) -> pl.Series:
    """Family name, middle name, given name; three in four of a household share the family name."""
    parts, count = _parts(), len(is_female)
    draw = rng.random((3, count))
    of_home = rng.random(household.max() + 1)[household]
    draw[0] = np.where(draw[0] < 0.75, of_home, rng.random(count))

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
def _parts() -> dict[str, list[str]]:
    text = resources.files(__package__).joinpath("names.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text))
