"""``hssk synthesize``: what is drawn, in which order, and written where (:mod:`warehouse.synthetic.writer`).

Every chunk of people has a random stream of its own, so memory does not grow with the city; every table of a chunk
has one of its own, so what is drawn does not depend on the day the city is looked at.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from warehouse.errors import EXIT_USAGE, UserError
from warehouse.synthetic import care, cover, population, readings, records, rollout, survey
from warehouse.synthetic.calibration import Calibration, calibration, calibration_text, district_rows
from warehouse.synthetic.columns import NEVER, Bools, day_number, quarter_number, quarter_start
from warehouse.synthetic.defects import CHANGES, spoil
from warehouse.synthetic.hospital import NUMBER, known_elsewhere, references
from warehouse.synthetic.illnesses import Struck, draw_illnesses
from warehouse.synthetic.log import Log
from warehouse.synthetic.people import People, draw_people
from warehouse.synthetic.processes import Courses, draw_courses
from warehouse.synthetic.register import in_register, resident_table
from warehouse.synthetic.residence import former_places
from warehouse.synthetic.scenario import DEFAULT, SCENARIOS, Switches
from warehouse.synthetic.sending import Named, Sending, Shares
from warehouse.synthetic.traits import draw_traits
from warehouse.synthetic.truth import COUNTS_KEY, truth_counts, truth_table
from warehouse.synthetic.writer import ABOUT, EXTRACTS, TRUTH, Description, Writer

__all__ = ["ABOUT", "DEFAULT", "EXTRACTS", "FORMATS", "SCENARIOS", "TRUTH", "synthesize"]

#: Part of the description of a city: raised whenever the same seed gives another one.
GENERATOR = "3.2.0"
CHUNK = 200_000
#: Days after which the numbers of a quarter are published.
_CLOSES_AFTER = 45
FORMATS = ("parquet", "csv")
SMALLEST, LARGEST = 1_000, 14_000_000
Progress = Callable[[str, str], None]


@dataclass(frozen=True)
class _Drawn:
    """Everything that was drawn about one chunk of people, and the streams its tables still draw from."""

    people: People
    courses: Courses
    struck: Struck
    records: records.Records
    visits: care.Visits
    apart: Bools
    surveyed: survey.Surveyed
    streams: list[np.random.Generator]
    log: Log


def synthesize(
    out: Path,
    *,
    population: int,
    seed: int,
    scenario: str = DEFAULT,
    as_of: date | None = None,
    file_format: str = "parquet",
    examine_all: bool = False,
    fhir_share: float = 0.0,
    xml_share: float = 0.0,
    progress: Progress = lambda stage, what: None,
) -> dict[str, int]:
    """Write the city into ``out`` and return the rows per table.

    ``fhir_share``: of the facilities whose own rows come as FHIR resources instead of tables; ``xml_share``: of those
    whose visits come as health XML where it can tell them. The city is the same.
    ``examine_all``: also a reference examination of everybody, on the first day of the newest quarter that is published
    of ``as_of``, in a folder beside the extracts.

    Same seed, population and scenario, same city; with another ``as_of`` it is the same city seen on that day.
    Raises UserError when ``out`` holds anything, a number is out of range, or there is no such scenario.
    """
    settings = calibration(scenario)
    day = as_of or settings.period.look
    _check(settings, out, population, seed, day, file_format)
    shares = Shares(fhir=fhir_share, xml=xml_share)
    counts = pl.DataFrame()
    surveyed: list[survey.Surveyed] = []
    with Writer(out, _description(settings, population, seed, day, shares), file_format) as writer:
        for part, first in enumerate(range(0, population, CHUNK)):
            progress("draw", f"residents from {first:,}")
            rng = np.random.default_rng([seed, part])
            drawn = _draw(settings, first, min(CHUNK, population - first), population, rng)
            surveyed.append(drawn.surveyed)
            sending = Sending(shares, seed, day, part, writer)
            for name, frame in sending.tables(_spoilt(settings, drawn, day, seed, writer)):
                progress("write", f"{name} of residents from {first:,}")
                writer.table(name, part, frame)
            if examine_all:
                writer.check("reference_examination", part, _examined(drawn, day))
            writer.defects(drawn.log.table())
            # Summed as they come: of the whole city they would be millions of rows a chunk.
            counts = pl.concat([counts, _write_truth(settings, drawn, writer)], how="diagonal")
            counts = counts.group_by(COUNTS_KEY).sum()
        writer.truth_counts(counts.sort(COUNTS_KEY))
        for name, frame in _plan_tables(settings, population, day):
            writer.table(name, 0, frame)
        writer.table("survey", 0, survey.survey_table(settings, surveyed, day_number(day)))
        return writer.rows


def _spoilt(settings: Calibration, drawn: _Drawn, day: date, seed: int, writer: Writer) -> Named:
    """The tables as senders have them, with their defects."""
    for name, frame in _tables(settings, drawn, day, seed):
        sent = spoil(name, frame, settings.switches.defects, seed, drawn.log)
        if name == "resident":
            writer.references(references(sent))
            sent = sent.drop(CHANGES)
        yield name, sent


def _examined(drawn: _Drawn, day: date) -> pl.DataFrame:
    """The reference examination of everybody."""
    return survey.examine_everybody(drawn.courses, drawn.people, _newest_quarter(day), drawn.streams[-2])


def _write_truth(settings: Calibration, drawn: _Drawn, writer: Writer) -> pl.DataFrame:
    """The truth of a chunk, written; its counts."""
    truth = truth_table(
        settings, drawn.people, drawn.courses, drawn.struck, drawn.records, drawn.apart, drawn.streams[-1]
    )
    writer.truth(truth)
    return truth_counts(truth, settings.period.first_record, settings.period.end)


def _check(settings: Calibration, out: Path, population: int, seed: int, day: date, file_format: str) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(
            "not an empty folder",
            field="--out",
            value=str(out),
            action="Name a new one",
            exit_code=EXIT_USAGE,
        )
    period = settings.period
    for field, value, is_right, expected in (
        ("--population", population, SMALLEST <= population <= LARGEST, f"{SMALLEST} to {LARGEST}"),
        ("--seed", seed, seed >= 0, "0 or more"),
        (
            "--as-of",
            day,
            period.first_record < day <= period.end,
            f"after {period.first_record}, up to {period.end}",
        ),
        ("--format", file_format, file_format in FORMATS, " or ".join(FORMATS)),
    ):
        if not is_right:
            raise UserError(
                "not a city that can be drawn",
                field=field,
                value=str(value),
                expected=expected,
                exit_code=EXIT_USAGE,
            )


def _description(settings: Calibration, population: int, seed: int, day: date, shares: Shares) -> Description:
    numbers = json.loads(json.dumps(tomllib.loads(calibration_text()), default=str))
    return Description(
        population=population,
        seed=seed,
        as_of=day,
        generator=GENERATOR,
        calibration=settings.version,
        scenario=settings.scenario,
        shares=asdict(shares),
        settings={**numbers, "districts": district_rows(), "switches": _plain(settings.switches)},
    )


def _plain(switches: Switches) -> dict[str, Any]:
    """Switches as JSON knows them."""
    return dict(json.loads(json.dumps(asdict(switches), default=str)))


def _draw(settings: Calibration, first: int, count: int, population: int, rng: np.random.Generator) -> _Drawn:
    people = draw_people(settings, rng, first, count)
    courses = draw_courses(settings, people, draw_traits(settings, people, rng), rng)
    struck = draw_illnesses(people, courses, rng)
    made = records.draw_records(settings, people, courses, rng)
    apart = care.draw_apart(settings, people, courses, made.first_day(count) < NEVER, rng)
    visits = care.draw_visits(settings, people, courses, apart, made, rng)
    *streams, own = rng.spawn(12)
    surveyed = survey.draw_survey(settings, people, courses, population, own)
    return _Drawn(people, courses, struck, made, visits, apart, surveyed, streams, Log())


def _tables(settings: Calibration, drawn: _Drawn, day: date, seed: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """The tables about people as they stood at the end of ``day``: who was known by then, what had happened."""
    people, courses, made, visits = drawn.people, drawn.courses, drawn.records, drawn.visits
    as_of, streams = day_number(day), iter(drawn.streams)
    yield "resident", _registers(settings, drawn, as_of, seed, next(streams))
    yield "insurance_spell", cover.insurance_table(settings, people, as_of, next(streams))
    yield "health_record", records.record_table(people, made, as_of)
    yield "record_section", records.section_table(settings, people, made, as_of, next(streams))
    late = care.late_refs(settings, visits, as_of)

    def arrived(frame: pl.DataFrame, column: str, visit: str = "encounter_ref") -> pl.DataFrame:
        """Rows that had happened by the day, less those of visits that had not been sent."""
        happened = frame.filter(pl.col(column).cast(pl.Date) <= day)
        is_late = pl.col(visit).is_in(late.implode()).fill_null(value=False)
        return happened.filter(~is_late) if len(late) else happened

    encounters = care.encounter_table(settings, people, visits, next(streams))
    over = pl.when(pl.col("ended_at").cast(pl.Date) <= day).then(pl.col("ended_at"))
    yield "encounter", arrived(encounters, "started_at", "encounter_id").with_columns(over.alias("ended_at"))
    measured = readings.measurement_table(settings, people, courses, made, visits, drawn.log, next(streams))
    measured = arrived(measured, "taken_at")
    drawn.log.only("measurement", measured["measurement_id"])
    yield "measurement", measured
    named = care.condition_table(people, courses, drawn.struck, made, visits, next(streams))
    yield "condition", arrived(named, "recorded_at")
    supplied = care.medication_table(settings, people, courses, drawn.struck, visits, next(streams))
    yield "medication", arrived(supplied, "started_on")
    yield "immunisation", cover.immunisation_table(people, as_of, next(streams))
    yield "reference_examination", survey.reference_table(drawn.surveyed, as_of)


def _registers(
    settings: Calibration, drawn: _Drawn, as_of: int, seed: int, rng: np.random.Generator
) -> pl.DataFrame:
    """The register of residents, and of those whom a hospital knows under its own reference the hospital's row."""
    people, switches = drawn.people, settings.switches
    everybody = resident_table(people, as_of, switches.restated_share, rng)
    known = pl.Series(in_register(people, as_of))
    beside = former_places(people, as_of).with_columns(pl.Series(NUMBER, people.number)).filter(known)
    apart = pl.concat([everybody, beside], how="horizontal").filter(pl.Series(drawn.apart).filter(known))
    of_hospitals = known_elsewhere(apart, switches.hospital, seed, source="hospital", letter="Q")
    return pl.concat([everybody.with_columns(pl.lit("").alias(CHANGES)), of_hospitals])


def _newest_quarter(day: date) -> int:
    """First day of the newest quarter that ended at least 45 days before."""
    return day_number(quarter_start(quarter_number(day - timedelta(days=_CLOSES_AFTER)) - 1))


def _plan_tables(settings: Calibration, people: int, day: date) -> Iterator[tuple[str, pl.DataFrame]]:
    """The tables about the plan and the place."""
    yield "population", population.population_table(settings, people)
    yield "target", rollout.target_table(settings, people)
    yield "activity", rollout.activity_table(settings, people, day)
    yield "budget", rollout.budget_table(settings, day)
    yield "facility", rollout.facility_table(day)
