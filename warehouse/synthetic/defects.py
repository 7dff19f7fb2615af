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

from warehouse.synthetic.columns import Bools, Ints, hospital_refs
from warehouse.synthetic.log import Log
from warehouse.synthetic.parameters import Floats
from warehouse.synthetic.readings import CODES, MGDL_PER_MMOL

#: The parts of Thủ Đức City before 2021, which some senders still write.
_OLD_PARTS = ("762", "763")
_MERGED = "769"
_AHEAD = "20y"


def chance(number: Ints, salt: str, seed: int) -> Floats:
    """Numbers between 0 and 1, one for each row number, that differ by salt and seed: SplitMix64."""
    begin = (zlib.crc32(salt.encode()) * 2654435769 + seed) % 2**64
    with np.errstate(over="ignore"):
        z = number.astype(np.uint64) + np.uint64(begin)
        z = (z + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return np.asarray((z >> np.uint64(11)).astype(np.float64) * 2.0**-53, dtype=np.float64)


def without_marks(name: pl.Expr) -> pl.Expr:
    """Vietnamese names in plain letters: Nguyễn Thị Đào, Nguyen Thi Dao."""
    plain = name.str.replace_many(["Đ", "đ"], ["D", "d"]).str.normalize("NFD")
    return plain.str.replace_all(r"\p{Mn}", "")


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


def as_hospitals_know(residents: pl.DataFrame, apart: Bools, number: Ints, seed: int) -> pl.DataFrame:
    """Rows of the registers of hospitals for people who stand there under another reference.

    Old identity card or none, the name in plain letters, half of them without the day of birth: for linkage to find.
    """
    chosen = residents.with_columns(pl.Series("_number", number)).filter(pl.Series(apart))
    half = pl.lit(pl.Series(chance(chosen["_number"].to_numpy(), "hospital_birth", seed) < 0.5))
    return chosen.with_columns(
        pl.lit("hospital").alias("source"),
        hospital_refs(chosen["_number"].to_numpy()).alias("person_ref"),
        pl.lit(None, pl.String).alias("national_id"),
        without_marks(_NAME).alias("full_name"),
        pl.when(half)
        .then(pl.col("birth_date").str.slice(0, 4))
        .otherwise(pl.col("birth_date"))
        .alias("birth_date"),
        pl.lit(None, pl.Date).alias("registered_from"),
        pl.lit(None, pl.String).alias("household_ref"),
        pl.lit(None, pl.String).alias("vulnerable"),
    ).drop("_number")


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
    """People whom the register holds a second time, under a reference and with a name of its own spelling."""
    is_register = pl.col("person_ref").str.starts_with("P")
    again = frame.filter(pl.Series(chance(number, "entered_twice", seed) < rate), is_register)
    log.add("resident", again["person_ref"], "entered_twice", "person_ref")
    return pl.concat([frame, again.with_columns(_second_entry())])


def _second_entry() -> list[pl.Expr]:
    """The old identity card only, no insurance number, the first letter of the middle name for the name."""
    parts = pl.col("full_name").str.split(" ")
    short = parts.list.first() + " " + parts.list.get(1).str.slice(0, 1) + " " + parts.list.last()
    nothing = [
        pl.lit(None, pl.String).alias(name) for name in ("national_id", "insurance_no", "household_ref")
    ]
    return [("D" + pl.col("person_ref").str.slice(1)).alias("person_ref"), short.alias("full_name"), *nothing]
