"""What senders do to rows: units that slip, codes swapped, names without their tone marks, people entered twice.

Every defect is a share of the scenario. Whether a row has it follows from its own number and the seed, so it does not
depend on the day the city is looked at; each is told to the log with what stood there before.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from warehouse.synthetic.columns import Ints, words
from warehouse.synthetic.log import Log
from warehouse.synthetic.names import other_phones
from warehouse.synthetic.parameters import Floats
from warehouse.synthetic.readings import CODES, MGDL_PER_MMOL
from warehouse.synthetic.residence import any_ward
from warehouse.synthetic.spelling import given_first, misspelt, shortened, without_marks

#: The parts of Thủ Đức City before 2021, which some senders still write.
_OLD_PARTS = ("762", "763")
_MERGED = "769"
_AHEAD = "20y"
#: What the second entries of people are like, and up to which draw each of them is.
SECOND_ENTRIES = ("shortened", "moved", "respelt", "year_only")
_KINDS_UP_TO = (1 / 2, 2 / 3, 5 / 6)
#: Of the respelt: the share whose given name stands first.
_REORDERED = 0.4
#: Of those entered twice who had moved, how many had another telephone.
_RENEWED = 0.3
#: Column of what is known to be otherwise in a row, for ``references.parquet``; no sender has it.
CHANGES = "_changes"


def chance(number: Ints, salt: str, seed: int) -> Floats:
    """Numbers between 0 and 1, one for each row number, that differ by salt and seed: SplitMix64."""
    begin = (zlib.crc32(salt.encode()) * 2654435769 + seed) % 2**64
    with np.errstate(over="ignore"):
        z = number.astype(np.uint64) + np.uint64(begin)
        z = (z + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return np.asarray((z >> np.uint64(11)).astype(np.float64) * 2.0**-53, dtype=np.float64)


@dataclass(frozen=True)
class _Slip:
    """A defect of one column: the rows it can befall, and what they say then."""

    name: str
    column: str
    befalls: pl.Expr
    value: pl.Expr


_NAME, _BORN, _ICD10 = pl.col("full_name"), pl.col("birth_date"), pl.col("icd10")
_MONTH, _DAY = _BORN.str.slice(5, 2), _BORN.str.slice(8, 2)
_SECOND_HALF = pl.col("person_ref").str.tail(1).is_in(["5", "6", "7", "8", "9"])
_SLIPS = {
    "measurement": (
        _Slip(
            "height_in_metres",
            "value",
            (pl.col("code") == CODES["height"]) & (pl.col("unit") == "cm"),
            pl.col("value") / 100,
        ),
        _Slip("weight_times_ten", "value", pl.col("code") == CODES["weight"], pl.col("value") * 10),
        _Slip(
            "glucose_in_mg_dl",
            "value",
            pl.col("code") == CODES["glucose"],
            (pl.col("value") * MGDL_PER_MMOL).round(),
        ),
        _Slip("missing_unit", "unit", pl.col("unit").is_not_null(), pl.lit(None, pl.String)),
        _Slip("years_ahead", "taken_at", pl.lit(value=True), pl.col("taken_at").dt.offset_by(_AHEAD)),
    ),
    "condition": (
        _Slip(
            "code_without_point",
            "icd10",
            _ICD10.str.contains(".", literal=True),
            _ICD10.str.replace(".", "", literal=True),
        ),
    ),
    "resident": (
        _Slip("lost_tone_marks", "full_name", _NAME.is_not_null(), without_marks(_NAME)),
        _Slip(
            "old_district_code",
            "district_code",
            pl.col("district_code") == _MERGED,
            pl.when(_SECOND_HALF).then(pl.lit(_OLD_PARTS[0])).otherwise(pl.lit(_OLD_PARTS[1])),
        ),
        _Slip(
            "day_and_month_swapped",
            "birth_date",
            (_BORN.str.len_chars() == 10) & (_DAY.cast(pl.Int32, strict=False) <= 12) & (_DAY != _MONTH),
            _BORN.str.slice(0, 5) + _DAY + "-" + _MONTH,
        ),
    ),
}
_KEYS = {"measurement": "measurement_id", "condition": "condition_id", "resident": "person_ref"}


def spoil(table: str, frame: pl.DataFrame, rates: Mapping[str, float], seed: int, log: Log) -> pl.DataFrame:
    """The rows as they were sent; tables without defects stay as they are."""
    if table not in _SLIPS or not any(rates.values()) or frame.is_empty():
        return frame
    number = _numbers(frame[_KEYS[table]])
    for slip in _SLIPS[table]:
        struck = chance(number, slip.name, seed) < rates[slip.name]
        if struck.any():
            frame = _slip(table, frame, slip, slip.befalls & pl.lit(pl.Series(struck)), log)
    if table == "measurement":
        frame = _swap_pressures(frame, rates["pressures_swapped"], seed, log)
        frame = _send_twice(frame, number, rates["sent_twice"], seed, log)
    if table == "resident":
        frame = _enter_twice(frame, number, rates["entered_twice"], seed, log)
    return frame


def _numbers(keys: pl.Series) -> Ints:
    """The digits of references as numbers, the letters before them a part of it."""
    digits = keys.str.extract(r"(\d+)$").cast(pl.Int64)
    return np.asarray((digits * 64 + keys.str.len_chars()).to_numpy(), dtype=np.int64)


def _slip(table: str, frame: pl.DataFrame, slip: _Slip, where: pl.Expr, log: Log) -> pl.DataFrame:
    """One defect in the rows ``where``."""
    struck = frame.filter(where)
    log.add(table, struck[_KEYS[table]], slip.name, slip.column, struck[slip.column])
    return frame.with_columns(
        pl.when(where).then(slip.value).otherwise(pl.col(slip.column)).alias(slip.column)
    )


def _swap_pressures(frame: pl.DataFrame, rate: float, seed: int, log: Log) -> pl.DataFrame:
    """Readings of visits whose two pressures are written the wrong way round."""
    systolic, diastolic = CODES["systolic"], CODES["diastolic"]
    is_pressure = pl.col("code").is_in([systolic, diastolic]) & pl.col("encounter_ref").is_not_null()
    visit = pl.col("encounter_ref").str.slice(1).cast(pl.Int64) * 4 + pl.col("reading_number")
    reading = frame.select(pl.when(is_pressure).then(visit).fill_null(-1)).to_series().to_numpy()
    struck = (chance(reading, "pressures_swapped", seed) < rate) & (reading >= 0)
    if not struck.any():
        return frame
    swapped = frame.filter(pl.Series(struck))
    log.add("measurement", swapped["measurement_id"], "pressures_swapped", "code", swapped["code"])
    other = pl.when(pl.col("code") == systolic).then(pl.lit(diastolic)).otherwise(pl.lit(systolic))
    return frame.with_columns(pl.when(pl.Series(struck)).then(other).otherwise(pl.col("code")).alias("code"))


def _send_twice(frame: pl.DataFrame, number: Ints, rate: float, seed: int, log: Log) -> pl.DataFrame:
    """Rows that come again, as they were."""
    again = frame.filter(pl.Series(chance(number, "sent_twice", seed) < rate))
    log.add("measurement", again["measurement_id"], "sent_twice", "measurement_id")
    return pl.concat([frame, again])


def _enter_twice(frame: pl.DataFrame, number: Ints, rate: float, seed: int, log: Log) -> pl.DataFrame:
    """People whom the register holds a second time, under another reference."""
    chosen = pl.Series(chance(number, "entered_twice", seed) < rate) & frame["person_ref"].str.starts_with(
        "P"
    )
    again = frame.filter(chosen)
    log.add("resident", again["person_ref"], "entered_twice", "person_ref")
    return pl.concat([frame, again.with_columns(_second_entry(again, number[chosen.to_numpy()], seed))])


def _second_entry(again: pl.DataFrame, number: Ints, seed: int) -> list[pl.Expr]:
    """No number but the telephone, and one kind of :data:`SECOND_ENTRIES` each; half of them ``shortened``.

    ``shortened``: the first letter of the middle name, and the old identity card. ``moved``: another ward, registered a
    year earlier, three in ten under another telephone: mobile numbers move with people. ``respelt``: the given name
    first, or a letter wrong. ``year_only``: of birth.
    """
    draw = chance(number, "kind of second entry", seed)
    kind = pl.lit(words(SECOND_ENTRIES, np.searchsorted(_KINDS_UP_TO, draw, side="right").astype(np.int64)))
    place = any_ward(chance(number, "ward of second entry", seed))
    letter = pl.lit(pl.Series(chance(number, "letter of second entry", seed)))
    respelt = pl.when(letter < _REORDERED).then(given_first(_NAME)).otherwise(misspelt(_NAME, letter))
    phones = pl.lit(other_phones(number))
    renewed = pl.lit(pl.Series(chance(number, "telephone of second entry", seed) < _RENEWED))
    earlier = pl.col("registered_from").dt.offset_by("-1y")
    has_lived_here = _BORN.str.slice(0, 4).cast(pl.Int32) < earlier.dt.year()

    def only(name: str, column: str, value: pl.Expr, other: pl.Expr | None = None) -> pl.Expr:
        rest = pl.col(column) if other is None else other
        return pl.when(kind == name).then(value).otherwise(rest).alias(column)

    told = [kind.alias(CHANGES)] if CHANGES in again.columns else []
    return [
        ("D" + pl.col("person_ref").str.slice(1)).alias("person_ref"),
        *(pl.lit(None, pl.String).alias(name) for name in ("national_id", "insurance_no", "household_ref")),
        only("shortened", "old_id", pl.col("old_id"), pl.lit(None, pl.String)),
        only(
            "shortened",
            "full_name",
            shortened(_NAME),
            pl.when(kind == "respelt").then(respelt).otherwise(_NAME),
        ),
        only("year_only", "birth_date", _BORN.str.slice(0, 4)),
        *(only("moved", name, pl.lit(place[name])) for name in place.columns),
        only(
            "moved", "phone", pl.when(pl.col("phone").is_not_null() & renewed).then(phones).otherwise("phone")
        ),
        pl.when((kind == "moved") & has_lived_here)
        .then(earlier)
        .otherwise("registered_from")
        .alias("registered_from"),
        *told,
    ]
