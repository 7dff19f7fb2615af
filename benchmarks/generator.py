"""Write an extract folder of simple random residents.

    python -m benchmarks.generator --people 100000 --seed 1 --out DIR [--format parquet|csv]

Same seed and size, same rows. Runs in chunks of people, so memory does not grow with the city. The folder holds one
sub-folder per table of the extract contracts, one part per chunk, and a ``manifest.toml`` that says synthetic.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import care
from benchmarks.people import AS_OF, draw_people, resident_table

CHUNK = 200_000
FORMATS = ("parquet", "csv")


def generate(out: Path, *, people: int, seed: int, file_format: str = "parquet") -> dict[str, int]:
    """Write the folder and return the rows per table. ``out`` must not hold anything yet.

    Raises FileExistsError when it does: extracts of two runs in one folder would be loaded as one city.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty")
    rows: dict[str, int] = {}
    for part, first in enumerate(range(0, people, CHUNK)):
        rng = np.random.default_rng([seed, part])
        for name, frame in _tables(rng, first, min(CHUNK, people - first)).items():
            _write(frame, out / name / f"part-{part:03d}.{file_format}")
            rows[name] = rows.get(name, 0) + frame.height
    _write_manifest(out, people=people, seed=seed)
    return rows


def _tables(rng: np.random.Generator, first: int, count: int) -> dict[str, pl.DataFrame]:
    people = draw_people(rng, first, count)
    visits = care.draw_visits(people, rng)
    return {
        "resident": resident_table(people, rng),
        "insurance_spell": care.insurance_table(people, rng),
        "health_record": care.record_table(people, rng),
        "record_section": care.section_table(people, rng),
        "encounter": care.encounter_table(people, visits),
        "measurement": care.measurement_table(people, visits, rng),
        "condition": care.condition_table(people, visits, rng),
        "medication": care.medication_table(people, visits, rng),
        "immunisation": care.immunisation_table(people),
    }


def _write(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S")
    else:
        frame.write_parquet(path)


def _write_manifest(out: Path, *, people: int, seed: int) -> None:
    text = (
        f'name = "simple-residents-{people}-seed-{seed}"\n'
        f"as_of = {AS_OF.isoformat()}\n"
        "synthetic = true\n"
        f'source = "benchmarks.generator, {people} simple random residents, seed {seed}"\n'
    )
    (out / "manifest.toml").write_text(text, encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write an extract folder of simple random residents.")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--format", choices=FORMATS, default="parquet", dest="file_format")
    options = parser.parse_args()
    rows = generate(options.out, people=options.people, seed=options.seed, file_format=options.file_format)
    for name, count in rows.items():
        print(f"  {name:16} {count:>12,} rows")


if __name__ == "__main__":
    main()
