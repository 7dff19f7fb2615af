"""The sealed truth: what every person really has, beside nothing a sender would know."""

from __future__ import annotations

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
