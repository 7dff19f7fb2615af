"""``hssk synthesize``: the order of the steps, and the files they become.

out/extracts/     one folder per table, one part per chunk of people, and manifest.toml (synthetic = true)
out/truth.parquet what is really so; never inside the extracts, readable by its owner only
out/synthetic.json  seed, size, calibration, rows and content fingerprint of every table, SHA-256 of the truth
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from warehouse.errors import EXIT_USAGE, UserError
from warehouse.synthetic import care, records, rollout
from warehouse.synthetic.calibration import Calibration, calibration
from warehouse.synthetic.columns import day_number
from warehouse.synthetic.people import draw_people, resident_table
from warehouse.synthetic.traits import draw_traits
from warehouse.synthetic.truth import truth_table

CHUNK = 200_000
FORMATS = ("parquet", "csv")
EXTRACTS, TRUTH, ABOUT = "extracts", "truth.parquet", "synthetic.json"
SMALLEST, LARGEST = 1_000, 14_000_000
Progress = Callable[[str, str], None]


@dataclass
class _Prints:
    """Rows and a running SHA-256 of the content of each table, in the order it is written."""

    rows: dict[str, int] = field(default_factory=dict)
    digests: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, frame: pl.DataFrame) -> None:
        self.rows[name] = self.rows.get(name, 0) + frame.height
        digest = self.digests.setdefault(name, hashlib.sha256())
        digest.update(frame.hash_rows(seed=3160).to_numpy().tobytes())


def synthesize(
    out: Path,
    *,
    population: int,
    seed: int,
    as_of: date | None = None,
    file_format: str = "parquet",
    progress: Progress = lambda stage, what: None,
) -> dict[str, int]:
    """Write the city into ``out`` and return the rows per table.

    Same seed and population, same city; with an earlier ``as_of`` it is the same city seen on that day. Runs in
    chunks of people, so memory does not grow with the city. Raises UserError when ``out`` holds anything, or a
    number is out of range.
    """
    settings = calibration()
    day = as_of or settings.end
    _check(out, population, day, settings)
    prints, digest = _Prints(), hashlib.sha256()
    out.mkdir(parents=True, exist_ok=True)
    (out / EXTRACTS).mkdir()
    writer: pq.ParquetWriter | None = None
    for part, first in enumerate(range(0, population, CHUNK)):
        progress("draw", f"residents from {first:,}")
        count = min(CHUNK, population - first)
        tables, truth = _chunk(settings, day, first, count, np.random.default_rng([seed, part]))
        for name, frame in tables:
            progress("write", name)
            prints.add(name, frame)
            _write(frame, out / EXTRACTS / name / f"part-{part:03d}.{file_format}")
        arrow = truth.to_arrow()
        writer = writer or pq.ParquetWriter(out / TRUTH, arrow.schema, compression="zstd")
        writer.write_table(arrow)
        digest.update(truth.hash_rows(seed=3160).to_numpy().tobytes())
    if writer:
        writer.close()
    (out / TRUTH).chmod(0o400)
    for name, frame in _plan_tables(settings, population, day):
        prints.add(name, frame)
        _write(frame, out / EXTRACTS / name / f"part-000.{file_format}")
    _describe(out, prints, digest.hexdigest(), population=population, seed=seed, as_of=day)
    return prints.rows


def _check(out: Path, population: int, day: date, settings: Calibration) -> None:
    if out.exists() and any(out.iterdir()):
        raise UserError(
            "the folder is not empty", file=str(out), action="Name a new one", exit_code=EXIT_USAGE
        )
    if not SMALLEST <= population <= LARGEST:
        raise UserError(
            "not a size this city can have",
            field="--population",
            value=str(population),
            expected=f"{SMALLEST} to {LARGEST}",
            exit_code=EXIT_USAGE,
        )
    if not settings.first_record < day <= settings.end:
        raise UserError(
            "outside the period of this city",
            field="--as-of",
            value=day.isoformat(),
            expected=f"after {settings.first_record}, up to {settings.end}",
            exit_code=EXIT_USAGE,
        )


def _chunk(
    settings: Calibration, day: date, first: int, count: int, rng: np.random.Generator
) -> tuple[Iterator[tuple[str, pl.DataFrame]], pl.DataFrame]:
    """The tables about ``count`` people, and their truth. What was drawn does not depend on the day it is seen."""
    as_of = day_number(day)
    people = draw_people(settings, rng, first, count)
    traits = draw_traits(settings, people, rng)
    made = records.draw_records(settings, people, traits, rng)
    visits = care.draw_visits(settings, people, traits, made, rng)
    streams = rng.spawn(8)

    def tables() -> Iterator[tuple[str, pl.DataFrame]]:
        yield "resident", resident_table(people, as_of, streams[0])
        yield "insurance_spell", care.insurance_table(settings, people, as_of, streams[1])
        yield "health_record", records.record_table(people, made, as_of)
        yield "record_section", records.section_table(settings, people, made, as_of, streams[2])
        yield "encounter", _until(care.encounter_table(people, visits), "started_at", day)
        measured = care.measurement_table(settings, people, traits, visits, streams[3])
        yield "measurement", _until(measured, "taken_at", day)
        yield (
            "condition",
            _until(care.condition_table(people, traits, visits, streams[4]), "recorded_at", day),
        )
        yield (
            "medication",
            _until(care.medication_table(people, traits, visits, streams[5]), "started_on", day),
        )
        yield "immunisation", care.immunisation_table(people, as_of, streams[6])

    return tables(), truth_table(people, traits, made)


def _until(frame: pl.DataFrame, column: str, day: date) -> pl.DataFrame:
    return frame.filter(pl.col(column).cast(pl.Date) <= day)


def _plan_tables(settings: Calibration, population: int, day: date) -> Iterator[tuple[str, pl.DataFrame]]:
    yield "population", rollout.population_table(settings, population)
    yield "target", rollout.target_table(settings, population)
    yield "activity", rollout.activity_table(settings, day)
    yield "budget", rollout.budget_table(settings, day)
    yield "facility", rollout.facility_table(day)


def _write(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".csv":
        frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S")
    else:
        frame.write_parquet(path)


def _describe(out: Path, prints: _Prints, truth: str, *, population: int, seed: int, as_of: date) -> None:
    version = calibration().version
    manifest = (
        f'name = "synthetic-city-{population}-seed-{seed}"\n'
        f"as_of = {as_of.isoformat()}\n"
        "synthetic = true\n"
        f'source = "hssk synthesize, {population} residents, seed {seed}, calibration {version}"\n'
    )
    (out / EXTRACTS / "manifest.toml").write_text(manifest, encoding="utf-8")
    about = {
        "population": population,
        "seed": seed,
        "as_of": as_of.isoformat(),
        "calibration": version,
        "tables": {
            name: {"rows": rows, "fingerprint": prints.digests[name].hexdigest()}
            for name, rows in prints.rows.items()
        },
        "truth": {"fingerprint": truth, "sha256": _sha256(out / TRUTH)},
    }
    (out / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
