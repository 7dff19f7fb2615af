"""The sealed truth: what every person really has, beside nothing a sender would know; and its counts, for all eyes.

Of every case definition whose estimand is known there is one column of bits, a quarter each: bit 0 is the last day of
the first quarter of 2019. Hypertension and diabetes are followed from there, all others from the first quarter with
records (bits before it are nought). Burden (H2) is what a person has; comparison (H1) what one visit of a survey on
that day would find.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import polars as pl

from warehouse.geography import districts, units, wards
from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import (
    Bools,
    Ints,
    dates,
    day_number,
    hospital_refs,
    person_refs,
    quarter_number,
    quarter_start,
)
from warehouse.synthetic.illnesses import HIGH_CHOLESTEROL, LOW_FILTRATION, Struck
from warehouse.synthetic.one_visit import raised_glucose, raised_pressure
from warehouse.synthetic.people import ADULT, People
from warehouse.synthetic.processes import ORIGIN_YEAR, Course, Courses, quarter_of
from warehouse.synthetic.records import Records
from warehouse.synthetic.residence import districts_of, units_of, wards_on

#: Followed as processes since 2019; the others from the first quarter with records on.
_PROCESSES = (
    ("hypertension", "recommended"),
    ("hypertension", "one_visit_or_treated"),
    ("diabetes", "recommended"),
    ("diabetes", "one_test_or_treated"),
)
_MASS_INDEX = {"who_overweight_25plus": 25.0, "asian_overweight_23plus": 23.0, "obese_30plus": 30.0}
#: Case definitions that say: ever diagnosed with one of these.
_EVENTS = {
    "stroke": ("stroke",),
    "ischaemic_heart_disease": ("ischaemic_heart_disease",),
    "copd": ("copd",),
    "asthma": ("asthma",),
    "cancer": ("breast_cancer", "liver_cancer", "lung_cancer", "bowel_cancer"),
}
COUNTS_KEY = ("quarter", "condition", "variant", "district", "sex", "age")


def truth_table(
    settings: Calibration, people: People, courses: Courses, struck: Struck, records: Records, apart: Bools,
    rng: np.random.Generator,
) -> pl.DataFrame:  # fmt: skip
    """One row per person: place on the last day, days, usual values then, the course of each disease, the first record.

    ``moved_from`` is the district before ``moved_on``, of everybody who moved within the city.

    Usual values are those of adults, as treated: whoever is treated and controlled has them below the line and the
    disease all the same. ``hospital_ref`` is the reference a hospital gave of its own. Columns of definitions are
    named ``condition__variant``; see the top of this file for their bits.
    """
    frame = pl.DataFrame(
        {
            "person_ref": person_refs(people.number),
            "hospital_ref": hospital_refs(people.number),
            **_place(settings, people),
            "sex": pl.Series(["male", "female"]).gather(people.is_female.astype(int)),
            "birth_date": dates(people.birth_day),
            "registered_from": dates(people.registered_day),
            "death_date": dates(people.death_day),
            "left_on": dates(people.left_day),
            "income": people.income,
            "is_registered": pl.Series(people.is_registered),
            **_usual(settings, people, courses),
            **_course("hypertension", courses.hypertension),
            **_course("diabetes", courses.diabetes),
            **{f"{name}_onset": dates(day) for name, day in struck.onset_day.items()},
            "first_record_on": dates(records.first_day(len(people))),
            **_bits(settings, people, courses, struck, rng),
        }
    )
    return frame.with_columns(pl.when(pl.Series(apart)).then(pl.col("hospital_ref")).alias("hospital_ref"))


def _place(settings: Calibration, people: People) -> dict[str, pl.Series]:
    """Where everybody lives in the end, in both geographies, and where before."""
    ward = wards_on(people, day_number(settings.period.end))
    code = pl.Series([item.code for item in districts()])
    before = pl.DataFrame({"on": dates(people.moved_day), "from": code.gather(people.district)})
    return {
        "district_code": code.gather(districts_of(ward)),
        "ward_code": pl.Series([item.code for item in wards()]).gather(ward),
        "unit_code": pl.Series([item.code for item in units()]).gather(units_of(ward, people.number)),
        "moved_on": before["on"],
        "moved_from": before.select(pl.when(pl.col("on").is_not_null()).then("from")).to_series(),
    }


def _usual(settings: Calibration, people: People, courses: Courses) -> dict[str, pl.Series]:
    """Usual values on the last day; body mass index of everybody, the others of adults."""
    everyone = np.arange(len(people), dtype=np.int64)
    day = np.full(len(people), day_number(settings.period.end), dtype=np.int64)
    systolic, diastolic = courses.pressures(everyone, day)
    glucose, hba1c = courses.sugars(everyone, day)
    of_adults = {
        "usual_systolic_mmhg": systolic,
        "usual_diastolic_mmhg": diastolic,
        "usual_fasting_glucose_mmol_l": glucose,
        "usual_hba1c_percent": hba1c,
        "usual_total_cholesterol_mmol_l": courses.traits.total_cholesterol(everyone, day),
        "usual_egfr": courses.traits.kidney_function(everyone, day),
    }
    adult = pl.DataFrame(of_adults).with_columns(pl.Series("is_adult", people.age >= ADULT))
    shown = adult.select(pl.when("is_adult").then(pl.col(name)).alias(name) for name in of_adults)
    return {"body_mass_index": pl.Series(courses.traits.body(everyone, day)[1]), **shown.to_dict()}


def _course(name: str, course: Course) -> dict[str, pl.Series]:
    return {
        f"{name}_diagnosed_on": dates(course.diagnosed_day),
        f"{name}_treated_from": dates(course.treated_day),
        f"{name}_treated_quarters": pl.Series(course.treated),
    }


def _bits(
    settings: Calibration, people: People, courses: Courses, struck: Struck, rng: np.random.Generator
) -> dict[str, pl.Series]:
    """One column a definition: bit q is whether the person has it on the last day of quarter q."""
    bits: dict[str, Ints] = {}
    everyone = np.arange(len(people), dtype=np.int64)
    for last in quarter_ends(date(ORIGIN_YEAR, 1, 1), settings.period.end):
        day = np.full(len(people), day_number(last), dtype=np.int64)
        found = dict(zip(_PROCESSES, _of_processes(courses, everyone, day, rng), strict=True))
        if last >= settings.period.first_record:
            found |= _of_others(courses, struck, everyone, day)
        adult, place = courses.traits.age(everyone, day) >= ADULT, int(quarter_of(day[:1])[0])
        for (condition, variant), has in found.items():
            name = f"{condition}__{variant}"
            bits[name] = bits.get(name, np.zeros(len(people), dtype=np.int64)) | (
                (has & adult).astype(np.int64) << place
            )
    return {name: pl.Series(found) for name, found in bits.items()}


def _of_processes(courses: Courses, who: Ints, day: Ints, rng: np.random.Generator) -> tuple[Bools, ...]:
    return (
        courses.has_hypertension(who, day),
        raised_pressure(courses, who, day, rng),
        courses.has_diabetes(who, day),
        raised_glucose(courses, who, day, rng),
    )


def _of_others(courses: Courses, struck: Struck, who: Ints, day: Ints) -> dict[tuple[str, str], Bools]:
    """Body mass index, kidney disease and cholesterol by their usual values; the illnesses since they struck."""
    mass_index = courses.traits.body(who, day)[1]
    found = {("bmi", variant): mass_index >= line for variant, line in _MASS_INDEX.items()}
    found["chronic_kidney_disease", "recommended"] = courses.traits.kidney_function(who, day) < LOW_FILTRATION
    cholesterol = courses.traits.total_cholesterol(who, day)
    found["dyslipidaemia", "raised_cholesterol"] = cholesterol >= HIGH_CHOLESTEROL
    for condition, events in _EVENTS.items():
        since = np.minimum.reduce([struck.onset_day[name] for name in events])
        found[condition, "diagnosis"] = since <= day
    return found


def truth_counts(truth: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Adults of :func:`truth_table` on the last day of each quarter from ``first`` to ``last``: who lives here then,
    registered or not.

    Columns COUNTS_KEY (``age`` in completed years), ``people``, ``cases``: counts that name nobody.
    """
    return pl.concat(_counts_on(truth, day) for day in quarter_ends(first, last))


def _counts_on(truth: pl.DataFrame, day: date) -> pl.DataFrame:
    born = pl.col("birth_date")
    before_birthday = (
        pl.lit(day.month * 100 + day.day) < born.dt.month().cast(pl.Int32) * 100 + born.dt.day()
    ).cast(pl.Int32)
    present = truth.filter(
        pl.col("registered_from").fill_null(born) <= day,
        pl.col("death_date").is_null() | (pl.col("death_date") > day),
        pl.col("left_on").is_null() | (pl.col("left_on") > day),
    ).with_columns(
        (day.year - born.dt.year() - before_birthday).cast(pl.Int16).alias("age"),
        pl.when(pl.col("moved_on") > day).then("moved_from").otherwise("district_code").alias("district"),
    )
    names = [name for name in truth.columns if "__" in name]
    place = int(quarter_of(np.array([day_number(day)]))[0])
    counted = (
        present.filter(pl.col("age") >= ADULT)
        .group_by("district", "sex", "age")
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            *(((pl.col(name) // 2**place) % 2).sum().cast(pl.Int64).alias(name) for name in names),
        )
    )
    condition, variant = (pl.col("name").str.split("__").list.get(part) for part in (0, 1))
    return (
        counted.unpivot(
            names, index=["district", "sex", "age", "people"], variable_name="name", value_name="cases"
        )
        .with_columns(
            pl.lit(f"{day.year}Q{(day.month + 2) // 3}").alias("quarter"),
            condition.alias("condition"),
            variant.alias("variant"),
        )
        .select(*COUNTS_KEY, "people", "cases")
    )


def quarter_ends(first: date, last: date) -> Iterator[date]:
    """Last days of the quarters from that of ``first`` to that of ``last``."""
    for number in range(quarter_number(first), quarter_number(last) + 1):
        yield quarter_start(number + 1) - timedelta(days=1)
