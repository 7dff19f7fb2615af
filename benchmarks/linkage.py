"""Seconds, pairs and memory of linkage, and how right it is, on registers of people whose truth is known.

    python -m benchmarks.linkage [PEOPLE]                        default: 1,000,000 and the shares of a realistic city
    python -m benchmarks.linkage 10000000 --insurer 1 --hospital 1 --memory 6 --folder /scratch

Only the registers of residents, insurer and hospital are drawn, not the city. A share of the people stands in the
insurer's and in the hospital's register as well, each row with the errors of the scenario (the insurer's always has
the insurance code). Prints one JSON object, as the last line, after the stages as they come; never judges.
"""

from __future__ import annotations

import argparse
import json
import resource
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from warehouse import database
from warehouse.extract_files import read_folder
from warehouse.identity import load_keys
from warehouse.intake import LINKAGE, land_all, survey, take_in
from warehouse.linking import persons
from warehouse.linking.score import LinkageScore, score
from warehouse.settings import Settings
from warehouse.synthetic.calibration import calibration
from warehouse.synthetic.city import CHUNK
from warehouse.synthetic.columns import day_number
from warehouse.synthetic.defects import CHANGES, chance, spoil
from warehouse.synthetic.hospital import NUMBER, known_elsewhere, references
from warehouse.synthetic.log import Log
from warehouse.synthetic.people import draw_people
from warehouse.synthetic.register import in_register, resident_table
from warehouse.synthetic.residence import former_places
from warehouse.synthetic.scenario import SCENARIOS
from warehouse.synthetic.writer import REFERENCES

SEED = 1
#: How the references of each register begin, beside those of the residents.
LETTERS = {"insurer": "B", "hospital": "Q"}
#: What the insurer's rows have other than the hospital's: the code always, the new card since it serves as one.
INSURER = {"insurance_left_out": 0.0, "national_id_left_out": 0.5, "birth_year_only": 0.02}


@dataclass(frozen=True, kw_only=True)
class Registers:
    """What is drawn: how many people, and the share of them in each register beside the residents'."""

    people: int
    scenario: str = "realistic"
    shares: Mapping[str, float] = field(default_factory=lambda: {"insurer": 0.0, "hospital": 0.02})


@dataclass
class Stages:
    """Seconds of each stage, in the order they began; of the wall clock, and of the processors."""

    seconds: dict[str, float] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)
    _name: str = ""
    _since: tuple[float, float] = (0.0, 0.0)

    def begin(self, stage: str, what: str = "") -> None:
        """Another stage (as :func:`warehouse.linking.persons.link` tells them); the same one goes on."""
        name = f"{stage}: {what}" if stage == "link" else stage
        if name == self._name:
            return
        now = time.perf_counter(), time.process_time()
        if self._name:
            for total, end, start in zip((self.seconds, self.busy), now, self._since, strict=True):
                total[self._name] = total.get(self._name, 0.0) + end - start
            print(
                f"{self._name:32} {self.seconds[self._name]:9.1f} s, {self.busy[self._name]:9.1f} s busy, "
                f"peak {peak_gib():.2f} GiB",
                file=sys.stderr,
            )
        self._name, self._since = name, now


def peak_gib() -> float:
    """Peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def write_registers(asked: Registers, folder: Path) -> int:
    """Write the registers as extracts into ``folder/extracts``, their truth beside them; how many references."""
    extracts = folder / "extracts" / "resident"
    extracts.mkdir(parents=True)
    rows, file = 0, None
    for part, (sent, told) in enumerate(_drawn(asked)):
        sent.write_parquet(extracts / f"part-{part:03d}.parquet")
        table = told.to_arrow()
        file = file or pq.ParquetWriter(folder / REFERENCES, table.schema, compression="zstd")
        file.write_table(table.cast(file.schema))
        rows += sent.height
    if file:
        file.close()
    day = calibration(asked.scenario).period.look
    (folder / "extracts" / "manifest.toml").write_text(
        f'name = "registers-{asked.people}"\nas_of = {day.isoformat()}\n'
        'synthetic = true\nsource = "benchmarks.linkage"\n'
    )
    return rows


def _drawn(asked: Registers) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Rows of the registers and the truth of their references, a chunk of people each."""
    settings = calibration(asked.scenario)
    as_of, switches = day_number(settings.period.look), settings.switches
    for part, first in enumerate(range(0, asked.people, CHUNK)):
        rng = np.random.default_rng([SEED, part])
        people = draw_people(settings, rng, first, min(CHUNK, asked.people - first))
        residents = resident_table(people, as_of, switches.restated_share, rng)
        known = pl.Series(in_register(people, as_of))
        beside = former_places(people, as_of).with_columns(pl.Series(NUMBER, people.number)).filter(known)
        rows = pl.concat([residents, beside], how="horizontal")
        kinds = [residents.with_columns(pl.lit("").alias(CHANGES))]
        for source, share in asked.shares.items():
            there = pl.Series(chance(rows[NUMBER].to_numpy(), source, SEED) < share)
            if source == "insurer":
                there &= rows["insurance_no"].is_not_null()
            rates = {**switches.hospital, **(INSURER if source == "insurer" else {})}
            kinds.append(
                known_elsewhere(rows.filter(there), rates, SEED, source=source, letter=LETTERS[source])
            )
        sent = spoil("resident", pl.concat(kinds), switches.defects, SEED, Log())
        yield sent.drop(CHANGES), references(sent)


def link(settings: Settings, folder: Path, stages: Stages) -> tuple[persons.Linked, LinkageScore]:
    """Land the registers of ``folder`` in a new home, link them, and judge them by their truth."""
    keys, now = load_keys(settings), datetime.now(UTC)
    settings.home.mkdir(parents=True)
    store = settings.home / LINKAGE
    with database.open_warehouse(settings) as people:
        stages.begin("land")
        plan = survey(people, read_folder(folder / "extracts").files, lambda *_: None)
        landed, refused = land_all(people, settings, plan, keys, store=store, progress=lambda *_: None)
        take_in(people, settings, plan, keys, landed, refused, now=now, accept=None)
        found = persons.link(people, settings, keys, folder=store, now=now, progress=stages.begin)
        if found is None:
            raise RuntimeError("a new home has nothing linked")
        stages.begin("score")
        judged = score(people, keys, folder / REFERENCES)
        stages.begin("end")
    return found, judged


def measure(asked: Registers, folder: Path, memory_gib: float = 4.0) -> dict[str, Any]:
    """Draw, land, link, judge in ``folder``, which is scratch; figures by name."""
    stages = Stages()
    stages.begin("draw")
    references_sent = write_registers(asked, folder)
    names = ("pseudonym_key", "record_key", "linkage_key")
    keys = {name: secrets.token_hex(32) for name in names}
    settings = Settings(home=folder / "home", linkage="full", memory_limit_gib=memory_gib, **keys)  # type: ignore[arg-type]
    found, judged = link(settings, folder, stages)
    linking, busy = (
        sum(seconds for name, seconds in taken.items() if name.startswith("link"))
        for taken in (stages.seconds, stages.busy)
    )
    everybody = judged.groups.filter(pl.col("dimension") == "all").row(0, named=True)
    return {
        "people": asked.people,
        "references": references_sent,
        "persons": found.persons,
        "seconds": {name: round(seconds, 1) for name, seconds in stages.seconds.items()},
        "link_seconds": round(linking, 1),
        "link_busy_seconds": round(busy, 1),
        "pairs_compared": found.pairs,
        "seconds_per_million_pairs": round(linking / max(found.pairs, 1) * 1e6, 2),
        "peak_gib": round(peak_gib(), 2),
        **{
            name: everybody[name]
            for name in ("true_pairs", "found_pairs", "right_pairs", "precision", "recall", "f")
        },
        "groups": judged.groups.to_dicts(),
        "changes": judged.changes.to_dicts(),
        "curve": judged.curve.to_dicts(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("people", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--scenario", choices=SCENARIOS, default="realistic")
    parser.add_argument(
        "--insurer", type=float, default=0.0, help="share of the insured in the insurer's register"
    )
    parser.add_argument(
        "--hospital", type=float, default=0.02, help="share of the people in the hospital's register"
    )
    parser.add_argument(
        "--memory", type=float, default=4.0, help="GiB DuckDB may use before it spills to disk"
    )
    parser.add_argument("--folder", type=Path, help="scratch folder; default the system's")
    told = parser.parse_args()
    asked = Registers(
        people=told.people,
        scenario=told.scenario,
        shares={"insurer": told.insurer, "hospital": told.hospital},
    )
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        print(json.dumps(measure(asked, Path(folder), told.memory)))


if __name__ == "__main__":
    main()
