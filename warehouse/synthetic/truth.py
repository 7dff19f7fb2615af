"""The sealed truth: what every person really has, beside nothing a sender would know."""

from __future__ import annotations

import polars as pl

from warehouse.geography import districts, wards
from warehouse.synthetic.columns import NEVER, Ints, dates, person_refs
from warehouse.synthetic.people import People
from warehouse.synthetic.records import Records
from warehouse.synthetic.traits import Course, Traits


def truth_table(people: People, traits: Traits, records: Records) -> pl.DataFrame:
    """One row per person: place, ages in days, usual values, the course of each disease, the first record."""
    first_record = pl.Series("at", [NEVER] * len(people), dtype=pl.Int64).to_numpy().copy()
    for person, day in zip(records.person.tolist(), records.created_day.tolist(), strict=True):
        first_record[person] = min(first_record[person], day)
    return pl.DataFrame(
        {
            "person_ref": person_refs(people.number),
            "district_code": pl.Series([item.code for item in districts()]).gather(people.district),
            "ward_code": pl.Series([ward.code for ward in wards()]).gather(people.ward),
            "sex": pl.Series(["male", "female"]).gather(people.is_female.astype(int)),
            "birth_date": dates(people.birth_day),
            "death_date": dates(people.death_day),
            "left_on": dates(people.left_day),
            "usual_systolic_mmhg": traits.systolic.round(2),
            "usual_diastolic_mmhg": traits.diastolic.round(2),
            "body_mass_index": traits.body_mass_index.round(3),
            "usual_fasting_glucose_mmol_l": traits.glucose.round(3),
            "usual_hba1c_percent": traits.hba1c.round(3),
            **_course("hypertension", traits.hypertension),
            **_course("diabetes", traits.diabetes),
            "first_record_on": dates(first_record),
        }
    )


def _course(name: str, course: Course) -> dict[str, pl.Series]:
    def day(values: Ints) -> pl.Series:
        return dates(values)

    return {
        f"{name}_onset": day(course.onset_day),
        f"{name}_diagnosed_on": day(course.diagnosed_day),
        f"{name}_treated_from": day(course.treated_day),
        f"{name}_is_controlled": pl.Series(course.is_controlled),
    }
