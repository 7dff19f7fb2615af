"""The sealed truth: what every person really has, beside nothing a sender would know; and its counts, for all eyes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from warehouse.geography import districts, wards
from warehouse.synthetic.columns import NEVER, dates, person_refs
from warehouse.synthetic.people import ADULT, People
from warehouse.synthetic.records import Records
from warehouse.synthetic.traits import Course, Traits, usual_pressures, usual_sugars


def truth_table(people: People, traits: Traits, records: Records, end: int) -> pl.DataFrame:
    """One row per person: place, days, usual values on the last day, the course of each disease, the first record.

    Usual values are those of adults, as treated: whoever is treated and controlled has them below the line and the
    disease all the same. Hypertension is usual pressure at 140/90 mmHg or above, or treated; diabetes is usual
    fasting glucose at 7.0 mmol/L or HbA1c at 6.5 % or above, or treated. Columns ending in ``_onset`` say since when.
    """
    first_record = np.full(len(people), NEVER)
    np.minimum.at(first_record, records.person, records.created_day)
    everyone = np.arange(len(people), dtype=np.int64)
    day = np.full(len(people), end, dtype=np.int64)
    systolic, diastolic = usual_pressures(traits, people, everyone, day)
    glucose, hba1c = usual_sugars(traits, people, everyone, day)
    usual = {
        "usual_systolic_mmhg": systolic,
        "usual_diastolic_mmhg": diastolic,
        "usual_fasting_glucose_mmol_l": glucose,
        "usual_hba1c_percent": hba1c,
    }
    adult = pl.Series(people.age >= ADULT)
    frame = pl.DataFrame(
        {
            "person_ref": person_refs(people.number),
            "district_code": pl.Series([item.code for item in districts()]).gather(people.district),
            "ward_code": pl.Series([ward.code for ward in wards()]).gather(people.ward),
            "sex": pl.Series(["male", "female"]).gather(people.is_female.astype(int)),
            "birth_date": dates(people.birth_day),
            "registered_from": dates(people.registered_day),
            "death_date": dates(people.death_day),
            "left_on": dates(people.left_day),
            "body_mass_index": traits.body_mass_index,
            **usual,
            **_course("hypertension", traits.hypertension),
            **_course("diabetes", traits.diabetes),
            "first_record_on": dates(first_record),
        }
    )
    return frame.with_columns(pl.when(adult).then(pl.col(name)).alias(name) for name in usual)


def _course(name: str, course: Course) -> dict[str, pl.Series]:
    return {
        f"{name}_onset": dates(course.onset_day),
        f"{name}_diagnosed_on": dates(course.diagnosed_day),
        f"{name}_treated_from": dates(course.treated_day),
        f"{name}_is_controlled": pl.Series(course.is_controlled),
    }


#: The case definitions whose estimand the truth is, each with who has it on ``day`` in a truth table.
_HAS: dict[tuple[str, str], Callable[[date], pl.Expr]] = {
    ("hypertension", "recommended"): lambda day: pl.col("hypertension_onset") <= day,
    ("diabetes", "recommended"): lambda day: pl.col("diabetes_onset") <= day,
    ("bmi", "who_overweight_25plus"): lambda day: pl.col("body_mass_index") >= 25,
    ("bmi", "asian_overweight_23plus"): lambda day: pl.col("body_mass_index") >= 23,
    ("bmi", "obese_30plus"): lambda day: pl.col("body_mass_index") >= 30,
}
COUNTS_KEY = ("quarter", "condition", "variant", "district", "sex", "age")


def truth_counts(truth: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Adults of :func:`truth_table`, living and registered on the last day of each quarter from ``first`` to ``last``.

    Columns COUNTS_KEY (``age`` in completed years), ``people``, ``cases``: counts that name nobody.
    """
    return pl.concat(_counts_on(truth, day) for day in _quarter_ends(first, last))


def _counts_on(truth: pl.DataFrame, day: date) -> pl.DataFrame:
    born = pl.col("birth_date")
    before_birthday = (
        pl.lit(day.month * 100 + day.day) < born.dt.month().cast(pl.Int32) * 100 + born.dt.day()
    ).cast(pl.Int32)
    present = truth.filter(
        pl.col("registered_from").fill_null(born) <= day,
        pl.col("death_date").is_null() | (pl.col("death_date") > day),
        pl.col("left_on").is_null() | (pl.col("left_on") > day),
    ).with_columns((day.year - born.dt.year() - before_birthday).cast(pl.Int16).alias("age"))
    adults = present.filter(pl.col("age") >= ADULT)
    quarter = f"{day.year}Q{(day.month + 2) // 3}"
    return pl.concat(
        adults.group_by(pl.col("district_code").alias("district"), "sex", "age")
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            has(day).fill_null(False).sum().cast(pl.Int64).alias("cases"),
        )
        .with_columns(
            pl.lit(quarter).alias("quarter"),
            pl.lit(condition).alias("condition"),
            pl.lit(variant).alias("variant"),
        )
        .select(*COUNTS_KEY, "people", "cases")
        for (condition, variant), has in _HAS.items()
    )


def _quarter_ends(first: date, last: date) -> list[date]:
    """Last days of the quarters from that of ``first`` to that of ``last``."""
    quarters = range(first.year * 4 + (first.month - 1) // 3, last.year * 4 + (last.month - 1) // 3 + 1)
    nexts = [number + 1 for number in quarters]
    return [date(number // 4, number % 4 * 3 + 1, 1) - timedelta(days=1) for number in nexts]
