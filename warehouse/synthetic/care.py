"""What happened to people in care: visits, and the diagnoses and supplies they leave behind."""

from __future__ import annotations

from dataclasses import dataclass

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
from warehouse.synthetic.people import ADULT, People
from warehouse.synthetic.records import Records
from warehouse.synthetic.traits import Course, Traits

#: References of visits are numbered by person and place among the person's visits: at most this many.
MOST_VISITS = 64
HOSPITALS_FROM, HOSPITALS = 1000, 40
_OF_ADULTS = ("E78.5", "K29.7", "M54.5", "J20.9", "E66.9", "J44.9", "I25.1", "N18.3", "J45.9", "K21.9")
_OF_CHILDREN = ("J06.9", "J20.9", "A09", "L20.9", "J45.9")
#: Diagnoses that end; the others stay.
_SHORT = ("J20.9", "J06.9", "A09")
_ANTIHYPERTENSIVES = (
    ("C08CA01", "Amlodipin 5mg"),
    ("C09CA01", "Losartan 50mg"),
    ("C09AA04", "Perindopril 5mg"),
    ("C07AB07", "Bisoprolol 2,5mg"),
    ("C09CA07", "Telmisartan 40mg"),
)
_GLUCOSE_LOWERING = (
    ("A10BA02", "Metformin 850mg"),
    ("A10BB09", "Gliclazid 60mg MR"),
    ("A10BK03", "Empagliflozin 10mg"),
)


@dataclass(frozen=True)
class Visits:
    """``V`` visits as columns: row of the person, day, running number in the city, what it was, where.

    ``is_measured``: somebody took readings. ``is_claim``: of a person without a record, known from the insurer only.
    """

    person: Ints
    day: Ints
    number: Ints
    is_measured: Bools
    is_exam: Bools
    is_supply: Bools
    is_claim: Bools
    facility: Ints

    def __len__(self) -> int:
        return len(self.person)

    def only(self, keep: Bools | Ints) -> Visits:
        """The visits that ``keep``, a mask or rows."""
        return Visits(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))

    def at(self, minutes: Ints | int = 0) -> pl.Series:
        """In the morning, spread by visit, plus ``minutes``."""
        return times(self.day, 450 + self.number * 37 % 210 + minutes)


def draw_visits(
    settings: Calibration, people: People, traits: Traits, records: Records, rng: np.random.Generator
) -> Visits:
    """Visits of the period: as they come, by appointment for a supply, and the examination that opens a record."""
    has_record = np.zeros(len(people), dtype=bool)
    has_record[records.person] = True
    kinds = (
        _as_they_come(settings, people, traits, has_record, rng),
        _by_appointment(settings, people, traits, rng),
        _examinations(settings, records, rng),
    )
    person = np.concatenate([kind[0] for kind in kinds])
    day = np.concatenate([kind[1] for kind in kinds])
    kind = np.repeat(np.arange(len(kinds)), [len(found[0]) for found in kinds])
    here = (day >= people.registered_day[person]) & (day < people.gone_day[person])
    here &= day <= day_number(settings.period.end)
    order = np.lexsort((kind, day, person))
    order = order[here[order]]
    return _numbered(settings, people, has_record, person[order], day[order], kind[order], rng)


def _numbered(
    settings: Calibration,
    people: People,
    has_record: Bools,
    person: Ints,
    day: Ints,
    kind: Ints,
    rng: np.random.Generator,
) -> Visits:
    """Visits in the order of person and day, with their places and what was done."""
    known, place = settings.care, np.arange(len(person)) - np.searchsorted(person, person)
    share = np.where(
        has_record[person], known.measured_with_record_share, known.measured_without_record_share
    )
    ward = people.ward[person]
    at_hospital = ((place + person) % 3 == 0) & (kind != 2)
    return Visits(
        person=person,
        day=day,
        number=people.number[person] * MOST_VISITS + place,
        is_measured=(kind == 2) | (rng.random(len(person)) < share),
        is_exam=kind == 2,
        is_supply=kind == 1,
        is_claim=~has_record[person],
        facility=np.where(at_hospital, HOSPITALS_FROM + ward % HOSPITALS, ward),
    ).only(place < MOST_VISITS)


def _as_they_come(
    settings: Calibration, people: People, traits: Traits, has_record: Bools, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """The old and the diagnosed come more often; of people without a record fewer visits leave a trace."""
    known = settings.care
    first, end = day_number(settings.period.first_visit), day_number(settings.period.end)
    ill = (traits.hypertension.diagnosed_day < NEVER) | (traits.diabetes.diagnosed_day < NEVER)
    rate = known.visits_a_year + known.visits_a_year_per_year_of_age * people.age
    rate = (rate + known.visits_a_year_if_diagnosed * ill) * np.where(
        has_record, 1.0, known.without_record_share
    )
    since = np.maximum(first, people.registered_day)
    person = np.repeat(np.arange(len(people)), rng.poisson(rate * (end - since) / 365.25))
    day = since[person] + (rng.random(len(person)) * (end + 1 - since[person])).astype(np.int64)
    return person, day


def _by_appointment(
    settings: Calibration, people: People, traits: Traits, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """People under treatment who keep to it come for their supply every one to three months."""
    known = settings.care
    first, end = day_number(settings.period.first_visit), day_number(settings.period.end)
    treated = np.minimum(traits.hypertension.treated_day, traits.diabetes.treated_day)
    regular = np.flatnonzero((treated <= end) & (rng.random(len(people)) < known.regular_share))
    gap = known.days_between_supplies * rng.uniform(0.5, 1.3, len(regular))
    since = np.maximum(treated[regular], first)
    since = since + (rng.random(len(regular)) * gap).astype(np.int64)
    times_come = np.maximum((end - since) / gap, 0).astype(np.int64) + 1
    row = np.repeat(np.arange(len(regular)), times_come)
    turn = np.arange(len(row)) - np.repeat(np.cumsum(times_come) - times_come, times_come)
    return regular[row], since[row] + (turn * gap[row]).astype(np.int64) + rng.integers(0, 8, len(row))


def _examinations(settings: Calibration, records: Records, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Some records are opened with an examination."""
    examined = rng.random(len(records)) < settings.care.opened_with_exam_share
    return records.person[examined], records.created_day[examined]


def encounter_table(
    settings: Calibration, people: People, visits: Visits, rng: np.random.Generator
) -> pl.DataFrame:
    """The ``encounter`` extract."""
    count = len(visits)
    stays = ~visits.is_exam & ~visits.is_supply & (rng.random(count) < settings.care.inpatient_share)
    minutes = np.where(stays, rng.integers(1, 9, count) * 1440, 25 + visits.number % 50)
    kind = np.select([visits.is_exam, stays], [0, 1], 2).astype(np.int64)
    return pl.DataFrame(
        {
            "encounter_id": refs("E", visits.number),
            "person_ref": person_refs(people.number[visits.person]),
            "facility_ref": refs("F", visits.facility),
            "class": words(("exam", "inpatient", "outpatient"), kind),
            "started_at": visits.at(),
            "ended_at": visits.at(minutes),
        }
    )


def condition_table(
    people: People, traits: Traits, records: Records, visits: Visits, rng: np.random.Generator
) -> pl.DataFrame:
    """The ``condition`` extract: a visit of somebody diagnosed names the disease more often than not."""
    is_adult = people.age[visits.person] >= ADULT
    draw = rng.random(len(visits))
    unnamed = is_adult & ~(visits.day >= traits.hypertension.diagnosed_day[visits.person])
    parts = (
        (_known(traits.hypertension, visits, 0.75, rng), ("I10",), traits.hypertension),
        (_known(traits.diabetes, visits, 0.75, rng), ("E11.9", "E11.9", "E11.6"), traits.diabetes),
        (is_adult & ~visits.is_exam & (draw < 0.35), _OF_ADULTS, None),
        (~is_adult & ~visits.is_exam & (draw < 0.7), _OF_CHILDREN, None),
        # Suspected on the day and ruled out later: never counts.
        (unnamed & (rng.random(len(visits)) < 0.002), ("I10",), None),
    )
    found = [
        _diagnoses(people, visits.only(keep), codes, kind, course, rng, is_refuted=kind == 4)
        for kind, (keep, codes, course) in enumerate(parts)
    ]
    return pl.concat([*found, _self_declared(people, traits, records, rng)])


def _known(course: Course, visits: Visits, share: float, rng: np.random.Generator) -> Bools:
    """Visits of somebody diagnosed by then, a share of them."""
    return (visits.day >= course.diagnosed_day[visits.person]) & (rng.random(len(visits)) < share)


def _diagnoses(
    people: People,
    at: Visits,
    codes: tuple[str, ...],
    kind: int,
    course: Course | None,
    rng: np.random.Generator,
    *,
    is_refuted: bool,
) -> pl.DataFrame:
    """Rows of ``condition`` for visits. A chronic disease gives the day it was first named, in one of three."""
    count = len(at)
    code = rng.integers(0, len(codes), count)
    since = np.full(count, NEVER) if course is None else course.diagnosed_day[at.person]
    since = np.where(rng.random(count) < 1 / 3, since, NEVER)
    is_short = np.isin(code, [i for i, word in enumerate(codes) if word in _SHORT])
    is_wrong = rng.random(count) < 0.002
    status = np.select([np.full(count, is_refuted), is_wrong, is_short], [2, 3, 1], 0).astype(np.int64)
    came = np.select([at.is_exam, at.is_claim | (rng.random(count) < 0.75)], [0, 1], 2).astype(np.int64)
    return pl.DataFrame(
        {
            "condition_id": refs("C", at.number, 8, kind),
            "person_ref": person_refs(people.number[at.person]),
            "encounter_ref": refs("E", at.number),
            "icd10": words(codes, code),
            "onset_date": dates(since),
            "recorded_at": at.at(20),
            "recorded_by": constant("facility", count),
            "origin": words(("exam", "claim", "clinic"), came),
            "status": words(("active", "resolved", "refuted", "entered_in_error"), status),
        }
    )


def _self_declared(
    people: People, traits: Traits, records: Records, rng: np.random.Generator
) -> pl.DataFrame:
    """Half of the citizens who edit their record and know of their hypertension tell of it."""
    knows = traits.hypertension.diagnosed_day[records.person] <= records.edited_day
    row = np.flatnonzero(knows & (records.edited_day < NEVER) & (rng.random(len(records)) < 0.5))
    count = len(row)
    return pl.DataFrame(
        {
            "condition_id": refs("CS", records.number[row]),
            "person_ref": person_refs(people.number[records.person[row]]),
            "encounter_ref": nothing(count),
            "icd10": constant("I10", count),
            "onset_date": nothing(count, pl.Date),
            "recorded_at": times(records.edited_day[row], 1260),
            "recorded_by": constant("self", count),
            "origin": constant("self_declared", count),
            "status": constant("active", count),
        }
    )


def medication_table(
    settings: Calibration, people: People, traits: Traits, visits: Visits, rng: np.random.Generator
) -> pl.DataFrame:
    """The ``medication`` extract: supplies until about the next visit, for some of two drugs."""
    frames = []
    for kind, course, drugs in (
        (0, traits.hypertension, _ANTIHYPERTENSIVES),
        (1, traits.diabetes, _GLUCOSE_LOWERING),
    ):
        share = np.where(visits.is_supply, 0.95, 0.55)
        keep = (visits.day >= course.treated_day[visits.person]) & (rng.random(len(visits)) < share)
        at = visits.only(keep)
        drug = people.number[at.person] % len(drugs)
        has_second = people.number[at.person] % 10 < 3
        frames.append(_supplies(settings, people, at, drugs, drug, 2 * kind, rng))
        frames.append(
            _supplies(
                settings,
                people,
                at.only(has_second),
                drugs,
                (drug[has_second] + 1) % len(drugs),
                2 * kind + 1,
                rng,
            )
        )
    return pl.concat(frames)


def _supplies(
    settings: Calibration,
    people: People,
    at: Visits,
    drugs: tuple[tuple[str, str], ...],
    drug: Ints,
    step: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Rows of ``medication``; ``drug`` is a place among ``drugs``, ``step`` tells the supplies of a visit apart."""
    spread: Floats = settings.care.days_between_supplies * rng.uniform(0.4, 1.2, len(at))
    days = np.clip(np.round(spread / 30) * 30, 30, 90).astype(np.int64)
    return pl.DataFrame(
        {
            "medication_id": refs("D", at.number, 4, step),
            "person_ref": person_refs(people.number[at.person]),
            "encounter_ref": refs("E", at.number),
            "atc": words([code for code, _ in drugs], drug),
            "name_as_written": words([name for _, name in drugs], drug),
            "started_on": dates(at.day),
            "days_supplied": pl.Series(days),
            "origin": pl.Series(np.where(at.is_claim | at.is_supply, "claim", "clinic")),
        }
    )
