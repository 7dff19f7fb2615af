"""Rows of registers that sit beside the residents': the same people under references of their own, written down again.

What a row says other than the register of residents is a share of the scenario, and follows from the person's running
number and the seed: nothing else in the city changes with it. ``references.parquet`` tells of every row what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from warehouse.synthetic.columns import Ints, refs
from warehouse.synthetic.defects import CHANGES, chance
from warehouse.synthetic.names import other_phones
from warehouse.synthetic.residence import any_ward
from warehouse.synthetic.spelling import given_first, misspelt, without_marks, without_middle

#: How references begin: of the register of residents, the insurer's, a hospital's own, a second entry in the register.
KINDS = {"P": "register", "B": "insurer", "Q": "hospital", "D": "entered_twice"}
#: Columns that a frame of :func:`known_elsewhere` needs beside those of the register: the running number of the person,
#: and the ward and district before they moved.
NUMBER, FORMER = "_number", ("former_ward", "former_district")


@dataclass(frozen=True)
class _Change:
    """Something that is written otherwise: of which rows it can be, and what stands there then."""

    name: str
    befalls: pl.Expr
    values: Mapping[str, pl.Expr]


_NAME, _BORN = pl.col("full_name"), pl.col("birth_date")
_MONTH, _DAY = _BORN.str.slice(5, 2), _BORN.str.slice(8, 2)
_HAS_DAY = _BORN.str.len_chars() == 10
_LATE = _DAY.str.slice(0, 1) == "3"


def known_elsewhere(
    residents: pl.DataFrame, rates: Mapping[str, float], seed: int, *, source: str, letter: str
) -> pl.DataFrame:
    """The rows of ``residents`` as another register has them, with :data:`CHANGES`: what was changed, comma between.

    ``rates``: share of each change among the rows it can befall; ``source`` names the sender, ``letter`` begins its
    references. ``residents`` has the columns :data:`NUMBER` and :data:`FORMER` as well.
    """
    number = residents[NUMBER].to_numpy()
    nothing = ("household_ref", "vulnerable")
    frame = residents.with_columns(
        pl.lit(source).alias("source"),
        refs(letter, number).alias("person_ref"),
        pl.lit(None, pl.Date).alias("registered_from"),
        *(pl.lit(None, pl.String).alias(name) for name in nothing),
        pl.lit("").alias(CHANGES),
    )

    def draw(salt: str) -> pl.Series:
        return pl.Series(chance(number, f"{source} {salt}", seed))

    for change in _changes(number, draw):
        frame = _written(frame, change, draw(change.name) < rates[change.name])
    return frame.drop(NUMBER, *FORMER).with_columns(pl.col(CHANGES).str.strip_suffix(","))


def _written(frame: pl.DataFrame, change: _Change, struck: pl.Series) -> pl.DataFrame:
    where = change.befalls.fill_null(value=False) & pl.lit(struck)
    return frame.with_columns(
        pl.when(where).then(pl.col(CHANGES) + f"{change.name},").otherwise(CHANGES).alias(CHANGES),
        *(pl.when(where).then(value).otherwise(name).alias(name) for name, value in change.values.items()),
    )


def _changes(number: Ints, draw: Callable[[str], pl.Series]) -> list[_Change]:
    """In the order they are made: what is left out cannot be wrong."""
    return [*_numbers(number), *_names(draw), *_births(draw), *_places(draw)]


def _numbers(number: Ints) -> list[_Change]:
    left_out = {
        "national_id": "national_id",
        "old_id": "old_id",
        "insurance": "insurance_no",
        "phone": "phone",
    }
    nothing = [
        _Change(f"{name}_left_out", pl.col(column).is_not_null(), {column: pl.lit(None, pl.String)})
        for name, column in left_out.items()
    ]
    other = {"phone": pl.lit(other_phones(number))}
    return [*nothing, _Change("phone_changed", pl.col("phone").is_not_null(), other)]


def _names(draw: Callable[[str], pl.Series]) -> list[_Change]:
    wrong = misspelt(_NAME, pl.lit(draw("which letter")))
    other_sex = pl.when(pl.col("sex") == "male").then(pl.lit("female")).otherwise(pl.lit("male"))
    return [
        _Change("middle_name_left_out", without_middle(_NAME) != _NAME, {"full_name": without_middle(_NAME)}),
        _Change("name_misspelt", _NAME.is_not_null(), {"full_name": wrong}),
        _Change("given_name_first", _NAME.str.contains(" "), {"full_name": given_first(_NAME)}),
        _Change("marks_lost", without_marks(_NAME) != _NAME, {"full_name": without_marks(_NAME)}),
        _Change("sex_wrong", pl.col("sex") != "unknown", {"sex": other_sex}),
    ]


def _births(draw: Callable[[str], pl.Series]) -> list[_Change]:
    can_swap = _HAS_DAY & (_DAY.cast(pl.Int32, strict=False) <= 12) & (_DAY != _MONTH)
    swapped = _BORN.str.slice(0, 5) + _DAY + "-" + _MONTH
    # 1 to 8 and never what stands there, so that it is a day of every month; of 30 and 31 the first digit instead.
    step = 1 + (pl.lit(draw("which digit")) * 6).floor().cast(pl.Int32)
    unit = 1 + (_DAY.str.slice(1, 1).cast(pl.Int32, strict=False) + step) % 8
    day = (
        pl.when(_LATE).then("1" + _DAY.str.slice(1, 1)).otherwise(_DAY.str.slice(0, 1) + unit.cast(pl.String))
    )
    return [
        _Change("birth_year_only", _HAS_DAY, {"birth_date": _BORN.str.slice(0, 4)}),
        _Change("birth_swapped", can_swap, {"birth_date": swapped}),
        _Change("birth_digit_wrong", _HAS_DAY, {"birth_date": _BORN.str.slice(0, 8) + day}),
    ]


def _places(draw: Callable[[str], pl.Series]) -> list[_Change]:
    former = {
        "ward_code": pl.col("former_ward"),
        "district_code": pl.col("former_district"),
    }
    nothing = {name: pl.lit(None, pl.String) for name in former}
    other = any_ward(draw("which ward").to_numpy())
    return [
        _Change("ward_earlier", pl.col("former_ward").is_not_null(), former),
        _Change("ward_other", pl.lit(value=True), {name: pl.lit(other[name]) for name in former}),
        _Change("ward_left_out", pl.col("ward_code").is_not_null(), nothing),
    ]


def references(sent: pl.DataFrame) -> pl.DataFrame:
    """Of the registers as they are sent, with :data:`CHANGES`: every reference, whose it is, and what was changed.

    Columns ``person_ref`` (as sent), ``person`` (the reference in the register of residents), ``kind`` (one of
    :data:`KINDS`), ``changes`` (names of the scenario's section ``hospital``, or a kind of second entry).
    """
    ref = pl.col("person_ref")
    return sent.select(
        ref,
        ("P" + ref.str.slice(1)).alias("person"),
        ref.str.slice(0, 1).replace_strict(KINDS, return_dtype=pl.String).alias("kind"),
        pl.col(CHANGES).alias("changes"),
    )
