"""What happened to people in care: visits, readings, diagnoses, supplies, doses, spells of insurance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from warehouse.synthetic.calibration import Calibration, Floats
from warehouse.synthetic.columns import (
    NEVER,
    Bools,
    Ints,
    constant,
    dates,
    day_number,
    nothing,
    person_refs,
    refs,
    times,
    words,
)
from warehouse.synthetic.people import People
from warehouse.synthetic.records import Records
from warehouse.synthetic.traits import ADULT, Course, Traits, pressures_on, sugar_on

#: Most visits of one person; references of visits are numbered by it.
MOST_VISITS = 12
MGDL_PER_MMOL = 18.016
#: How many of the results of one visit are told apart by their reference.
_RESULTS = 16
_OTHER = ("E78.5", "J45", "K29.7", "M54.5", "J44", "E66.9", "I25.1", "N18.3")
_ANTIHYPERTENSIVES = (
    ("C08CA01", "Amlodipin 5mg"),
    ("C09CA01", "Losartan 50mg"),
    ("C09AA04", "Perindopril 5mg"),
    ("C07AB07", "Bisoprolol 2,5mg"),
)
_GLUCOSE_LOWERING = (
    ("A10BA02", "Metformin 850mg"),
    ("A10BB09", "Gliclazid 60mg MR"),
    ("A10BK03", "Empagliflozin 10mg"),
)
_ANTIGENS = ("bcg", "dpt_vgb_hib", "measles", "covid19")


@dataclass(frozen=True)
class Visits:
    """``V`` visits as columns: row of the person, day, running number in the city, whether measured, where."""

    person: Ints
    day: Ints
    number: Ints
    is_measured: Bools
    is_exam: Bools
    facility: Ints

    def __len__(self) -> int:
        return len(self.person)

    def only(self, keep: Bools) -> Visits:
        """The visits that ``keep``."""
        return Visits(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))

    def at(self, minutes: Ints | int = 0) -> pl.Series:
        """In the morning, spread by visit, plus ``minutes``."""
        return times(self.day, 450 + self.number * 37 % 210 + minutes)


def draw_visits(
    settings: Calibration, people: People, traits: Traits, records: Records, rng: np.random.Generator
) -> Visits:
    """Visits of the period; the old and the diagnosed come more often, holders of a record are measured more."""
    first, end, count = day_number(settings.first_visit), day_number(settings.end), len(people)
    has_record = np.zeros(count, dtype=bool)
    has_record[records.person] = True
    sick = (traits.hypertension.diagnosed_day < NEVER) * 1.3 + (traits.diabetes.diagnosed_day < NEVER) * 0.7
    mean = (0.35 + 0.011 * people.age + sick) * np.where(has_record, 1.0, 0.55)
    visits = np.minimum(rng.poisson(mean), MOST_VISITS - 1)
    person = np.repeat(np.arange(count), visits)
    since = np.maximum(first, people.birth_day[person])
    day = since + (rng.random(len(person)) * np.maximum(end - since, 1)).astype(np.int64)
    # Four in ten records are opened with an examination.
    examined = np.flatnonzero(rng.random(len(records)) < 0.4)
    person = np.concatenate([person, records.person[examined]])
    day = np.concatenate([day, records.created_day[examined]])
    is_exam = np.concatenate([np.zeros(len(person) - len(examined), bool), np.ones(len(examined), bool)])
    order = np.lexsort((is_exam, day, person))
    person, day, is_exam = person[order], day[order], is_exam[order]
    place = np.arange(len(person)) - np.searchsorted(person, person)
    measured = is_exam | (rng.random(len(person)) < np.where(has_record[person], 0.62, 0.22))
    found = Visits(
        person=person,
        day=day,
        number=people.number[person] * (MOST_VISITS + 4) + place,
        is_measured=measured,
        is_exam=is_exam,
        facility=_facility_of(people, person, place),
    )
    return found.only((day < people.gone_day[person]) & (place < MOST_VISITS + 4))


def _facility_of(people: People, person: Ints, place: Ints) -> Ints:
    """Mostly the station of the ward (numbered by ward), now and then one of the hospitals."""
    ward = people.ward[person]
    return np.where((place + person) % 3 == 0, 1000 + ward % 40, ward)


def encounter_table(people: People, visits: Visits) -> pl.DataFrame:
    """The ``encounter`` extract."""
    return pl.DataFrame(
        {
            "encounter_id": refs("E", visits.number),
            "person_ref": person_refs(people.number[visits.person]),
            "facility_ref": refs("F", visits.facility),
            "class": pl.Series(np.where(visits.is_exam, "exam", "outpatient")),
            "started_at": visits.at(),
            "ended_at": visits.at(40),
        }
    )


def measurement_table(
    settings: Calibration, people: People, traits: Traits, visits: Visits, rng: np.random.Generator
) -> pl.DataFrame:
    """The ``measurement`` extract: one to three pressure readings a visit, weight, now and then height and blood."""
    seen = visits.only(visits.is_measured)
    height = traits.height[seen.person]
    weight = traits.body_mass_index[seen.person] * (height / 100) ** 2 * rng.normal(1, 0.015, len(seen))
    first = np.concatenate([[True], seen.person[1:] != seen.person[:-1]])[: len(seen)]
    parts = _pressure_readings(settings, people, traits, seen, rng)
    parts += [
        _results(people, seen, np.flatnonzero(rng.random(len(seen)) < 0.75), "29463-7", "kg", weight, step=8),
        _results(
            people,
            seen,
            np.flatnonzero(first | (rng.random(len(seen)) < 0.2)),
            "8302-2",
            "cm",
            height,
            step=9,
        ),
    ]
    return pl.concat([*parts, *_sugar_results(people, traits, seen, rng)])


def _pressure_readings(
    settings: Calibration, people: People, traits: Traits, seen: Visits, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Readings around the usual pressure of the day: the visit moves both, each reading a little."""
    known = settings.reading
    usual = pressures_on(traits, seen.person, seen.day)
    visit = (
        usual[0] + rng.normal(0, known["visit_sd_systolic"], len(seen)),
        usual[1] + rng.normal(0, known["visit_sd_diastolic"], len(seen)),
    )
    how_many = np.where(
        people.age[seen.person] < ADULT, 0, rng.choice([1, 2, 3], len(seen), p=[0.3, 0.5, 0.2])
    )
    parts = []
    for reading in range(3):
        row = np.flatnonzero(how_many > reading)
        higher = known["first_is_higher"] if reading == 0 else 0.0
        systolic = visit[0] + higher + rng.normal(0, known["within_sd_systolic"], len(seen))
        diastolic = visit[1] + higher / 2 + rng.normal(0, known["within_sd_diastolic"], len(seen))
        systolic = _as_read(np.clip(systolic, 75, 250), rng)
        diastolic = np.minimum(_as_read(np.clip(diastolic, 40, 150), rng), systolic - 8)
        for offset, code, value in ((0, "8480-6", systolic), (1, "8462-4", diastolic)):
            parts.append(
                _results(
                    people, seen, row, code, "mm[Hg]", value, step=2 * reading + offset, reading=reading + 1
                )
            )
    return parts


def _as_read(value: Floats, rng: np.random.Generator) -> Floats:
    """Whole numbers; one in six is rounded to the next ten, as hands do."""
    return np.where(rng.random(len(value)) < 1 / 6, np.round(value / 10) * 10, np.round(value))


def _sugar_results(
    people: People, traits: Traits, seen: Visits, rng: np.random.Generator
) -> list[pl.DataFrame]:
    """Fasting glucose, mostly in mmol/L, and HbA1c: of the old and the diabetic more often."""
    chance = np.interp(people.age[seen.person], [18, 40, 60], [0.10, 0.25, 0.45])
    chance = chance + 0.3 * (traits.diabetes.diagnosed_day[seen.person] < seen.day)
    chance = np.where(people.age[seen.person] >= ADULT, chance, 0.0)
    glucose, hba1c = sugar_on(traits, seen.person, seen.day)
    glucose = np.clip(glucose * rng.normal(1, 0.05, len(seen)), 2.5, 35)
    hba1c = np.clip(hba1c + rng.normal(0, 0.15, len(seen)), 3.5, 18)
    tested, draw = np.flatnonzero(rng.random(len(seen)) < chance), rng.random(len(seen))
    in_mg = tested[draw[tested] < 0.15]
    in_mmol = tested[draw[tested] >= 0.15]
    also = np.flatnonzero(rng.random(len(seen)) < chance * 0.6)
    return [
        _results(people, seen, in_mmol, "14771-0", "mmol/L", glucose, step=10, fasting=True),
        _results(people, seen, in_mg, "1558-6", "mg/dL", glucose * MGDL_PER_MMOL, step=11, fasting=True),
        _results(people, seen, also, "4548-4", "%", hba1c, step=12),
    ]


def _results(
    people: People,
    seen: Visits,
    row: Ints,
    code: str,
    unit: str,
    value: Floats,
    *,
    step: int,
    reading: int | None = None,
    fasting: bool | None = None,
) -> pl.DataFrame:
    """Rows of ``measurement`` for the visits ``row``; ``step`` tells the results of one visit apart."""
    at = seen.only(np.isin(np.arange(len(seen)), row))
    count, digits = len(at), 0 if unit in ("mg/dL", "mm[Hg]") else 1
    panel = nothing(count) if reading is None else refs("B", at.number, 3, reading - 1)
    return pl.DataFrame(
        {
            "measurement_id": refs("M", at.number, _RESULTS, step),
            "person_ref": person_refs(people.number[at.person]),
            "encounter_ref": refs("E", at.number),
            "panel_ref": panel,
            "reading_number": pl.repeat(reading, count, dtype=pl.Int64, eager=True),
            "code": constant(code, count),
            "value": pl.Series(np.round(value[row], digits)),
            "unit": constant(unit, count),
            "taken_at": at.at(0 if reading is None else 2 * reading),
            "facility_ref": refs("F", at.facility),
            "fasting": pl.repeat(fasting, count, dtype=pl.Boolean, eager=True),
            "origin": pl.Series(np.where(at.is_exam, "exam", "clinic")),
        }
    )


def condition_table(people: People, traits: Traits, visits: Visits, rng: np.random.Generator) -> pl.DataFrame:
    """The ``condition`` extract: a visit of somebody diagnosed names the disease more often than not."""
    named = (
        (_known(traits.hypertension, visits, 0.75, rng), ("I10",)),
        (_known(traits.diabetes, visits, 0.75, rng), ("E11.9",)),
        (rng.random(len(visits)) < 0.30, _OTHER),
    )
    return pl.concat(
        _diagnoses(people, visits.only(keep), codes, kind, rng) for kind, (keep, codes) in enumerate(named)
    )


def _known(course: Course, visits: Visits, share: float, rng: np.random.Generator) -> Bools:
    """Visits of somebody diagnosed by then, a share of them."""
    return (visits.day >= course.diagnosed_day[visits.person]) & (rng.random(len(visits)) < share)


def _diagnoses(
    people: People, at: Visits, codes: tuple[str, ...], kind: int, rng: np.random.Generator
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "condition_id": refs("C", at.number, 3, kind),
            "person_ref": person_refs(people.number[at.person]),
            "encounter_ref": refs("E", at.number),
            "icd10": words(codes, rng.integers(0, len(codes), len(at))),
            "recorded_at": at.at(20),
            "recorded_by": constant("facility", len(at)),
            "origin": pl.Series(np.where(at.is_exam, "exam", "claim")),
            "status": constant("active", len(at)),
        }
    )


def medication_table(
    people: People, traits: Traits, visits: Visits, rng: np.random.Generator
) -> pl.DataFrame:
    """The ``medication`` extract: supplies of one to three months at the visits of people under treatment."""
    frames = []
    for kind, course, drugs in (
        (0, traits.hypertension, _ANTIHYPERTENSIVES),
        (1, traits.diabetes, _GLUCOSE_LOWERING),
    ):
        keep = (visits.day >= course.treated_day[visits.person]) & (rng.random(len(visits)) < 0.85)
        at = visits.only(keep)
        drug = people.number[at.person] % len(drugs)
        frames.append(
            pl.DataFrame(
                {
                    "medication_id": refs("D", at.number, 2, kind),
                    "person_ref": person_refs(people.number[at.person]),
                    "encounter_ref": refs("E", at.number),
                    "atc": words([code for code, _ in drugs], drug),
                    "name_as_written": words([name for _, name in drugs], drug),
                    "started_on": dates(at.day),
                    "days_supplied": pl.Series([30, 60, 90]).gather(rng.integers(0, 3, len(at))),
                    "origin": constant("claim", len(at)),
                }
            )
        )
    return pl.concat(frames)


def immunisation_table(people: People, as_of: int, rng: np.random.Generator) -> pl.DataFrame:
    """The ``immunisation`` extract: the national programme for children under six, COVID-19 for adults."""
    frames = []
    for kind, antigen in enumerate(_ANTIGENS):
        covid = antigen == "covid19"
        eligible = people.age >= ADULT if covid else people.age < 6
        row = np.flatnonzero(eligible & (rng.random(len(people)) < (0.35 if covid else 0.7)))
        on = day_number(date(2021, 8, 15)) + row % 240 if covid else people.birth_day[row] + 60 * kind
        row, on = row[on <= as_of], on[on <= as_of]
        frames.append(
            pl.DataFrame(
                {
                    "immunisation_id": refs("V", people.number[row], len(_ANTIGENS), kind),
                    "person_ref": person_refs(people.number[row]),
                    "vaccine": constant(antigen, len(row)),
                    "dose_number": pl.repeat(1, len(row), dtype=pl.Int64, eager=True),
                    "given_on": dates(on),
                }
            )
        )
    return pl.concat(frames)


def insurance_table(
    settings: Calibration, people: People, as_of: int, rng: np.random.Generator
) -> pl.DataFrame:
    """The ``insurance_spell`` extract: one spell each, without an end while insured; one in twelve has lapsed."""
    lapsed = ~people.is_insured & (rng.random(len(people)) < 0.6)
    row = np.flatnonzero((people.is_insured | lapsed) & (people.birth_day <= as_of))
    start = np.maximum(people.birth_day[row], day_number(date(2021, 1, 1)))
    ended = np.maximum(day_number(settings.end) - 60 - people.number[row] % 500, start + 10)
    return pl.DataFrame(
        {
            "person_ref": person_refs(people.number[row]),
            "from_date": dates(start),
            "to_date": dates(np.where(lapsed[row] & (ended <= as_of), ended, NEVER)),
        }
    )
