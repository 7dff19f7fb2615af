"""Simple random residents: who they are, where they live, which diseases they have, whether they have a record.

Not a simulation of the city: marginal age, sex and district shares are those of the reference tables, prevalence
is a plain logistic curve in age and sex with a tilt by district, and people over 50 or ill are more likely to have
a record. Good enough to measure speed and to fill a map, not to judge a method.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from warehouse.geography import districts, read_csv, wards

AS_OF = date(2024, 12, 31)
FIRST_RECORD_DAY = date(2022, 10, 1)

#: Province part of the identity number: Ho Chi Minh City first, then where people have moved from. One block of a
#: million people per code keeps the six last digits, a permutation of 0..999999, unique.
PROVINCES = ("079", "074", "077", "001", "075", "080", "082", "083", "084", "086", "087", "089", "091", "092")
_BLOCK = 1_000_000
_STEP = 7_919  # coprime to a million, so i -> i * step mod a million is a permutation

_FAMILY = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Huỳnh",
    "Hoàng",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Lý",
)
_MIDDLE = (
    "Văn",
    "Thị",
    "Minh",
    "Ngọc",
    "Thanh",
    "Quốc",
    "Hồng",
    "Đức",
    "Kim",
    "Xuân",
    "Hữu",
    "Mỹ",
    "Gia",
    "Bảo",
)
_GIVEN = (
    *(
        "An",
        "Anh",
        "Bình",
        "Châu",
        "Chi",
        "Cường",
        "Dũng",
        "Dung",
        "Duy",
        "Giang",
        "Hà",
        "Hải",
        "Hạnh",
        "Hiếu",
    ),
    *(
        "Hoa",
        "Hùng",
        "Hương",
        "Khang",
        "Lan",
        "Linh",
        "Long",
        "Mai",
        "Nam",
        "Nga",
        "Phúc",
        "Phương",
        "Quân",
        "Sơn",
    ),
    *("Tâm", "Thảo", "Thu", "Trang", "Trung", "Tú", "Tuấn", "Uyên", "Vy", "Yến"),
)


@dataclass(frozen=True)
class People:
    """``N`` residents as columns. Days count from 1970-01-01; ``record_day`` is -1 where there is no record."""

    first: int
    is_female: NDArray[np.bool_]
    age: NDArray[np.int64]
    birth_day: NDArray[np.int64]
    district: NDArray[np.int64]
    ward: NDArray[np.int64]
    is_hypertensive: NDArray[np.bool_]
    is_diabetic: NDArray[np.bool_]
    record_day: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.age)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def draw_people(rng: np.random.Generator, first: int, count: int) -> People:
    """Residents numbered ``first`` .. ``first + count - 1``."""
    is_female, age = _draw_sex_and_age(rng, count)
    birth_day = day_number(AS_OF) - (age * 365.25 + rng.uniform(1, 365, count)).astype(np.int64)
    district, ward = _draw_place(rng, count)
    tilt = np.linspace(-0.3, 0.3, len(districts()))[district]
    is_hypertensive = rng.random(count) < _logistic(-6.4 + 0.085 * age - 0.25 * is_female + tilt)
    is_diabetic = rng.random(count) < _logistic(-6.9 + 0.075 * age + tilt)
    share = 0.25 + 0.30 * (age > 50) + 0.20 * (is_hypertensive | is_diabetic)
    enrolled = day_number(FIRST_RECORD_DAY) + rng.integers(0, 800, count)
    record_day = np.where(rng.random(count) < share, np.maximum(enrolled, birth_day), -1)
    return People(first, is_female, age, birth_day, district, ward, is_hypertensive, is_diabetic, record_day)


def resident_table(people: People, rng: np.random.Generator) -> pl.DataFrame:
    """The ``resident`` extract."""
    count = len(people)
    number = people.first + np.arange(count, dtype=np.int64)
    birth_date = pl.Series(people.birth_day).cast(pl.Int32).cast(pl.Date)
    ward_codes = pl.Series([ward.code for ward in wards()])
    district_codes = pl.Series([district.code for district in districts()])
    frame = pl.DataFrame(
        {
            "person_ref": person_refs(number),
            "national_id": _national_ids(number, people.is_female, birth_date),
            "insurance_no": pl.Series(7_900_000_000 + number).cast(pl.String),
            "full_name": _names(rng, count),
            "birth_date": birth_date,
            "sex": pl.Series(np.where(people.is_female, "female", "male")),
            "ward_code": ward_codes.gather(people.ward),
            "district_code": district_codes.gather(people.district),
            "phone": "09" + pl.Series(10_000_000 + number % 90_000_000).cast(pl.String),
            "registered_from": birth_date.clip(lower_bound=date(2010, 1, 1)),
            "insured": pl.Series(rng.random(count) < 0.92),
            "pregnant_until": _pregnancies(people, rng),
        }
    )
    return frame.with_columns(pl.lit("synthetic").alias("source")).select("source", *frame.columns)


def person_refs(number: NDArray[np.int64]) -> pl.Series:
    """The sender's reference of each person: the same in every table."""
    return "P" + pl.Series(number).cast(pl.String)


def _draw_sex_and_age(rng: np.random.Generator, count: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    rows = read_csv("age_sex_2024.csv")
    lower = np.array([int(row["age_from"]) for row in rows])
    weights = np.array([[float(row["male"]), float(row["female"])] for row in rows])
    cell = rng.choice(weights.size, count, p=(weights / weights.sum()).ravel())
    return cell % 2 == 1, lower[cell // 2] + rng.integers(0, 5, count)


def _draw_place(rng: np.random.Generator, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """District by its census share; any ward of the district alike."""
    weights = np.array([district.population_2019 for district in districts()], dtype=float)
    district = rng.choice(len(weights), count, p=weights / weights.sum())
    code_of = {unit.code: index for index, unit in enumerate(districts())}
    unit_of_ward = np.array([code_of[ward.district_code] for ward in wards()])
    order = np.argsort(unit_of_ward, kind="stable")
    size = np.bincount(unit_of_ward, minlength=len(weights))
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    return district, order[start[district] + (rng.random(count) * size[district]).astype(np.int64)]


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float64)


def _national_ids(
    number: NDArray[np.int64], is_female: NDArray[np.bool_], birth_date: pl.Series
) -> pl.Series:
    """Province (3), century and sex (1), year of birth (2), six more: no check digit."""
    province = pl.Series(PROVINCES).gather(number // _BLOCK % len(PROVINCES))
    year = birth_date.dt.year()
    century_and_sex = ((year // 100 - 19) * 2 + pl.Series(is_female).cast(pl.Int32)).cast(pl.String)
    last = pl.Series(number * _STEP % _BLOCK).cast(pl.String).str.zfill(6)
    return province + century_and_sex + (year % 100).cast(pl.String).str.zfill(2) + last


def _names(rng: np.random.Generator, count: int) -> pl.Series:
    parts = [
        pl.Series(words).gather(rng.integers(0, len(words), count)) for words in (_FAMILY, _MIDDLE, _GIVEN)
    ]
    return parts[0] + " " + parts[1] + " " + parts[2]


def _pregnancies(people: People, rng: np.random.Generator) -> pl.Series:
    """About 4 % of women of 18 to 42 are due within nine months of the extract date."""
    is_pregnant = (
        people.is_female & (people.age >= 18) & (people.age <= 42) & (rng.random(len(people)) < 0.04)
    )
    due = pl.Series(day_number(AS_OF) + rng.integers(1, 270, len(people))).cast(pl.Int32).cast(pl.Date)
    return due.to_frame("due").select(pl.when(pl.Series(is_pregnant)).then(pl.col("due"))).to_series()
