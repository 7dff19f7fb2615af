"""What happened to simple random residents: records, visits, readings, diagnoses, prescriptions, doses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.people import AS_OF, People, day_number, person_refs

FIRST_VISIT_DAY = date(2023, 1, 1)
_DAY_MICROSECONDS = 86_400_000_000
_SYSTEMS = ("bhxh", "pc_covid", "sskdt", "his", "exam")
#: Share of records in which a mandatory section is filled. Children's vaccinations are drawn for children only.
_SECTIONS = {
    "administrative": 0.95,
    "covid_immunisation": 0.80,
    "history_allergy": 0.55,
    "anthropometry": 0.60,
    "blood_group": 0.35,
    "underlying_conditions": 0.65,
}
_EPI_AGE = 15
_ANTIGENS = ("bcg", "dpt_vgb_hib", "measles")


@dataclass(frozen=True)
class Visits:
    """``V`` visits as columns: the row of the person in the chunk, when, and the running number of the visit."""

    person: NDArray[np.int64]
    day: NDArray[np.int64]
    number: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.person)

    def timestamp(self, minutes: NDArray[np.int64] | int = 0) -> pl.Series:
        """Half past seven to eleven in the morning, spread by visit, plus ``minutes``."""
        minute = 450 + self.number * 37 % 210 + minutes
        return timestamps(self.day, minute)


def timestamps(day: NDArray[np.int64], minute: NDArray[np.int64] | int) -> pl.Series:
    """Days and minutes of the day as naive local time."""
    return pl.Series(day * _DAY_MICROSECONDS + np.asarray(minute) * 60_000_000).cast(pl.Datetime("us"))


def draw_visits(people: People, rng: np.random.Generator) -> Visits:
    """Up to six visits of each record holder in the two years before the extract date; the ill come more often."""
    mean = 0.9 + 1.6 * people.is_hypertensive + 0.8 * people.is_diabetic
    count = np.where(people.record_day >= 0, np.minimum(rng.poisson(mean), 6), 0)
    person = np.repeat(np.arange(len(people)), count)
    first = np.maximum(day_number(FIRST_VISIT_DAY), people.birth_day[person])
    last = day_number(AS_OF)
    day = first + (rng.random(len(person)) * (last - first)).astype(np.int64)
    order = np.lexsort((day, person))
    number = people.first * 6 + np.arange(len(person), dtype=np.int64)
    return Visits(person[order], day[order], number)


def record_table(people: People, rng: np.random.Generator) -> pl.DataFrame:
    """The ``health_record`` extract."""
    row = np.flatnonzero(people.record_day >= 0)
    created, count, last = people.record_day[row], len(row), day_number(AS_OF)
    verified = np.where(rng.random(count) < 0.7, np.minimum(created + rng.integers(0, 60, count), last), -1)
    activated = np.where((verified >= 0) & (rng.random(count) < 0.5), verified, -1)
    edited = np.where((activated >= 0) & (rng.random(count) < 0.3), activated, -1)
    updated = created + (rng.random(count) * (last - created)).astype(np.int64)
    closed = np.where(rng.random(count) < 0.01, updated, -1)
    return pl.DataFrame(
        {
            "record_id": _record_ids(people, row),
            "person_ref": person_refs(people.first + row),
            "created_at": timestamps(created, 480),
            "created_by": pl.Series(("initialised", "facility", "self")).gather(rng.integers(0, 3, count)),
            "source_system": pl.Series(_SYSTEMS).gather(rng.integers(0, len(_SYSTEMS), count)),
            "identity_verified_at": _optional_timestamps(verified),
            "activated_at": _optional_timestamps(activated),
            "citizen_edited_at": _optional_timestamps(edited),
            "last_updated_at": timestamps(updated, 600),
            "closed_at": _optional_timestamps(closed),
        }
    )


def section_table(people: People, rng: np.random.Generator) -> pl.DataFrame:
    """The ``record_section`` extract: one row per record and section that is filled."""
    row = np.flatnonzero(people.record_day >= 0)
    children = row[people.age[row] < _EPI_AGE]
    parts = [("epi_immunisation", children[rng.random(len(children)) < 0.75])]
    parts += [(section, row[rng.random(len(row)) < share]) for section, share in _SECTIONS.items()]
    last = day_number(AS_OF)
    frames = []
    for section, filled in parts:
        created = people.record_day[filled]
        completed = created + (rng.random(len(filled)) * np.minimum(last - created, 120)).astype(np.int64)
        frames.append(
            pl.DataFrame(
                {
                    "record_id": _record_ids(people, filled),
                    "section": pl.repeat(section, len(filled), eager=True),
                    "completed_at": timestamps(completed, 720),
                    "value_state": pl.repeat("present", len(filled), eager=True),
                }
            )
        )
    return pl.concat(frames)


def measurement_table(people: People, visits: Visits, rng: np.random.Generator) -> pl.DataFrame:
    """The ``measurement`` extract: two or three blood-pressure readings a visit, weight, height, some HbA1c."""
    everyone = np.arange(len(visits))
    parts = _blood_pressures(people, visits, rng)
    height = _heights(people)[visits.person]
    mass_index = 21.5 + 0.03 * people.age[visits.person] + rng.normal(0, 3.2, len(visits))
    weight = np.clip(mass_index, 13, 60) * (height / 100) ** 2
    is_first = np.concatenate([[True], visits.person[1:] != visits.person[:-1]])[: len(visits)]
    tested = everyone[(people.age[visits.person] >= 18) & (rng.random(len(visits)) < 0.25)]
    hba1c = 5.0 + 0.008 * people.age + 2.3 * people.is_diabetic
    parts += [
        _readings(people, visits, everyone[is_first], "8302-2", "cm", height[is_first], step=8),
        _readings(people, visits, everyone, "29463-7", "kg", weight, step=9),
        _readings(
            people,
            visits,
            tested,
            "4548-4",
            "%",
            hba1c[visits.person[tested]] + rng.normal(0, 0.45, len(tested)),
            step=10,
        ),
    ]
    return pl.concat(parts)


def condition_table(people: People, visits: Visits, rng: np.random.Generator) -> pl.DataFrame:
    """The ``condition`` extract: a visit of a person with the disease names it more often than not."""
    frames = [
        _diagnoses(people, visits, np.flatnonzero(people.is_hypertensive[visits.person]), "I10", 1, rng),
        _diagnoses(people, visits, np.flatnonzero(people.is_diabetic[visits.person]), "E11.9", 2, rng),
    ]
    return pl.concat(frames)


def medication_table(people: People, visits: Visits, rng: np.random.Generator) -> pl.DataFrame:
    """The ``medication`` extract: supplies of 30 to 90 days for part of the people with a disease."""
    frames = []
    for kind, is_ill, drugs in (
        (1, people.is_hypertensive, (("C09AA05", "Ramipril 5mg"), ("C08CA01", "Amlodipin 5mg"))),
        (2, people.is_diabetic, (("A10BA02", "Metformin 500mg"), ("A10BB09", "Gliclazid 30mg"))),
    ):
        row = np.flatnonzero(is_ill[visits.person])
        row = row[rng.random(len(row)) < 0.5]
        drug = rng.integers(0, 2, len(row))
        frames.append(
            pl.DataFrame(
                {
                    "medication_id": _ids("D", visits.number[row], 3, kind),
                    "person_ref": person_refs(people.first + visits.person[row]),
                    "encounter_ref": _visit_ids(visits.number[row]),
                    "atc": pl.Series([code for code, _ in drugs]).gather(drug),
                    "name_as_written": pl.Series([name for _, name in drugs]).gather(drug),
                    "started_on": _dates(visits.day[row]),
                    "days_supplied": pl.Series((30, 60, 90)).gather(rng.integers(0, 3, len(row))),
                    "origin": pl.repeat("claim", len(row), eager=True),
                }
            )
        )
    return pl.concat(frames)


def encounter_table(people: People, visits: Visits) -> pl.DataFrame:
    """The ``encounter`` extract."""
    return pl.DataFrame(
        {
            "encounter_id": _visit_ids(visits.number),
            "person_ref": person_refs(people.first + visits.person),
            "facility_ref": "F" + pl.Series(visits.number % 310).cast(pl.String),
            "class": pl.repeat("outpatient", len(visits), eager=True),
            "started_at": visits.timestamp(),
            "ended_at": visits.timestamp(40),
        }
    )


def insurance_table(people: People, rng: np.random.Generator) -> pl.DataFrame:
    """The ``insurance_spell`` extract: one spell without an end for 92 % of the people."""
    row = np.flatnonzero(rng.random(len(people)) < 0.92)
    start = np.maximum(people.birth_day[row], day_number(date(2021, 1, 1)))
    empty = pl.repeat(None, len(row), dtype=pl.Date, eager=True)
    return pl.DataFrame(
        {"person_ref": person_refs(people.first + row), "from_date": _dates(start), "to_date": empty}
    )


def immunisation_table(people: People) -> pl.DataFrame:
    """The ``immunisation`` extract: one dose of each of three antigens for children under six with a record."""
    row = np.flatnonzero((people.record_day >= 0) & (people.age < 6))
    frames = [
        pl.DataFrame(
            {
                "immunisation_id": _ids("V", people.first + row, len(_ANTIGENS), index),
                "person_ref": person_refs(people.first + row),
                "vaccine": pl.repeat(antigen, len(row), eager=True),
                "dose_number": pl.repeat(1, len(row), dtype=pl.Int64, eager=True),
                "given_on": _dates(np.minimum(people.birth_day[row] + 60 * index, day_number(AS_OF))),
            }
        )
        for index, antigen in enumerate(_ANTIGENS)
    ]
    return pl.concat(frames)


def _blood_pressures(people: People, visits: Visits, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Readings around a usual pressure per person: 8 mmHg from visit to visit, 5 within a visit."""
    row = np.flatnonzero(people.age[visits.person] >= 18)
    usual = (
        108
        + 0.25 * people.age
        - 3 * people.is_female
        + 24 * people.is_hypertensive
        + rng.normal(0, 7, len(people))
    )
    at_visit = usual[visits.person[row]] + rng.normal(0, 8, len(row))
    has_third = rng.random(len(row)) < 0.5
    parts = []
    for reading in range(3):
        taken = row if reading < 2 else row[has_third]
        level = at_visit if reading < 2 else at_visit[has_third]
        systolic = np.clip(
            np.round(level + (4 if reading == 0 else 0) + rng.normal(0, 5, len(taken))), 80, 240
        )
        diastolic = np.minimum(
            np.clip(np.round(30 + 0.4 * systolic + rng.normal(0, 5, len(taken))), 40, 140), systolic - 10
        )
        for offset, code, value in ((0, "8480-6", systolic), (1, "8462-4", diastolic)):
            parts.append(
                _readings(
                    people,
                    visits,
                    taken,
                    code,
                    "mm[Hg]",
                    value,
                    step=2 * reading + offset,
                    reading=reading + 1,
                )
            )
    return parts


def _readings(
    people: People,
    visits: Visits,
    row: NDArray[np.int64],
    code: str,
    unit: str,
    value: NDArray[np.float64],
    *,
    step: int,
    reading: int | None = None,
) -> pl.DataFrame:
    """Rows of ``measurement`` for the visits ``row``; ``step`` (0..15) tells the results of one visit apart."""
    number = visits.number[row]
    minutes = 0 if reading is None else 2 * reading
    panel = None if reading is None else _ids("B", number, 3, reading - 1)
    return pl.DataFrame(
        {
            "measurement_id": _ids("M", number, 16, step),
            "person_ref": person_refs(people.first + visits.person[row]),
            "encounter_ref": _visit_ids(number),
            "panel_ref": pl.repeat(None, len(row), dtype=pl.String, eager=True) if panel is None else panel,
            "reading_number": pl.repeat(reading, len(row), dtype=pl.Int64, eager=True),
            "code": pl.repeat(code, len(row), eager=True),
            "value": pl.Series(np.round(value, 1)),
            "unit": pl.repeat(unit, len(row), eager=True),
            "taken_at": Visits(visits.person[row], visits.day[row], number).timestamp(minutes),
            "origin": pl.Series(("clinic", "exam")).gather(number % 2),
        }
    )


def _diagnoses(
    people: People, visits: Visits, row: NDArray[np.int64], icd10: str, kind: int, rng: np.random.Generator
) -> pl.DataFrame:
    row = row[rng.random(len(row)) < 0.6]
    return pl.DataFrame(
        {
            "condition_id": _ids("C", visits.number[row], 3, kind),
            "person_ref": person_refs(people.first + visits.person[row]),
            "encounter_ref": _visit_ids(visits.number[row]),
            "icd10": pl.repeat(icd10, len(row), eager=True),
            "recorded_at": Visits(visits.person[row], visits.day[row], visits.number[row]).timestamp(20),
            "recorded_by": pl.repeat("facility", len(row), eager=True),
            "origin": pl.repeat("claim", len(row), eager=True),
            "status": pl.repeat("active", len(row), eager=True),
        }
    )


def _heights(people: People) -> NDArray[np.float64]:
    """Centimetres, fixed per person: growth is a straight line to 18, the spread comes from the person's number."""
    adult = np.where(people.is_female, 155.0, 166.0) + (people.first + np.arange(len(people))) % 23 - 11
    return np.asarray(np.round(adult * np.minimum(1.0, 0.42 + 0.0323 * people.age), 1), dtype=np.float64)


def _ids(letter: str, number: NDArray[np.int64], times: int, offset: int) -> pl.Series:
    """References that no two rows share: ``times`` numbers per visit or person, this row's being ``offset``."""
    return letter + pl.Series(number * times + offset).cast(pl.String)


def _visit_ids(number: NDArray[np.int64]) -> pl.Series:
    return _ids("E", number, 1, 0)


def _record_ids(people: People, row: NDArray[np.int64]) -> pl.Series:
    return _ids("R", people.first + row, 1, 0)


def _dates(day: NDArray[np.int64]) -> pl.Series:
    return pl.Series(day).cast(pl.Int32).cast(pl.Date)


def _optional_timestamps(day: NDArray[np.int64]) -> pl.Series:
    """Half past eight on the day; nothing where the day is negative."""
    frame = timestamps(day, 510).to_frame("at")
    return frame.select(pl.when(pl.Series(day) >= 0).then(pl.col("at"))).to_series()
