"""What happened to people in care: visits, and the diagnoses and supplies they leave behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import (
    NEVER,
    Bools,
    Ints,
    constant,
    dates,
    day_number,
    hospital_refs,
    nothing,
    person_refs,
    refs,
    times,
    words,
)
from warehouse.synthetic.illnesses import Struck, illnesses
from warehouse.synthetic.parameters import Floats
from warehouse.synthetic.people import ADULT, People
from warehouse.synthetic.processes import Courses
from warehouse.synthetic.records import Records, is_ill

#: Diagnoses of one visit are told apart by their reference: more than the kinds of :func:`condition_table`.
_MOST_NAMED = 32
#: References of visits are numbered by person and place among the person's visits: at most this many.
MOST_VISITS = 96
HOSPITALS_FROM, HOSPITALS = 1000, 40
_CONNECTED_FROM, _CONNECTED_WITHIN = date(2022, 10, 1), 900
_OF_ADULTS = ("K29.7", "M54.5", "J20.9", "K21.9", "M17.9", "H10.9")
_OF_CHILDREN = ("J06.9", "J20.9", "A09", "L20.9", "H10.9")
#: Diagnoses that end; the others stay.
_SHORT = ("J20.9", "J06.9", "A09", "H10.9")
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
    ``is_insured``: the insurer pays, so that codes and supplies are claimed. ``is_apart``: at a hospital that knows the
    person under a reference of its own. ``missed`` and ``invented``: what that facility does to claims (shares).
    """

    person: Ints
    day: Ints
    number: Ints
    is_measured: Bools
    is_exam: Bools
    is_supply: Bools
    is_claim: Bools
    is_insured: Bools
    is_apart: Bools
    facility: Ints
    missed: Floats
    invented: Floats

    def __len__(self) -> int:
        return len(self.person)

    def only(self, keep: Bools | Ints) -> Visits:
        """The visits that ``keep``, a mask or rows."""
        return Visits(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))

    def person_refs(self, people: People) -> pl.Series:
        """The reference each visit is filed under."""
        number = people.number[self.person]
        own = pl.DataFrame({"P": person_refs(number), "Q": hospital_refs(number), "is_apart": self.is_apart})
        return own.select(pl.when("is_apart").then("Q").otherwise("P")).to_series()

    def at(self, minutes: Ints | int = 0) -> pl.Series:
        """In the morning, spread by visit, plus ``minutes``."""
        return times(self.day, 450 + self.number * 37 % 210 + minutes)


def draw_visits(
    settings: Calibration,
    people: People,
    courses: Courses,
    apart: Bools,
    records: Records,
    rng: np.random.Generator,
) -> Visits:
    """Visits of the period: as they come, by appointment for a supply, and the examination that opens a record.

    Of people with neither record nor insurance no visit leaves a trace. A record brings what the person had been seen
    for before if it was made by the day of the look; later ones begin empty.
    """
    kinds = (
        _as_they_come(settings, people, courses, rng),
        _by_appointment(settings, people, courses, rng),
        _examinations(settings, records, rng),
    )
    person = np.concatenate([kind[0] for kind in kinds])
    day = np.concatenate([kind[1] for kind in kinds])
    kind = np.repeat(np.arange(len(kinds)), [len(found[0]) for found in kinds])
    here = (day >= people.registered_day[person]) & (day < people.gone_day[person])
    is_held = records.first_day(len(people))[person] <= np.maximum(day, day_number(settings.period.look))
    here &= (day <= day_number(settings.period.end)) & (is_held | people.is_insured[person])
    here &= is_held | (kind != 0) | (rng.random(len(day)) < settings.care.without_record_share)
    order = np.lexsort((kind, day, person))
    order = order[here[order]]
    return _numbered(settings, people, is_held[order], apart, person[order], day[order], kind[order], rng)


def draw_apart(
    settings: Calibration, people: People, courses: Courses, has_record: Bools, rng: np.random.Generator
) -> Bools:
    """Whose hospital visits stand under another reference: of the holders of a record a share, of the ill more."""
    switches = settings.switches
    ratio = np.where(is_ill(settings, people, courses), switches.split_odds_ratio, 1.0)
    odds = switches.split_share / (1 - switches.split_share) * ratio
    return np.asarray(has_record & (rng.random(len(people)) < odds / (1 + odds)), dtype=np.bool_)


def _numbered(
    settings: Calibration,
    people: People,
    is_held: Bools,
    apart: Bools,
    person: Ints,
    day: Ints,
    kind: Ints,
    rng: np.random.Generator,
) -> Visits:
    """Visits in the order of person and day, with their places and what was done."""
    known, place = settings.care, np.arange(len(person)) - np.searchsorted(person, person)
    share = np.where(is_held, known.measured_with_record_share, known.measured_without_record_share)
    ward = people.ward[person]
    at_hospital = ((place + person) % 3 == 0) & (kind != 2)
    facility = np.where(at_hospital, HOSPITALS_FROM + ward % HOSPITALS, ward)
    missed, invented = _claim_errors(settings, facility)
    return Visits(
        person=person,
        day=day,
        number=people.number[person] * MOST_VISITS + place,
        is_measured=(kind == 2) | (rng.random(len(person)) < share),
        is_exam=kind == 2,
        is_supply=kind == 1,
        is_claim=~is_held,
        is_insured=people.is_insured[person],
        is_apart=apart[person] & at_hospital & is_held,
        facility=facility,
        missed=missed,
        invented=invented,
    ).only(place < MOST_VISITS)


def late_refs(settings: Calibration, visits: Visits, as_of: int) -> pl.Series:
    """References of the visits that had happened by a day and whose rows had not arrived.

    Each facility sends after its own lag; what is no claim waits besides until the facility is connected.
    """
    switches = settings.switches
    lag = np.round(switches.lag_days * (1 + _lean(visits.facility))).astype(np.int64)
    arrives = visits.day + lag
    if switches.needs_connection:
        arrives = np.where(visits.is_claim, arrives, np.maximum(arrives, connected_day(visits.facility)))
    return refs("E", visits.number[(visits.day <= as_of) & (arrives > as_of)])


def connected_day(facility: Ints) -> Ints:
    """The day each facility was connected: one after another over thirty months."""
    number = np.where(facility >= HOSPITALS_FROM, facility - HOSPITALS_FROM, facility)
    return day_number(_CONNECTED_FROM) + number * 53 % _CONNECTED_WITHIN


def _lean(facility: Ints) -> Floats:
    """Between -1 and 1 by facility: the golden ratio spreads running numbers evenly, whatever their range."""
    return np.asarray(2 * (facility * 0.6180339887 % 1.0) - 1, dtype=np.float64)


def _claim_errors(settings: Calibration, facility: Ints) -> tuple[Floats, Floats]:
    """What each facility leaves out of its claims, and what it adds: some far more than others."""
    switches = settings.switches
    lean = _lean(facility)
    return (
        np.asarray(switches.claims_missed * (1 + switches.claims_spread * lean), dtype=np.float64),
        np.asarray(switches.claims_invented * (1 - switches.claims_spread * lean), dtype=np.float64),
    )


def _as_they_come(
    settings: Calibration, people: People, courses: Courses, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """The old, the diagnosed and the anxious come more often."""
    known = settings.care
    first, end = day_number(settings.period.first_visit), day_number(settings.period.end)
    ill = (courses.hypertension.diagnosed_day < NEVER) | (courses.diabetes.diagnosed_day < NEVER)
    rate = known.visits_a_year + known.visits_a_year_per_year_of_age * people.age
    rate = (rate + known.visits_a_year_if_diagnosed * ill) * np.sqrt(courses.contact)
    since = np.maximum(first, people.registered_day)
    person = np.repeat(np.arange(len(people)), rng.poisson(rate * (end - since) / 365.25))
    day = since[person] + (rng.random(len(person)) * (end + 1 - since[person])).astype(np.int64)
    return person, day


def _by_appointment(
    settings: Calibration, people: People, courses: Courses, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """People under treatment who keep to it come for their supply every one to three months, while they take it."""
    known = settings.care
    first, end = day_number(settings.period.first_visit), day_number(settings.period.end)
    treated = np.minimum(courses.hypertension.treated_day, courses.diabetes.treated_day)
    regular = np.flatnonzero((treated <= end) & (rng.random(len(people)) < known.regular_share))
    gap = known.days_between_supplies * rng.uniform(0.5, 1.3, len(regular))
    since = np.maximum(treated[regular], first)
    since = since + (rng.random(len(regular)) * gap).astype(np.int64)
    times_come = np.maximum((end - since) / gap, 0).astype(np.int64) + 1
    row = np.repeat(np.arange(len(regular)), times_come)
    turn = np.arange(len(row)) - np.repeat(np.cumsum(times_come) - times_come, times_come)
    person = regular[row]
    day = since[row] + (turn * gap[row]).astype(np.int64) + rng.integers(0, 8, len(row))
    takes = courses.hypertension.is_treated(person, day) | courses.diabetes.is_treated(person, day)
    return person[takes], day[takes]


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
            "person_ref": visits.person_refs(people),
            "facility_ref": refs("F", visits.facility),
            "class": words(("exam", "inpatient", "outpatient"), kind),
            "started_at": visits.at(),
            "ended_at": visits.at(minutes),
        }
    )


def condition_table(
    people: People,
    courses: Courses,
    struck: Struck,
    records: Records,
    visits: Visits,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """The ``condition`` extract: a visit of somebody diagnosed names the disease more often than not."""
    is_adult = people.age[visits.person] >= ADULT
    draw = rng.random(len(visits))
    unnamed = is_adult & ~courses.hypertension.is_diagnosed(visits.person, visits.day)
    invented = unnamed & visits.is_insured & (rng.random(len(visits)) < visits.invented)
    pressure, sugar = courses.hypertension.diagnosed_day, courses.diabetes.diagnosed_day
    parts = [
        _Named(_known(pressure, visits, 0.75, rng), ("I10",), pressure),
        _Named(_known(sugar, visits, 0.75, rng), ("E11.9", "E11.9", "E11.6"), sugar),
        _Named(is_adult & ~visits.is_exam & (draw < 0.30), _OF_ADULTS),
        _Named(~is_adult & ~visits.is_exam & (draw < 0.7), _OF_CHILDREN),
        # Suspected on the day and ruled out later: never counts.
        _Named(unnamed & (rng.random(len(visits)) < 0.002), ("I10",), is_refuted=True),
        _Named(invented, ("I10",)),
        *_named_illnesses(struck, visits, rng),
    ]
    found = [_diagnoses(people, visits.only(part.keep), part, kind, rng) for kind, part in enumerate(parts)]
    return pl.concat([*found, _self_declared(people, courses, records, rng)])


@dataclass(frozen=True)
class _Named:
    """Visits that name one of some codes, the day they may say it began, whether it was ruled out later."""

    keep: Bools
    codes: tuple[str, ...]
    since: Ints | None = None
    is_refuted: bool = False


def _named_illnesses(struck: Struck, visits: Visits, rng: np.random.Generator) -> list[_Named]:
    """The illnesses of ``illnesses.csv``, and the two lines on traits that a doctor may know of."""
    known = [(item.illness, item.icd10, item.named_share) for item in illnesses()]
    known += [("chronic_kidney_disease", ("N18.3",), 0.4), ("dyslipidaemia", ("E78.5", "E78.2"), 0.4)]
    return [
        _Named(_known(struck.named_day[name], visits, share, rng), codes, struck.named_day[name])
        for name, codes, share in known
    ]


def _known(since: Ints, visits: Visits, share: float, rng: np.random.Generator) -> Bools:
    """Visits from the day a person's disease is known on: a share of them, less what the facility leaves out."""
    chance = share * (1 - visits.missed)
    return np.asarray(
        (visits.day >= since[visits.person]) & (rng.random(len(visits)) < chance), dtype=np.bool_
    )


def _diagnoses(people: People, at: Visits, part: _Named, kind: int, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``condition`` for visits. A chronic disease gives the day it was first named, in one of three."""
    count, codes = len(at), part.codes
    code = rng.integers(0, len(codes), count)
    since = np.full(count, NEVER) if part.since is None else part.since[at.person]
    since = np.where((rng.random(count) < 1 / 3) & (since <= at.day), since, NEVER)
    is_short = np.isin(code, [i for i, word in enumerate(codes) if word in _SHORT])
    is_wrong = rng.random(count) < 0.002
    status = np.select([np.full(count, part.is_refuted), is_wrong, is_short], [2, 3, 1], 0).astype(np.int64)
    is_claimed = at.is_claim | (at.is_insured & (rng.random(count) < 0.75))
    came = np.select([at.is_exam, is_claimed], [0, 1], 2).astype(np.int64)
    return pl.DataFrame(
        {
            "condition_id": refs("C", at.number, _MOST_NAMED, kind),
            "person_ref": at.person_refs(people),
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
    people: People, courses: Courses, records: Records, rng: np.random.Generator
) -> pl.DataFrame:
    """Half of the citizens who edit their record and know of their hypertension tell of it."""
    knows = courses.hypertension.diagnosed_day[records.person] <= records.edited_day
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
    settings: Calibration,
    people: People,
    courses: Courses,
    struck: Struck,
    visits: Visits,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """The ``medication`` extract: supplies until about the next visit, for some of two drugs."""
    frames = []
    for kind, course, drugs in (
        (0, courses.hypertension, _ANTIHYPERTENSIVES),
        (1, courses.diabetes, _GLUCOSE_LOWERING),
    ):
        share = np.where(visits.is_supply, 0.95, 0.55) * (1 - visits.missed)
        keep = course.is_treated(visits.person, visits.day) & (rng.random(len(visits)) < share)
        at = visits.only(keep)
        drug = people.number[at.person] % len(drugs)
        second = people.number[at.person] % 10 < 3
        frames.append(_supplies(settings, people, at, drugs, drug, 2 * kind, rng))
        again = (drug[second] + 1) % len(drugs)
        frames.append(_supplies(settings, people, at.only(second), drugs, again, 2 * kind + 1, rng))
    for place, item in enumerate(illnesses(), start=4):
        if item.atc:
            keep = (visits.day >= struck.named_day[item.illness][visits.person]) & ~visits.is_exam
            at = visits.only(keep & (rng.random(len(visits)) < item.drug_share * (1 - visits.missed)))
            only = np.zeros(len(at), dtype=np.int64)
            frames.append(_supplies(settings, people, at, ((item.atc, item.drug),), only, place, rng))
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
            "medication_id": refs("D", at.number, _MOST_NAMED, step),
            "person_ref": at.person_refs(people),
            "encounter_ref": refs("E", at.number),
            "atc": words([code for code, _ in drugs], drug),
            "name_as_written": words([name for _, name in drugs], drug),
            "started_on": dates(at.day),
            "days_supplied": pl.Series(days),
            "origin": pl.Series(np.where(at.is_insured & (at.is_claim | at.is_supply), "claim", "clinic")),
        }
    )
