"""The one door to sealed generations: the marts and estimates of one build, read-only.

A published generation never changes, so a connection per build is kept for the life of the process; every request
works on its own cursor. After a fork the child opens its own (DuckDB connections must not cross a fork).
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from analytics.noise import Noise
from warehouse.errors import EXIT_UNAVAILABLE, UserError
from warehouse.generation_files import BUILDS, ESTIMATES, FROZEN, LINEAGE, MANIFEST, MARTS, current_build

__all__ = ["Generation", "builds", "close_all", "current_build", "noise_of", "read_sql"]

_BUILD_ID = re.compile(r"\d{8}-[0-9a-f]{8}(-\d+)?")
_SQL_NAME = re.compile(r"[a-z_]+")
_connections: dict[tuple[int, Path], duckdb.DuckDBPyConnection] = {}
_lock = threading.Lock()
# A fork may catch another thread inside the lock; the child starts with a free one.
os.register_at_fork(after_in_child=lambda: globals().__setitem__("_lock", threading.Lock()))


@dataclass(frozen=True)
class Generation:
    """One published build: ``home/builds/<build_id>``. Equal when it is the same folder; usable as a cache key.

    Its counts stand in two files of the same tables: *live*, of everything known to the build, and *frozen*, of the
    quarters that were published. ``is_frozen`` says which of them :meth:`frame` reads.
    """

    home: Path
    build_id: str
    is_frozen: bool = False

    @classmethod
    def open(cls, home: Path, build: str | None = None) -> Generation:
        """The build named, else the current one. Raises UserError when there is none."""
        home = Path(home).resolve()
        known = builds(home)
        build_id = build or current_build(home)
        if build_id is None or not known:
            raise UserError(
                "no build has been published",
                file=str(home),
                action="Run: hssk build DIR",
                exit_code=EXIT_UNAVAILABLE,
            )
        if build_id not in known:
            raise UserError(
                "no such build",
                field="as_of",
                value=build_id,
                expected=f"one of {', '.join(known)}",
                exit_code=EXIT_UNAVAILABLE,
            )
        return cls(home, build_id)

    @property
    def frozen(self) -> Generation:
        """The same build with the counts of its frozen quarters: what every protected number is made of."""
        return replace(self, is_frozen=True)

    @property
    def live(self) -> Generation:
        """The same build with the counts of everything known to it."""
        return replace(self, is_frozen=False)

    @property
    def folder(self) -> Path:
        """Where marts, manifest and lineage of this build are."""
        return self.home / BUILDS / self.build_id

    @property
    def manifest(self) -> dict[str, Any]:
        """What the build says about itself: extract date, synthetic or not, fingerprints, files, notes."""
        return _read_json(self.folder / MANIFEST)

    @property
    def lineage(self) -> dict[str, Any]:
        """How each table was made."""
        return _read_json(self.folder / LINEAGE)

    @property
    def extract_date(self) -> str:
        """The day the extract stands for, ISO."""
        return str(self.manifest["extract_date"])

    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Run one SELECT; values come by ``$name``. ``sql`` is the text of a file of ``analytics/sql``."""
        return _read(self.folder / (FROZEN if self.is_frozen else MARTS), sql, params)

    @property
    def has_estimates(self) -> bool:
        """Whether models were fitted to this build."""
        return (self.folder / ESTIMATES).exists()

    def estimates(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Run one SELECT on the estimates, as :meth:`frame` does on the marts."""
        return _read(self.folder / ESTIMATES, sql, params)

    def close(self) -> None:
        """Close this process's connections to the files of this generation."""
        with _lock:
            for key in [key for key in _connections if key[1].parent == self.folder]:
                _connections.pop(key).close()


def _read(path: Path, sql: str, params: Mapping[str, Any] | None) -> pl.DataFrame:
    cursor = _connection(path).cursor()
    try:
        frame: pl.DataFrame = cursor.sql(sql, params=dict(params or {})).pl()
        return frame
    finally:
        cursor.close()


def builds(home: Path) -> tuple[str, ...]:
    """Ids of the published builds, oldest first."""
    return tuple(sorted(path.name for path in (home / BUILDS).glob("*") if _BUILD_ID.fullmatch(path.name)))


@cache
def read_sql(name: str) -> str:
    """Text of ``analytics/sql/<name>.sql``."""
    if not _SQL_NAME.fullmatch(name):
        raise ValueError(f"not a name of a query: {name!r}")
    return resources.files("analytics").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


@cache
def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError) as error:
        raise UserError(
            "the build is damaged", file=path.name, action="Run: hssk build DIR", exit_code=EXIT_UNAVAILABLE
        ) from error
    return dict(content)


def _connection(path: Path) -> duckdb.DuckDBPyConnection:
    key = (os.getpid(), path)
    with _lock:
        if key not in _connections:
            try:
                _connections[key] = duckdb.connect(
                    str(path), read_only=True, config={"enable_external_access": "false"}
                )
            except duckdb.Error as error:
                raise UserError(
                    "the marts of the build cannot be opened",
                    file=path.parent.name,
                    action="Run: hssk build DIR",
                    exit_code=EXIT_UNAVAILABLE,
                ) from error
        return _connections[key]


@lru_cache(maxsize=16)
def noise_of(generation: Generation) -> Noise:
    """The noise of a build. Raises UserError for a build made before counts were protected."""
    try:
        return Noise.from_frame(generation.frame(read_sql("noise")))
    except duckdb.CatalogException as error:
        raise UserError(
            "this build was made before counts of people were protected by noise",
            field="as_of",
            value=generation.build_id,
            expected="a build made by this version",
            action="Run: hssk build DIR",
            exit_code=EXIT_UNAVAILABLE,
        ) from error


def close_all() -> None:
    """Close every connection of this process (tests, orderly shutdown)."""
    with _lock:
        for key in [key for key in _connections if key[0] == os.getpid()]:
            _connections.pop(key).close()
