"""The ``measurement`` extract: what was read at visits, at home and by citizens about themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from warehouse.synthetic.calibration import Calibration, Floats
from warehouse.synthetic.care import Visits
from warehouse.synthetic.columns import (
    NEVER,
    Bools,
    Ints,
    constant,
    day_number,
    nothing,
    person_refs,
    refs,
    times,
    words,
)
from warehouse.synthetic.people import ADULT, YEAR, People
from warehouse.synthetic.records import Records
from warehouse.synthetic.traits import Traits, usual_pressures, usual_sugars

MGDL_PER_MMOL = 18.016
#: How many of the results of one visit are told apart by their reference, and those of a device of one person.
_RESULTS, _AT_HOME = 16, 32
_CODES = {"systolic": "8480-6", "diastolic": "8462-4", "weight": "29463-7", "height": "8302-2"}


def measurement_table(
    settings: Calibration,
    people: People,
    traits: Traits,
    records: Records,
    visits: Visits,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """All measurements. The insurer's data carry weight and blood, seldom a blood pressure."""
    seen = visits.only(visits.is_measured)
    parts = [
        *_pressure_readings(settings, people, traits, seen, rng),
        *_body_results(people, traits, seen, rng),
        *_sugar_results(people, traits, seen, rng),
        *_home_readings(settings, people, traits, records, rng),
        *_self_declared(people, traits, records, rng),
    ]
    return pl.concat(parts)


def _pressure_readings(
    settings: Calibration, people: People, traits: Traits, seen: Visits, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Readings around the usual pressure of the day: the visit moves both, each reading a little."""
    known, count = settings.reading, len(seen)
    usual = usual_pressures(traits, people, seen.person, seen.day)
    visit = (
        usual[0] + rng.normal(0, known.visit_sd_systolic, count),
        usual[1] + rng.normal(0, known.visit_sd_diastolic, count),
    )
    how_many = rng.choice([1, 2, 3], count, p=[0.25, 0.5, 0.25])
    has_none = (people.age[seen.person] < ADULT) | (seen.is_claim & (rng.random(count) < 0.8))
    how_many = np.where(has_none, 0, how_many)
    parts = []
    for reading in range(3):
        row = np.flatnonzero(how_many > reading)
        higher = known.first_is_higher if reading == 0 else 0.0
        systolic = visit[0] + higher + rng.normal(0, known.within_sd_systolic, count)
        diastolic = visit[1] + higher / 2 + rng.normal(0, known.within_sd_diastolic, count)
        systolic = _as_read(np.clip(systolic, 75, 250), known.rounded_share, rng)
        diastolic = np.minimum(_as_read(np.clip(diastolic, 40, 150), known.rounded_share, rng), systolic - 8)
        for offset, value in ((0, systolic), (1, diastolic)):
            code = _CODES["diastolic" if offset else "systolic"]
            parts.append(
                _results(
                    people,
                    seen,
                    row,
                    code,
                    _pressure_unit(seen),
                    value,
                    step=2 * reading + offset,
                    reading=reading + 1,
                )
            )
    return parts


def _pressure_unit(seen: Visits) -> pl.Series:
    """The same unit in two spellings, by facility."""
    return words(("mmHg", "mm[Hg]"), np.minimum(seen.facility % 4, 1))


def _as_read(value: Floats, rounded_share: float, rng: np.random.Generator) -> Floats:
    """Whole numbers; some are rounded to the next ten, as hands do."""
    return np.where(rng.random(len(value)) < rounded_share, np.round(value / 10) * 10, np.round(value))


def _body_results(
    people: People, traits: Traits, seen: Visits, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Weight at most visits, height at the first and now and then, waist at examinations."""
    height, mass_index = body_on(traits, people, seen.person, seen.day)
    weight = mass_index * (height / 100) ** 2 * rng.normal(1, 0.012, len(seen))
    is_first = np.diff(seen.person, prepend=-1) != 0
    with_height = is_first | (rng.random(len(seen)) < 0.2)
    in_metres = seen.facility % 25 == 0
    is_adult = people.age[seen.person] >= ADULT
    waist = 36 + 1.95 * mass_index + np.where(people.is_female[seen.person], -3.0, 2.0)
    waist = waist + rng.normal(0, 4, len(seen))
    parts = (
        (rng.random(len(seen)) < 0.75, _CODES["weight"], "kg", np.round(weight, 1), 8),
        (with_height & ~in_metres, _CODES["height"], "cm", np.round(height), 9),
        (with_height & in_metres, _CODES["height"], "m", np.round(height / 100, 2), 9),
        (is_adult & seen.is_exam & (rng.random(len(seen)) < 0.3), "8280-0", "cm", np.round(waist), 13),
    )
    return [
        _results(people, seen, np.flatnonzero(keep), code, constant(unit, len(seen)), value, step=step)
        for keep, code, unit, value, step in parts
    ]


def body_on(traits: Traits, people: People, person: Ints, day: Ints) -> tuple[Floats, Floats]:
    """Height (cm) and body mass index on a day: children were smaller before."""

    def grown(age: Floats) -> Floats:
        return np.minimum(1.0, 0.42 + 0.0323 * age)

    age, at_end = (day - people.birth_day[person]) / YEAR, people.age[person].astype(float)
    height = traits.height[person] * grown(age) / grown(at_end)
    since = np.minimum(at_end, ADULT) - np.minimum(age, ADULT)
    mass_index = np.where(
        at_end < ADULT, traits.body_mass_index[person] - 0.36 * since, traits.body_mass_index[person]
    )
    return height, np.clip(mass_index, 12.0, 55.0)


def _sugar_results(
    people: People, traits: Traits, seen: Visits, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Fasting glucose, mostly in mmol/L, HbA1c, cholesterol: of the old and the diabetic more often."""
    count, age = len(seen), people.age[seen.person]
    chance = np.interp(age, [18, 40, 60], [0.10, 0.28, 0.50])
    chance = chance + 0.3 * (traits.diabetes.diagnosed_day[seen.person] <= seen.day)
    chance = np.where(age >= ADULT, chance, 0.0)
    glucose, hba1c = usual_sugars(traits, people, seen.person, seen.day)
    glucose = np.clip(glucose * rng.normal(1, 0.05, count), 2.5, 35)
    hba1c = np.clip(hba1c + rng.normal(0, 0.12, count), 3.5, 18)
    fat = np.clip(rng.normal(5.0, 0.95, count) + 0.06 * (traits.body_mass_index[seen.person] - 22.7), 2, 12)
    tested = rng.random(count) < chance
    also = rng.random(count) < chance * 0.55
    with_fat = tested & (rng.random(count) < 0.4)
    in_mg, ifcc = seen.facility % 7 == 0, seen.facility % 12 == 0
    parts = (
        (tested & ~in_mg, "14771-0", "mmol/L", np.round(glucose, 1), 10, True),
        (tested & in_mg, "1558-6", "mg/dL", np.round(glucose * MGDL_PER_MMOL), 11, True),
        (also & ~ifcc, "4548-4", "%", np.round(hba1c, 1), 12, None),
        (also & ifcc, "59261-8", "mmol/mol", np.round(10.93 * hba1c - 23.5), 12, None),
        (with_fat, "14647-2", "mmol/L", np.round(fat, 1), 14, None),
    )
    return [
        _results(
            people, seen, np.flatnonzero(keep), code, constant(unit, count), value, step=step, fasting=fasting
        )
        for keep, code, unit, value, step, fasting in parts
    ]


def _results(
    people: People,
    seen: Visits,
    row: Ints,
    code: str,
    unit: pl.Series,
    value: Floats,
    *,
    step: int,
    reading: int | None = None,
    fasting: bool | None = None,
) -> pl.DataFrame:
    """Rows of ``measurement`` for the visits ``row``; ``step`` tells the results of one visit apart."""
    at, count = seen.only(row), len(row)
    by_hand = nothing(count) if reading is None else words(("auscultatory", "oscillometric"), at.facility % 2)
    came = np.select([at.is_exam | (at.is_claim & (reading is not None)), at.is_claim], [0, 1], 2)
    return pl.DataFrame(
        {
            "measurement_id": refs("M", at.number, _RESULTS, step),
            "person_ref": person_refs(people.number[at.person]),
            "encounter_ref": refs("E", at.number),
            # Half of the senders bind the two pressures of a reading together.
            "panel_ref": _panel(at, reading),
            "reading_number": pl.repeat(reading, count, dtype=pl.Int64, eager=True),
            "code": constant(code, count),
            "value": pl.Series(value[row], dtype=pl.Float64),
            "unit": unit.gather(row),
            "taken_at": at.at(0 if reading is None else 2 * reading),
            "facility_ref": refs("F", at.facility),
            "method": by_hand,
            "fasting": pl.repeat(fasting, count, dtype=pl.Boolean, eager=True),
            "origin": words(("exam", "claim", "clinic"), came.astype(np.int64)),
        }
    )


def _panel(at: Visits, reading: int | None) -> pl.Series:
    if reading is None:
        return nothing(len(at))
    bound = pl.when(pl.Series(at.facility % 2 == 0)).then(pl.col("panel"))
    return pl.DataFrame({"panel": refs("B", at.number, 3, reading - 1)}).select(bound).to_series()


def _home_readings(
    settings: Calibration, people: People, traits: Traits, records: Records, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Some who know of their hypertension and use the app send readings of a device at home, in the evening."""
    known, end = settings.reading, day_number(settings.period.end)
    since = np.maximum(records.activated_day, traits.hypertension.diagnosed_day[records.person])
    has_device = (since < end) & (rng.random(len(records)) < settings.care.home_device_share * 4)
    owner = np.flatnonzero(has_device)
    row = np.repeat(owner, rng.integers(3, _AT_HOME // 2, len(owner)))
    place = np.arange(len(row)) - np.searchsorted(row, row)
    day = since[row] + (rng.random(len(row)) * (end + 1 - since[row])).astype(np.int64)
    person = records.person[row]
    usual = usual_pressures(traits, people, person, day)
    lives = day < people.gone_day[person]
    parts = []
    for offset, name, sd in ((0, "systolic", 7.0), (1, "diastolic", 4.5)):
        value = np.round(usual[offset] - known.home_is_lower / (1 + offset) + rng.normal(0, sd, len(row)))
        number = records.number[row] * _AT_HOME + 2 * place + offset
        parts.append(
            _outside(
                people,
                person,
                "MH",
                number,
                _CODES[name],
                "mm[Hg]",
                value,
                day,
                keep=lives,
                minute=1170,
                origin="device",
            )
        )
    return parts


def _self_declared(
    people: People, traits: Traits, records: Records, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Citizens who edit their record write height and weight: a little taller, a little lighter."""
    row = np.flatnonzero((records.edited_day < NEVER) & (rng.random(len(records)) < 0.3))
    person, day = records.person[row], records.edited_day[row]
    height, mass_index = body_on(traits, people, person, day)
    weight = np.round(mass_index * (height / 100) ** 2 * 0.985)
    parts = (("weight", "kg", weight), ("height", "cm", np.round(height + 1)))
    return [
        _outside(
            people, person, "MS", records.number[row] * 2 + step, _CODES[name], unit, value, day,
            keep=day < people.gone_day[person], minute=1255, origin="self_declared",
        )
        for step, (name, unit, value) in enumerate(parts)
    ]  # fmt: skip


def _outside(
    people: People,
    person: Ints,
    letters: str,
    number: Ints,
    code: str,
    unit: str,
    value: Floats,
    day: Ints,
    *,
    keep: Bools,
    minute: int,
    origin: str,
) -> pl.DataFrame:
    """Rows of ``measurement`` that belong to no visit."""
    count = len(person)
    empty: Sequence[str] = ("encounter_ref", "panel_ref", "facility_ref")
    frame = pl.DataFrame(
        {
            "measurement_id": refs(letters, number),
            "person_ref": person_refs(people.number[person]),
            "reading_number": pl.repeat(1 if origin == "device" else None, count, dtype=pl.Int64, eager=True),
            "code": constant(code, count),
            "value": pl.Series(value, dtype=pl.Float64),
            "unit": constant(unit, count),
            "taken_at": times(day, minute),
            "method": constant("home", count) if origin == "device" else nothing(count),
            "fasting": nothing(count, pl.Boolean),
            "origin": constant(origin, count),
            **{name: nothing(count) for name in empty},
        }
    )
    columns = [
        "measurement_id", "person_ref", "encounter_ref", "panel_ref", "reading_number", "code", "value", "unit",
        "taken_at", "facility_ref", "method", "fasting", "origin",
    ]  # fmt: skip
    return frame.filter(pl.Series(keep)).select(columns)
