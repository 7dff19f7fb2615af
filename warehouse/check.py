"""``hssk check DIR``: what a build would accept, refuse and leave alone, without writing anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from warehouse import database, landing
from warehouse.errors import Fault, UserError
from warehouse.extract_files import read_folder
from warehouse.identity import throwaway_keys
from warehouse.landing import Landed
from warehouse.readers import formats
from warehouse.settings import Settings
from warehouse.settling import settle


@dataclass(frozen=True)
class CheckReport:
    """One entry per file: landed as it would be, refused whole, or left alone."""

    landed: tuple[Landed, ...]
    refused: tuple[Fault, ...]
    ignored: tuple[Fault, ...]
    notes: tuple[str, ...] = ()
    """What is to be known beside: scopes, and signs that two senders use the same references."""

    @property
    def is_clean(self) -> bool:
        return not self.refused and not any(item.quarantined for item in self.landed)


def check(
    settings: Settings,
    folders: Sequence[Path],
    *,
    progress: Callable[[str, str], None] = lambda stage, what: None,
) -> CheckReport:
    """Land every file in memory under keys that are thrown away, and report."""
    found = [read_folder(folder) for folder in folders]
    keys = throwaway_keys()
    landed: list[Landed] = []
    refused: list[Fault] = []
    with database.open_memory(settings) as connection:
        for file in (file for folder in found for file in folder.files):
            progress("land", file.logical_name)
            try:
                form, source = formats.inspect(file.task)
                file = replace(file, format=form)  # noqa: PLW2901 (the same file, as it is read)
                first_id = len(landed) + 1
                landed += landing.land_file(
                    connection, file, source, first_id=first_id, keys=keys, store=None
                )
            except UserError as error:
                refused.append(error.fault)
        settled = settle(connection, landed)
    ignored = tuple(fault for folder in found for fault in folder.ignored)
    scopes = [
        f"{one.name}: references hold within the scope {one.scope}, as {one.scope}/REF"
        for one in (folder.manifest for folder in found)
        if one.scope
    ]
    return CheckReport(settled.landed, tuple(refused), ignored, (*scopes, *settled.notes))


def as_json(report: CheckReport) -> dict[str, Any]:
    """Machine form: every file with its verdict (accept, quarantine_rows, reject, ignore) and why."""
    files: list[dict[str, Any]] = []
    for item in report.landed:
        verdict = "quarantine_rows" if item.quarantined else "accept"
        reasons = [
            dict(zip(("column", "rule", "expected", "rows"), reason, strict=True)) for reason in item.reasons
        ]
        entry = {key: value for key, value in asdict(item).items() if key not in ("file_id", "reasons")}
        files.append({"verdict": verdict, **entry, "reasons": reasons})
    files += [{"verdict": "reject", **fault.as_dict()} for fault in report.refused]
    files += [{"verdict": "ignore", **fault.as_dict()} for fault in report.ignored]
    return {"clean": report.is_clean, "files": files, "notes": list(report.notes)}
