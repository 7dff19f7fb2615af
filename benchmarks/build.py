"""Seconds, peak memory and sizes of ``hssk build``, beside the time DuckDB needs to copy the same files.

    python -m benchmarks.build [PEOPLE ...]        default: 200000 2000000; the whole city is 9300000

Of each size the three starting conditions, then all; then the questions behind the pages are asked of the marts. The
copy (``CREATE TABLE AS SELECT *`` of every extract into one file) is the physical floor on this machine, so the ratio
can be compared between machines and the seconds cannot. Writes ``benchmarks/report/build.json`` and ``build.md``;
never judges.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb
import psutil

from benchmarks.questions import Questions, ask
from warehouse.build import build
from warehouse.rules import load_rules
from warehouse.settings import load_settings
from warehouse.synthetic.city import EXTRACTS, synthesize

SIZES = (200_000, 2_000_000)
STARTING = "hypertension,diabetes,bmi"
REPORT = Path(__file__).resolve().parent / "report"
ROOT = REPORT.parents[1]
SAMPLE_SECONDS = 0.1
_KEYS = ("HSSK_PSEUDONYM_KEY", "HSSK_RECORD_KEY", "HSSK_LINKAGE_KEY")
_LIBRARIES = ("duckdb", "polars", "pyarrow", "numpy")


@dataclass(frozen=True)
class Measurement:
    """One build. Seconds are wall time; memory is the peak of the process and its children, in GiB; sizes in MB."""

    people: int
    conditions: str
    rows: int
    extract_megabytes: float
    copy_seconds: float
    build_seconds: float
    build_peak_gib: float
    store_megabytes: float
    marts_megabytes: float
    frozen_megabytes: float
    questions: Questions

    @property
    def ratio(self) -> float:
        """How many times the copy the build took."""
        return self.build_seconds / self.copy_seconds


def measure(people: int, folder: Path) -> Iterator[Measurement]:
    """Generate, copy, build twice, copy again; ``folder`` is scratch. The faster copy counts: it is meant as a floor.

    Raises CalledProcessError when a build fails.
    """
    extracts = folder / "city" / EXTRACTS
    rows = synthesize(folder / "city", population=people, seed=1)
    before = _copy(extracts, folder / "copy.duckdb")
    built = []
    for conditions in (STARTING, ""):
        shutil.rmtree(folder / "home", ignore_errors=True)
        seconds, peak = _build(extracts, folder / "home", conditions)
        built.append((conditions, seconds, peak, _sizes(folder / "home"), ask(folder / "home")))
    after = _copy(extracts, folder / "copy.duckdb")
    for conditions, seconds, peak, sizes, questions in built:
        yield Measurement(
            people=people,
            conditions=conditions or "all",
            rows=sum(rows.values()),
            extract_megabytes=_megabytes(extracts.rglob("*.parquet")),
            copy_seconds=min(before, after),
            build_seconds=seconds,
            build_peak_gib=peak / 2**30,
            questions=questions,
            **sizes,
        )


def _sizes(home: Path) -> dict[str, float]:
    names = {"marts_megabytes": "marts.duckdb", "frozen_megabytes": "frozen.duckdb"}
    found = {key: _megabytes(home.glob(f"builds/*/{name}")) for key, name in names.items()}
    return {"store_megabytes": _megabytes([home / "warehouse.duckdb"]), **found}


def _megabytes(paths: Iterable[Path]) -> float:
    return sum(path.stat().st_size for path in paths) / 1e6


def _copy(extracts: Path, target: Path) -> float:
    """Seconds DuckDB needs to copy every table of the folder into one database file."""
    target.unlink(missing_ok=True)
    started = time.perf_counter()
    with duckdb.connect(str(target)) as connection:
        for table in sorted(path.name for path in extracts.iterdir() if path.is_dir()):
            files = str(extracts / table / "*.parquet")
            connection.execute(
                f"create table {table} as select * from read_parquet($files)", {"files": files}
            ).fetchall()
    return time.perf_counter() - started


def _build(extracts: Path, home: Path, conditions: str) -> tuple[float, int]:
    """Seconds and peak resident bytes of a build in a process of its own, with throw-away keys."""
    command = [sys.executable, "-m", "benchmarks.build", "--once", str(extracts), "--conditions", conditions]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=throwaway(home), stdout=subprocess.DEVNULL)
    peak = _watch(process)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - started, peak


def throwaway(home: Path) -> dict[str, str]:
    """The environment of a command over ``home`` with new keys that nobody keeps."""
    keys = {name: secrets.token_hex(32) for name in _KEYS}
    return {**os.environ, **keys, "HSSK_HOME": str(home)}


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Wait for the process; the largest sum of resident bytes of it and its children that was seen."""
    peak = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.wait(SAMPLE_SECONDS):
            peak = max(peak, _resident(process.pid))

    watcher = threading.Thread(target=sample)
    watcher.start()
    try:
        process.wait()
    finally:
        process.kill()
        done.set()
        watcher.join()
    return peak


def _resident(pid: int) -> int:
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
        return sum(member.memory_info().rss for member in family)
    except psutil.NoSuchProcess:
        return 0


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "processors": f"{os.cpu_count()} x {platform.machine()}",
        "memory_gib": f"{psutil.virtual_memory().total / 2**30:.0f}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
    }


def as_markdown(measurements: list[Measurement], about: dict[str, str]) -> str:
    """The report as a table a person reads."""
    lines = [
        "| people | conditions | rows | extracts MB | DuckDB copy s | build s | build / copy | peak GiB | store MB"
        " | marts MB | frozen MB | question p50 ms | p95 ms | first p95 ms |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {m.people:,} | {m.conditions} | {m.rows:,} | {m.extract_megabytes:.0f} | {m.copy_seconds:.1f}"
        f" | {m.build_seconds:.1f} | {m.ratio:.1f} | {m.build_peak_gib:.1f} | {m.store_megabytes:.0f}"
        f" | {m.marts_megabytes:.1f} | {m.frozen_megabytes:.1f} | {m.questions.p50:.1f} | {m.questions.p95:.1f}"
        f" | {m.questions.first_p95:.1f} |"
        for m in measurements
    ]
    return "\n".join([*lines, "", "; ".join(f"{name} {value}" for name, value in about.items()), ""])


def write_report(measurements: list[Measurement]) -> str:
    """Write JSON and markdown under ``benchmarks/report``; returns the markdown."""
    about = machine()
    text = as_markdown(measurements, about)
    REPORT.mkdir(exist_ok=True)
    rows = [{**asdict(m), "ratio": m.ratio} for m in measurements]
    content = {"measured_at": datetime.now(UTC).isoformat(), "machine": about, "build": rows}
    (REPORT / "build.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
    (REPORT / "build.md").write_text(text, encoding="utf-8")
    return text


def build_once(extracts: Path, conditions: str) -> None:
    """Build into ``HSSK_HOME``, without fits; ``conditions``: those that are counted, with commas, none = all."""
    rules = load_rules().only(conditions.split(",")) if conditions else None
    build(load_settings(), [extracts], now=datetime.now(UTC), rules=rules)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure hssk build beside DuckDB's copy of the same files.")
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, metavar="PEOPLE")
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--conditions", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.once:
        build_once(asked.once, asked.conditions)
        return
    measurements: list[Measurement] = []
    for people in asked.sizes:
        with tempfile.TemporaryDirectory(prefix="hssk-bench-") as folder:
            measurements += measure(people, Path(folder))
    print(write_report(measurements))


if __name__ == "__main__":
    main()
