"""The register of residents as a sender has it: the ``resident`` extract as of a day."""

from __future__ import annotations

import numpy as np
import polars as pl

from warehouse.synthetic import names
from warehouse.synthetic.columns import NEVER, Bools, Ints, constant, dates, person_refs, words
from warehouse.synthetic.people import People
from warehouse.synthetic.residence import stated_places

#: In the order of ``People.vulnerable``.
_GROUPS = ("poor", "elderly", "disabled")


def resident_table(
    people: People, as_of: int, restated_share: float, rng: np.random.Generator
) -> pl.DataFrame:
    """The ``resident`` extract as of a day; people born or moved in later are not in it.

    ``restated_share``: of the addresses from before July 2025 that are written anew in its units since.
    """
    number = people.number
    birth_date = dates(people.birth_day)
    place = stated_places(people, as_of, restated_share)
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
            "ward_code": place["ward_code"],
            "district_code": place["district_code"],
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
