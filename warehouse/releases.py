"""The release log: which counts were ever published, in an append-only file whose lines hold one another.

One JSON line per quarter and batch that a build froze (:mod:`warehouse.vintages`), with the fingerprint of its content
and the SHA-256 of the line before it. A line that was changed or taken out breaks the chain; counts that were changed
under a published name no longer have their fingerprint.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from warehouse.errors import EXIT_DATA, Fault, UserError
from warehouse.generation_files import BUILDS, FROZEN, current_build
from warehouse.vintages import published_digests

LOG = "releases.log"
_FIRST = "0" * 64
_WHAT = ("quarter", "vintage", "batch", "known_at", "reason", "rows", "sha256")
_SAME = ("quarter", "vintage", "batch", "sha256")


def record(home: Path, build_id: str, vintages: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Log every batch of a published generation that is not logged yet, durably; returns how many were.

    Needs the build lock. A build killed between publishing and logging is made good by the next one.
    """
    lines = read(home)
    logged = {tuple(entry[name] for name in _SAME) for entry in lines}
    previous = _digest_of(lines[-1]) if lines else _FIRST
    added = []
    for item in vintages:
        what = {name: item[name] for name in _WHAT} | {"known_at": str(item["known_at"])}
        if tuple(what[name] for name in _SAME) in logged:
            continue
        entry = {"at": now.isoformat(timespec="seconds"), "build": build_id, **what, "previous": previous}
        added.append(_line(entry))
        previous = _digest_of(entry)
    if added:
        _append(home / LOG, added)
    return len(added)


def _append(path: Path, lines: Iterable[str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(descriptor, "".join(f"{line}\n" for line in lines).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(home: Path) -> list[dict[str, Any]]:
    """Every entry, oldest first. Raises UserError for a line that is none."""
    path = home / LOG
    if not path.exists():
        return []
    entries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entries.append(dict(json.loads(line)))
        except ValueError as error:
            raise UserError(
                "the release log is damaged",
                file=LOG,
                row=number,
                action="Restore it from a backup",
                exit_code=EXIT_DATA,
            ) from error
    return entries


def verify(home: Path) -> list[Fault]:
    """What is wrong with the log or with the counts published now: broken chain, changed or unlogged counts."""
    entries = read(home)
    faults = []
    previous = _FIRST
    for number, entry in enumerate(entries, start=1):
        if entry.get("previous") != previous:
            faults.append(
                Fault(message="a line before this one was changed or removed", file=LOG, row=number)
            )
        previous = _digest_of(entry)
    return [*faults, *_changed(home, entries)]


def _changed(home: Path, entries: list[dict[str, Any]]) -> list[Fault]:
    """Faults of the current generation's frozen counts, counted again."""
    build_id = current_build(home)
    path = home / BUILDS / (build_id or "") / FROZEN
    if build_id is None or not path.exists():
        return []
    logged = {tuple(entry[name] for name in _SAME) for entry in entries}
    return [
        Fault(
            message="published counts are not those of the release log",
            file=FROZEN,
            field="quarter",
            value=f"{found[0]}, vintage {found[1]}",
            action="Restore the generation from a backup",
        )
        for found in published_digests(path)
        if found not in logged
    ]


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, sort_keys=True)


def _digest_of(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(_line(entry).encode()).hexdigest()
