"""The ``measurement`` extract: what was read at visits, at home and by citizens about themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.care import HOSPITALS_FROM, Visits
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
from warehouse.synthetic.log import Log
from warehouse.synthetic.parameters import Floats
from warehouse.synthetic.people import ADULT, People
from warehouse.synthetic.processes import Courses
from warehouse.synthetic.records import Records

MGDL_PER_MMOL = 18.016
#: How many of the results of one visit are told apart by their reference, and those of a device of one person.
_RESULTS, _AT_HOME = 16, 32
_MOST_READINGS = 3
#: The two pressures are at least this far apart, mmHg.
_NARROWEST = 8.0
#: What is written down where nobody measured.
_COPIED = (120.0, 80.0)
CODES = {
    "systolic": "8480-6",
    "diastolic": "8462-4",
    "weight": "29463-7",
    "height": "8302-2",
    "glucose": "14771-0",
}


def measurement_table(
    settings: Calibration,
    people: People,
    courses: Courses,
    records: Records,
    visits: Visits,
    log: Log,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """All measurements. The insurer's data carry weight and blood, seldom a blood pressure.

    What hands round and stations copy is told to ``log``.
    """
    seen = visits.only(visits.is_measured)
    tested = _is_tested(people, courses, seen)
    parts = [
        *_pressure_readings(settings, people, courses, seen, log, rng),
        *_body_results(people, courses, seen, rng),
        *_sugar_results(settings, people, courses, seen, tested, rng),
        *_blood_results(settings, people, courses, seen, tested, rng),
        *_home_readings(settings, people, courses, records, rng),
        *_self_declared(people, courses, records, rng),
    ]
    return pl.concat(parts)


def _pressure_readings(
    settings: Calibration, people: People, courses: Courses, seen: Visits, log: Log, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Readings around the usual pressure of the day: the visit moves both, each reading a little."""
    known, count = settings.reading, len(seen)
    usual = courses.pressures(seen.person, seen.day)
    visit = (
        usual[0] + rng.normal(0, known.visit_sd_systolic, count),
        usual[1] + rng.normal(0, known.visit_sd_diastolic, count),
    )
    how_many = rng.choice([1, 2, 3], count, p=[0.25, 0.5, 0.25])
    has_none = (people.age[seen.person] < ADULT) | (seen.is_claim & (rng.random(count) < 0.8))
    how_many = np.where(has_none, 0, how_many)
    copied = _is_copied(settings, people, seen, rng)
    parts = []
    for reading in range(_MOST_READINGS):
        row = np.flatnonzero(how_many > reading)
        higher = known.first_is_higher if reading == 0 else 0.0
        systolic = visit[0] + higher + rng.normal(0, known.within_sd_systolic, count)
        diastolic = visit[1] + higher / 2 + rng.normal(0, known.within_sd_diastolic, count)
        systolic = np.clip(systolic, 75, 250)
        exact = systolic, np.minimum(np.clip(diastolic, 40, 150), systolic - _NARROWEST)
        for offset, value in enumerate(_written(settings, exact, copied, rng)):
            step = 2 * reading + offset
            _tell(log, seen, row, step, exact[offset], value, copied)
            code = CODES["diastolic" if offset else "systolic"]
            unit = _pressure_unit(seen)
            parts.append(_results(people, seen, row, code, unit, value, step=step, reading=reading + 1))
    return parts


def _written(
    settings: Calibration, exact: tuple[Floats, Floats], copied: Bools, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """What is written down: whole numbers, some rounded to tens by hand; 120/80 where nobody measured."""
    rounded_share = settings.switches.rounded_share
    systolic, diastolic = (_as_read(value, rounded_share, rng) for value in exact)
    diastolic = np.minimum(diastolic, systolic - _NARROWEST)
    return np.where(copied, _COPIED[0], systolic), np.where(copied, _COPIED[1], diastolic)


def _is_copied(settings: Calibration, people: People, seen: Visits, rng: np.random.Generator) -> Bools:
    """Visits to a station of a copying district at which nobody took the pressure that is written down."""
    switches = settings.switches
    copies = switches.is_copying()[people.district[seen.person]] > 0
    at_station = seen.facility < HOSPITALS_FROM
    return np.asarray(copies & at_station & (rng.random(len(seen)) < switches.copied_share), dtype=np.bool_)


def _tell(log: Log, seen: Visits, row: Ints, step: int, exact: Floats, value: Floats, copied: Bools) -> None:
    """Readings of visits ``row`` that do not say what the device did."""
    was = np.round(exact)
    for defect, which in (("copied", copied), ("rounded", ~copied & (value != was) & (value % 10 == 0))):
        own = row[which[row]]
        log.add("measurement", refs("M", seen.number[own], _RESULTS, step), defect, "value", was[own])


def _pressure_unit(seen: Visits) -> pl.Series:
    """The same unit in two spellings, by facility."""
    return words(("mmHg", "mm[Hg]"), np.minimum(seen.facility % 4, 1))


def _as_read(value: Floats, rounded_share: float, rng: np.random.Generator) -> Floats:
    """Whole numbers; some are rounded to the next ten, as hands do."""
    return np.where(rng.random(len(value)) < rounded_share, np.round(value / 10) * 10, np.round(value))


def _body_results(
    people: People, courses: Courses, seen: Visits, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Weight at most visits, height at the first and now and then, waist at examinations."""
    height, mass_index = courses.traits.body(seen.person, seen.day)
    weight = mass_index * (height / 100) ** 2 * rng.normal(1, 0.012, len(seen))
    is_first = np.diff(seen.person, prepend=-1) != 0
    with_height = is_first | (rng.random(len(seen)) < 0.2)
    in_metres = seen.facility % 25 == 0
    is_adult = people.age[seen.person] >= ADULT
    waist = 36 + 1.95 * mass_index + np.where(people.is_female[seen.person], -3.0, 2.0)
    waist = waist + rng.normal(0, 4, len(seen))
    parts = (
        (rng.random(len(seen)) < 0.75, CODES["weight"], "kg", np.round(weight, 1), 8),
        (with_height & ~in_metres, CODES["height"], "cm", np.round(height), 9),
        (with_height & in_metres, CODES["height"], "m", np.round(height / 100, 2), 9),
        (is_adult & seen.is_exam & (rng.random(len(seen)) < 0.3), "8280-0", "cm", np.round(waist), 13),
    )
    return [
        _results(people, seen, np.flatnonzero(keep), code, constant(unit, len(seen)), value, step=step)
        for keep, code, unit, value, step in parts
    ]


def _sugar_results(
    settings: Calibration,
    people: People,
    courses: Courses,
    seen: Visits,
    chance: Floats,
    rng: np.random.Generator,
) -> list[pl.DataFrame]:
    """Fasting glucose, mostly in mmol/L, and HbA1c: of the old and the diabetic more often.

    ``chance``: of each visit, that blood is taken.
    """
    known, count = settings.reading, len(seen)
    glucose, hba1c = courses.sugars(seen.person, seen.day)
    glucose = np.clip(glucose * rng.normal(1, known.glucose_cv, count), 2.5, 35)
    hba1c = np.clip(hba1c + rng.normal(0, known.hba1c_sd, count), 3.5, 18)
    tested = rng.random(count) < chance
    also = rng.random(count) < chance * 0.55
    in_mg, ifcc = seen.facility % 7 == 0, seen.facility % 12 == 0
    parts = (
        (tested & ~in_mg, CODES["glucose"], "mmol/L", np.round(glucose, 1), 10, True),
        (tested & in_mg, "1558-6", "mg/dL", np.round(glucose * MGDL_PER_MMOL), 11, True),
        (also & ~ifcc, "4548-4", "%", np.round(hba1c, 1), 12, None),
        (also & ifcc, "59261-8", "mmol/mol", np.round(10.93 * hba1c - 23.5), 12, None),
    )
    return [
        _results(
            people, seen, np.flatnonzero(keep), code, constant(unit, count), value, step=step, fasting=fasting
        )
        for keep, code, unit, value, step, fasting in parts
    ]


def _is_tested(people: People, courses: Courses, seen: Visits) -> Floats:
    """Chance that blood is taken at a visit."""
    age = people.age[seen.person]
    chance = np.interp(age, [18, 40, 60], [0.21, 0.42, 0.62])
    chance = chance + 0.3 * courses.diabetes.is_diagnosed(seen.person, seen.day)
    return np.where(age >= ADULT, chance, 0.0)


def _blood_results(
    settings: Calibration,
    people: People,
    courses: Courses,
    seen: Visits,
    chance: Floats,
    rng: np.random.Generator,
) -> list[pl.DataFrame]:
    """Cholesterol, total and LDL, and creatinine of a part of those whose blood is taken."""
    known, count, traits = settings.reading, len(seen), courses.traits
    fat = traits.total_cholesterol(seen.person, seen.day) * rng.normal(1, known.cholesterol_cv, count)
    low_density = np.clip(0.64 * fat + rng.normal(-0.1, 0.35, count), 0.4, 9)
    creatinine = creatinine_of(
        traits.kidney_function(seen.person, seen.day),
        traits.age(seen.person, seen.day),
        people.is_female[seen.person],
    ) * rng.normal(1, known.creatinine_cv, count)
    with_fat = rng.random(count) < 0.4 * chance
    with_ldl = with_fat & (rng.random(count) < 0.6)
    with_kidney = rng.random(count) < 0.45 * chance
    parts = (
        (with_fat, "14647-2", "mmol/L", np.round(fat, 1), 14),
        (with_ldl, "22748-8", "mmol/L", np.round(low_density, 1), 7),
        (with_kidney, "14682-9", "umol/L", np.round(creatinine), 15),
    )
    return [
        _results(people, seen, np.flatnonzero(keep), code, constant(unit, count), value, step=step)
        for keep, code, unit, value, step in parts
    ]


def creatinine_of(filtration: Floats, age: Floats, is_female: Bools) -> Floats:
    """Creatinine (umol/L) at which CKD-EPI 2021 gives a filtration: the equation solved for it.

    142 min(Scr/k, 1)^a max(Scr/k, 1)^-1.2 0.9938^age (1.012 if female), k 0.7 and 0.9 mg/dL, a -0.241 and -0.302.
    """
    kappa, alpha = np.where(is_female, 0.7, 0.9), np.where(is_female, -0.241, -0.302)
    ratio = filtration / (142.0 * 0.9938**age * np.where(is_female, 1.012, 1.0))
    # Above 1 the creatinine is below kappa, and the other way round.
    relative = ratio ** (1.0 / np.where(ratio > 1.0, alpha, -1.2))
    return np.asarray(np.clip(relative * kappa * 88.42, 15.0, 1500.0), dtype=np.float64)


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
            "person_ref": at.person_refs(people),
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
    settings: Calibration, people: People, courses: Courses, records: Records, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Some who know of their hypertension and use the app send readings of a device at home, in the evening."""
    known, end = settings.reading, day_number(settings.period.end)
    since = np.maximum(records.activated_day, courses.hypertension.diagnosed_day[records.person])
    has_device = (since < end) & (rng.random(len(records)) < settings.care.home_device_share * 4)
    owner = np.flatnonzero(has_device)
    row = np.repeat(owner, rng.integers(3, _AT_HOME // 2, len(owner)))
    place = np.arange(len(row)) - np.searchsorted(row, row)
    day = since[row] + (rng.random(len(row)) * (end + 1 - since[row])).astype(np.int64)
    person = records.person[row]
    usual = courses.pressures(person, day)
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
                CODES[name],
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
    people: People, courses: Courses, records: Records, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Citizens who edit their record write height and weight: a little taller, a little lighter."""
    row = np.flatnonzero((records.edited_day < NEVER) & (rng.random(len(records)) < 0.3))
    person, day = records.person[row], records.edited_day[row]
    height, mass_index = courses.traits.body(person, day)
    weight = np.round(mass_index * (height / 100) ** 2 * 0.985)
    parts = (("weight", "kg", weight), ("height", "cm", np.round(height + 1)))
    return [
        _outside(
            people, person, "MS", records.number[row] * 2 + step, CODES[name], unit, value, day,
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
