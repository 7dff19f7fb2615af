"""Who gets a health record and when, and how complete it grows: ``health_record`` and ``record_section``.

The plan's order: over 50 or ill first, then pregnant women and children, then everybody; districts at their own pace.
Beyond the plan, the ill enrol sooner than their group by as much as the scenario says, and differently by district,
which is why a raw percentage misleads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import polars as pl
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv, expit

from warehouse.synthetic.calibration import Calibration
from warehouse.synthetic.columns import (
    NEVER,
    Bools,
    Ints,
    constant,
    day_number,
    person_refs,
    refs,
    times,
    words,
)
from warehouse.synthetic.parameters import Floats
from warehouse.synthetic.people import CHILD_UNDER, YEAR, People, draw_people
from warehouse.synthetic.processes import Courses, draw_courses
from warehouse.synthetic.traits import draw_traits

#: The sample on which levels and shares that no formula gives are solved.
REFERENCE_SEED, REFERENCE_PEOPLE = 31602022, 100_000
#: Groups of the plan in the order they are tried, and the phase each belongs to.
GROUPS = ("over_50", "underlying_condition", "pregnant", "child", "other")
PHASE_OF = {"over_50": "p1", "underlying_condition": "p1", "pregnant": "p2", "child": "p2", "other": "p3"}
SYSTEMS = ("bhxh", "pc_covid", "sskdt", "ho_tich", "his", "exam")
CREATED_BY = ("self", "proxy", "facility", "initialised")
#: When a phase opens, and the shape (two parameters of a beta distribution) of its enrolment.
_OPENING = {"p1": date(2022, 10, 1), "p2": date(2023, 1, 10), "p3": date(2023, 10, 2)}
_SHAPE = {"p1": (1.25, 2.3), "p2": (1.3, 1.9), "p3": (1.7, 1.5)}
#: Of the sections that are filled: the share with content, and with content or an explicit none; the rest is unknown.
_ANSWER = (0.86, 0.97)
_ANSWERS = {
    "administrative": (0.995, 0.995),
    "history_allergy": (0.35, 0.96),
    "underlying_conditions": (0.38, 0.97),
    "blood_group": (0.93, 0.93),
    "anthropometry": (0.97, 0.97),
}
#: Days the curves go on after the look: the rollout is not over.
_GOES_ON = 420
_JUMP_DAYS = 21
_APART = 1e6  # days
#: The week before and after the lunar new year, when nearly nobody is enrolled.
TET = (
    (date(2023, 1, 18), date(2023, 1, 29)),
    (date(2024, 2, 7), date(2024, 2, 18)),
    (date(2025, 1, 26), date(2025, 2, 6)),
)


@dataclass(frozen=True)
class Records:
    """``R`` records as columns; ``person`` is the row of the person, ``number`` the running number in the city."""

    person: Ints
    number: Ints
    created_day: Ints
    verified_day: Ints
    activated_day: Ints
    edited_day: Ints
    visited_day: Ints
    closed_day: Ints
    system: Ints
    created_by: Ints

    def __len__(self) -> int:
        return len(self.person)

    def first_day(self, people: int) -> Ints:
        """The day of everybody's first record, of ``people`` persons."""
        first = np.full(people, NEVER)
        np.minimum.at(first, self.person, self.created_day)
        return first


def group_of(settings: Calibration, people: People, courses: Courses) -> Ints:
    """Each person's group in the plan, as a place in :data:`GROUPS`, halfway through what the look sees of it."""
    look, end = day_number(settings.period.look), day_number(settings.period.end)
    age = people.age - (end - _halfway(settings)) / YEAR
    ill = (courses.hypertension.diagnosed_day < look - 400) | (courses.diabetes.diagnosed_day < look - 400)
    pregnant = people.pregnant_until < look + 270
    return np.select([age > 50, ill, pregnant, people.age < CHILD_UNDER], [0, 1, 2, 3], 4).astype(np.int64)


def is_ill(settings: Calibration, people: People, courses: Courses) -> Bools:
    """Who has hypertension or diabetes, known or not, halfway through what the look sees of the rollout."""
    everyone = np.arange(len(people), dtype=np.int64)
    day = np.full(len(people), _halfway(settings), dtype=np.int64)
    return courses.has_hypertension(everyone, day) | courses.has_diabetes(everyone, day)


def _halfway(settings: Calibration) -> int:
    """The day between the first record and the look."""
    return (day_number(settings.period.first_record) + day_number(settings.period.look)) // 2


def _score(settings: Calibration, people: People, courses: Courses) -> Floats:
    """Logit of having a record, before the level of the district."""
    known, switches = settings.enrolment, settings.switches
    slopes = np.array([known.over_50, known.underlying_condition, known.pregnant, known.child, 0.0])
    selected = switches.selection_by_district()[people.district] * is_ill(settings, people, courses)
    by_income = switches.enrolment_per_income * people.income
    return np.asarray(slopes[group_of(settings, people, courses)] + selected + by_income, dtype=np.float64)


@cache
def _reference(settings: Calibration) -> tuple[People, Floats, Ints]:
    """People of a fixed seed, their scores and groups."""
    rng = np.random.default_rng(REFERENCE_SEED)
    people = draw_people(settings, rng, 0, REFERENCE_PEOPLE)
    courses = draw_courses(settings, people, draw_traits(settings, people, rng), rng)
    return people, _score(settings, people, courses), group_of(settings, people, courses)


@cache
def _levels(settings: Calibration) -> Floats:
    """Per district the level at which its share of records on the day of the look is met, on the reference sample."""
    people, score, _ = _reference(settings)
    look = day_number(settings.period.look)
    here = (people.gone_day > look) & (people.registered_day <= look)
    found = []
    for unit, wanted in enumerate(settings.districts.record_share):
        own = score[(people.district == unit) & here]
        found.append(brentq(lambda x, s=own, w=wanted: float(expit(s + x).mean()) - w, -8.0, 8.0))
    return np.array(found)


@cache
def group_shares(settings: Calibration) -> Floats:
    """``[district, group]``: share of each group of the plan among a district's residents, on the reference sample."""
    people, _, group = _reference(settings)
    units = len(settings.districts.record_share)
    counts = np.bincount(people.district * len(GROUPS) + group, minlength=units * len(GROUPS))
    counts = counts.reshape(units, len(GROUPS)).astype(float)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), dtype=np.float64)


def draw_records(
    settings: Calibration, people: People, courses: Courses, rng: np.random.Generator
) -> Records:
    """The records of ``people``; a few have two, from two systems."""
    person, created = _created(settings, people, courses, rng)
    lives = (created < people.gone_day[person]) & (created <= day_number(settings.period.end))
    person, created = person[lives], created[lives]
    again = rng.random(len(person)) < settings.enrolment.second_record_share
    number = people.number[person] * 2
    later = np.minimum(created[again] + rng.integers(5, 200, again.sum()), day_number(settings.period.end))
    person, created = np.concatenate([person, person[again]]), np.concatenate([created, later])
    return _grown(settings, people, person, np.concatenate([number, number[again] + 1]), created, rng)


def _created(
    settings: Calibration, people: People, courses: Courses, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Whose record is made (rows), and when: the phase's curve at the district's pace, around Tết and Sundays.

    Whoever has a record on the day of the look with chance ``c`` has one by the time the curve stands at ``F`` of what
    it is on that day if a uniform draw lies below ``c F``. So it goes on beyond the look.
    """
    look, end = day_number(settings.period.look), day_number(settings.period.end)
    chance = expit(_score(settings, people, courses) + _levels(settings)[people.district])
    draw = rng.random(len(people)) / chance
    group = group_of(settings, people, courses)
    day = np.full(len(people), NEVER)
    for place, name in enumerate(GROUPS):
        opening, (a, b) = day_number(_OPENING[PHASE_OF[name]]), _SHAPE[PHASE_OF[name]]
        seen = (look - opening) / (look - opening + _GOES_ON)
        passed = draw * betainc(a, b, seen)
        own = np.flatnonzero((group == place) & (passed < 1))
        part = (betaincinv(a, b, passed[own]) / seen) ** settings.districts.pace[people.district[own]]
        day[own] = opening + (part * (look - opening)).astype(np.int64)
    person = np.flatnonzero(day <= end)
    day = _within_capacity(settings, people, person, day[person])
    day = _with_jump(settings, group[person], day, rng)
    # Newborns and people who moved in get theirs when they are registered.
    day = np.maximum(day, np.minimum(people.registered_day[person] + rng.integers(3, 60, len(person)), end))
    late = day > end
    return person, np.where(late, day, np.minimum(_working_day(day, rng), end))


def _within_capacity(settings: Calibration, people: People, person: Ints, day: Ints) -> Ints:
    """No ward makes more records a week than it can; the rest wait."""
    capacity = settings.switches.weekly_capacity
    if not capacity:
        return day
    ward = people.ward[person]
    residents = np.bincount(people.ward, minlength=int(people.ward.max()) + 1)
    return queued(day, ward, np.maximum(capacity * residents[ward] / 1000.0, 0.05))


def queued(day: Ints, ward: Ints, per_week: Floats) -> Ints:
    """When each record is made if a ward makes ``per_week`` of them, in the order they came.

    Of a queue that serves ``c`` a week, number k is served at ``max over j <= k of (when j came + (k - j) / c)``.
    """
    order = np.lexsort((day, ward))
    place = np.arange(len(order)) - np.searchsorted(ward[order], ward[order])
    waited = place * 7.0 / per_week[order]
    # A step between wards, longer than any rollout, keeps the running maximum inside each ward.
    apart = ward[order] * _APART
    served = np.maximum.accumulate(day[order] - waited + apart) - apart + waited
    made = np.empty_like(day)
    made[order] = np.floor(served + 1e-6).astype(np.int64)
    return made


def _with_jump(settings: Calibration, group: Ints, day: Ints, rng: np.random.Generator) -> Ints:
    """Part of the last phase is enrolled at a stroke, by loading a register."""
    switches = settings.switches
    jumps = (group == GROUPS.index("other")) & (rng.random(len(day)) < switches.jump_share)
    jumps &= day <= day_number(settings.period.look)
    return np.where(jumps, day_number(switches.jump_day) + rng.integers(0, _JUMP_DAYS, len(day)), day)


def _working_day(day: Ints, rng: np.random.Generator) -> Ints:
    """Out of the lunar new year into the four weeks after it, and from most Sundays to the Monday."""
    for first, last in TET:
        inside = (day >= day_number(first)) & (day <= day_number(last)) & (rng.random(len(day)) < 0.93)
        day = np.where(inside, day_number(last) + rng.integers(1, 28, len(day)), day)
    is_sunday = ((day + 3) % 7 == 6) & (rng.random(len(day)) < 0.8)
    return np.asarray(np.where(is_sunday, day + 1, day), dtype=np.int64)


def _grown(
    settings: Calibration, people: People, person: Ints, number: Ints, created: Ints, rng: np.random.Generator
) -> Records:
    """What became of each record by the end: verified, activated, edited, updated by a visit, closed."""
    count, end = len(person), day_number(settings.period.end)
    quality = settings.districts.completeness[people.district[person]]
    is_young = people.age[person] < CHILD_UNDER
    system = np.where(
        is_young & (rng.random(count) < 0.4), 3, _choose(rng, count, (0.34, 0.08, 0.14, 0.0, 0.19, 0.25))
    )
    maker = np.where(system >= 4, 2, np.where(rng.random(count) < 0.1, _choose(rng, count, (0.7, 0.3)), 3))

    def later(share: Floats | float, since: Ints, most: int) -> Ints:
        happens = (since < NEVER) & (rng.random(count) < share)
        wait = (rng.beta(1.0, 2.5, count) * most).astype(np.int64)
        return _by(np.where(happens, np.where(since < NEVER, since, 0) + wait, NEVER), end)

    verified = later(0.55 + 0.42 * quality, created, 150)
    by_age = np.interp(people.age[person], [15, 18, 40, 60, 85], [0.25, 0.62, 0.60, 0.38, 0.12])
    activated = later(by_age * (0.55 + 0.55 * quality), verified, 260)
    edited = later(0.42, activated, 200)
    visited = later(0.55 + 0.3 * quality, created, 800)
    gone = np.minimum(people.gone_day[person] + 30, NEVER)
    closed = np.where(rng.random(count) < 0.7, np.minimum(gone, NEVER), NEVER)
    mistaken = later(settings.enrolment.closed_share, created, 500)
    return Records(
        person, number, created, verified, activated, edited, visited, _by(np.minimum(closed, mistaken), end),
        system.astype(np.int64), maker.astype(np.int64),
    )  # fmt: skip


def _choose(rng: np.random.Generator, count: int, shares: tuple[float, ...]) -> Ints:
    return rng.choice(len(shares), count, p=shares).astype(np.int64)


def _by(day: Ints, end: int) -> Ints:
    """A day up to ``end``; later ones have not come."""
    return np.where(day <= end, day, NEVER)


def record_table(people: People, records: Records, as_of: int) -> pl.DataFrame:
    """The ``health_record`` extract as of a day."""
    steps = (records.verified_day, records.activated_day, records.edited_day, records.visited_day)
    updated = np.maximum.reduce([np.where(day <= as_of, day, records.created_day) for day in steps])
    frame = pl.DataFrame(
        {
            "record_id": refs("R", records.number),
            "person_ref": person_refs(people.number[records.person]),
            "created_at": times(records.created_day, 480 + records.number % 420),
            "created_by": words(CREATED_BY, records.created_by),
            "source_system": words(SYSTEMS, records.system),
            "identity_verified_at": times(_by(records.verified_day, as_of), 930),
            "activated_at": times(_by(records.activated_day, as_of), 1200),
            "citizen_edited_at": times(_by(records.edited_day, as_of), 1260),
            "last_updated_at": times(updated, 1290),
            "closed_at": times(_by(records.closed_day, as_of), 1300),
        }
    )
    return frame.filter(pl.Series(records.created_day <= as_of))


def section_table(
    settings: Calibration, people: People, records: Records, as_of: int, rng: np.random.Generator
) -> pl.DataFrame:
    """The ``record_section`` extract: sections that were asked for, with what was answered."""
    frames = []
    quality = settings.districts.completeness[people.district[records.person]]
    for place, (section, share) in enumerate(settings.sections.items()):
        count = len(records)
        filled = rng.random(count) < share * (0.35 + 0.65 * quality) / (0.35 + 0.65 * 0.7)
        if section == "epi_immunisation":
            filled &= people.age[records.person] < CHILD_UNDER + 1
        wait = (rng.beta(0.7, 2.2, count) * 320).astype(np.int64)
        completed = np.where(section == "administrative", records.created_day, records.created_day + wait)
        answer = rng.random(count)
        row = np.flatnonzero(filled & (completed <= as_of) & (records.created_day <= as_of))
        present, or_none = _ANSWERS.get(section, _ANSWER)
        state = np.searchsorted([present, or_none], answer[row], side="right").astype(np.int64)
        frames.append(
            pl.DataFrame(
                {
                    "record_id": refs("R", records.number[row]),
                    "section": constant(section, len(row)),
                    "completed_at": times(completed[row], 720 + place),
                    "value_state": words(("present", "explicit_none", "unknown"), state),
                }
            )
        )
    return pl.concat(frames)
