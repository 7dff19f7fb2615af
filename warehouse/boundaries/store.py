"""The imported outlines of a home: ``boundaries/<geography>.geojson`` and what is known of it in a ``.json`` beside.

Opens no library of geometry: a web server reads through it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from warehouse.durable import sync
from warehouse.geography import Geography, outlines

FOLDER = "boundaries"


@dataclass(frozen=True)
class Outlines:
    """GeoJSON of a geography; ``about`` what the import noted of it, None for the approximate outlines."""

    content: bytes
    about: Mapping[str, Any] | None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def current(home: Path, geography: Geography) -> Outlines:
    """The imported outlines, else the approximate ones; a pair of files that do not belong together is as none."""
    drawn, about = paths(home, geography)
    try:
        marks = tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in (drawn, about))
        found = _read(drawn, about, marks)
    except OSError:
        found = None
    return found or Outlines(outlines(geography), None)


@lru_cache(maxsize=8)
def _read(drawn: Path, about: Path, marks: tuple[tuple[int, int], ...]) -> Outlines | None:
    """``marks`` are those of the files, so that what is kept is read again once they change."""
    try:
        found = Outlines(drawn.read_bytes(), json.loads(about.read_text(encoding="utf-8")))
    except ValueError:
        return None
    return found if found.about and found.about.get("content_sha256") == found.sha256 else None


def paths(home: Path, geography: Geography) -> tuple[Path, Path]:
    """Where the outlines and what is known of them lie."""
    folder = home / FOLDER
    return folder / f"{geography}.geojson", folder / f"{geography}.json"


def write(home: Path, geography: Geography, content: bytes, about: Mapping[str, Any]) -> None:
    """Replace the outlines. A crash in between leaves a pair that does not fit, and so the approximate ones."""
    drawn, beside = paths(home, geography)
    drawn.parent.mkdir(parents=True, exist_ok=True)
    told = {**about, "content_sha256": hashlib.sha256(content).hexdigest()}
    _replace(drawn, content)
    _replace(beside, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode())
    sync(drawn.parent)


def _replace(path: Path, content: bytes) -> None:
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def reset(home: Path, geography: Geography) -> bool:
    """Go back to the approximate outlines; whether there were others."""
    found = [path for path in paths(home, geography) if path.exists()]
    for path in found:
        path.unlink()
    return bool(found)
