"""Sealed generations: a new folder beside the old ones, and one line that says which is current.

The folder is written under a hidden name, fsynced, renamed, and only then named in ``CURRENT`` (written aside, fsynced,
``os.replace``). A process killed at any point leaves the last good generation served.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import polars as pl

from warehouse.durable import sync
from warehouse.fault_points import reach
from warehouse.generation_files import BUILDS, CURRENT, LINEAGE, MANIFEST, current_build

_STAGED = ".staged-"
_NIGHTLY_DAYS = 14
_WEEKLY_DAYS = 91


def stage(home: Path) -> Path:
    """An empty hidden folder for the next generation; leftovers of killed builds are removed."""
    builds = home / BUILDS
    builds.mkdir(parents=True, exist_ok=True, mode=0o750)
    for leftover in builds.glob(f"{_STAGED}*"):
        shutil.rmtree(leftover)
    # Never the same name twice: readers keep what they read by the path of a generation.
    folder = builds / f"{_STAGED}{uuid4().hex}"
    folder.mkdir(mode=0o750)
    return folder


def table_fingerprint(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, Any]:
    """Rows and SHA-256 of a table's content: column names and values, rows in the order of all columns."""
    frame = connection.sql(f"select * from {table} order by all").pl()
    return {"rows": frame.height, "sha256": content_digest(frame).hex()}


def content_digest(frame: pl.DataFrame) -> bytes:
    """SHA-256 of column names and values in the order of the rows."""
    digest = hashlib.sha256()
    for series in frame.iter_columns():
        digest.update(f"\x1e{series.name}\x1f".encode())
        # Of most columns nothing is missing, which Polars knows; to ask it of every row cost most of the time.
        missing = (
            series.is_null().cast(pl.UInt8).to_numpy().tobytes() if series.has_nulls() else bytes(len(series))
        )
        digest.update(missing)
        digest.update(_content(series))
    return digest.digest()


def _content(series: pl.Series) -> bytes:
    if series.dtype.is_integer():
        return _filled(series, 0).cast(pl.Int64).to_numpy().tobytes()
    return "\x1f".join(_filled(series.cast(pl.String), "").to_list()).encode()


def _filled(series: pl.Series, value: int | str) -> pl.Series:
    return series.fill_null(value) if series.has_nulls() else series


def new_build_id(home: Path, as_of: date, fingerprints: dict[str, dict[str, Any]]) -> str:
    """``20241231-1a2b3c4d``: extract date and content; a serial number when that content was published before."""
    text = json.dumps(fingerprints, sort_keys=True)
    base = f"{as_of:%Y%m%d}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    build_id, serial = base, 1
    while (home / BUILDS / build_id).exists():
        serial += 1
        build_id = f"{base}-{serial}"
    return build_id


def code_version() -> str:
    """Version of the installed program; ``source`` when it runs from a checkout that is not installed."""
    try:
        return metadata.version("hssk-atlas")
    except metadata.PackageNotFoundError:
        return "source"


def publish(
    home: Path,
    staged: Path,
    build_id: str,
    manifest: dict[str, Any],
    lineage: dict[str, Any],
    *,
    fault: str | None,
) -> Path:
    """Write manifest and lineage, make the folder durable, give it its name, and make it current."""
    _write_json(staged / MANIFEST, manifest)
    _write_json(staged / LINEAGE, lineage)
    for path in staged.iterdir():
        path.chmod(0o640)
        sync(path)
    sync(staged)
    reach("before_publish", fault)
    folder = home / BUILDS / build_id
    staged.rename(folder)
    sync(folder.parent)
    reach("before_current", fault)
    _point_at(home, build_id)
    reach("after_current", fault)
    return folder


def _point_at(home: Path, build_id: str) -> None:
    aside = home / f"{CURRENT}.new"
    aside.write_text(build_id + "\n", encoding="ascii")
    sync(aside)
    os.replace(aside, home / CURRENT)
    sync(home)


def retire(home: Path, now: datetime) -> list[str]:
    """Remove old generations: all of 14 days are kept, then one a week, after 13 weeks one a quarter.

    The current one always stays. Returns the ids removed.
    """
    current = current_build(home)
    dated = []
    for path in sorted((home / BUILDS).glob("[0-9]*")):
        if not (path / MANIFEST).exists():
            continue  # not a generation: left by hand, or half removed by an older program
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        dated.append((datetime.fromisoformat(manifest["created_at"]), path.name))
    removed = surplus(dated, now=now, current=current)
    for build_id in removed:
        # Hidden first: a process killed while removing must not leave half a generation under its name.
        hidden = home / BUILDS / f"{_STAGED}{build_id}"
        (home / BUILDS / build_id).rename(hidden)
        shutil.rmtree(hidden)
    return removed


def surplus(dated: Iterable[tuple[datetime, str]], *, now: datetime, current: str | None) -> list[str]:
    """Ids that the retention rule lets go: of each week or quarter the newest build stays."""
    kept: set[tuple[int, ...]] = set()
    removed = []
    for created, build_id in sorted(dated, reverse=True):
        age = now - created
        if age <= timedelta(days=_NIGHTLY_DAYS) or build_id == current:
            continue
        weekly = age <= timedelta(days=_WEEKLY_DAYS)
        slot = tuple(created.isocalendar()[:2]) if weekly else (created.year, -(created.month - 1) // 3)
        if slot in kept:
            removed.append(build_id)
        kept.add(slot)
    return removed


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
