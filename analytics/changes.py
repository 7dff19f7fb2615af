"""What changed from one build to the next: files, definitions, records, quarters. For people, before they ask why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from analytics.catalogue import Variant, catalogue
from analytics.generation import Generation, builds
from analytics.query import answer
from analytics.question import Question


@dataclass(frozen=True, kw_only=True)
class DefinitionChange:
    """A definition whose version differs; ``old`` None is new, ``new`` None is gone."""

    condition: str
    variant: str
    name_vi: str
    name_en: str
    old: str | None
    new: str | None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """From ``old_build`` to the build shown. Records are the city's, counted at the end of each extract.

    ``refused_old`` and ``refused_new``: rows in quarantine of all files that each build stands on.
    """

    old_build: str
    old_extract_date: date
    extract_date: date
    files_new: int
    files_replaced: int
    files_gone: int
    records_old: int
    records_new: int
    refused_old: int
    refused_new: int
    quarters_added: tuple[str, ...]
    definitions: tuple[DefinitionChange, ...]

    @property
    def records_added(self) -> int:
        return self.records_new - self.records_old


def previous(generation: Generation) -> Generation | None:
    """The build published before this one, by the time it was made, then by its id; None for the first.

    A build of the same counts, to which models were fitted anew, is not another one.
    """
    older = [
        other
        for build in builds(generation.home)
        if _made(other := Generation(generation.home, build)) < _made(generation)
        and other.manifest["fingerprints"] != generation.manifest["fingerprints"]
    ]
    return max(older, key=_made, default=None)


def _made(generation: Generation) -> tuple[str, str]:
    return str(generation.manifest["created_at"]), generation.build_id


def changes(new: Generation, old: Generation) -> Changes:
    """What a reader of ``old`` should know of ``new``."""
    before, after = _files(old.manifest), _files(new.manifest)
    known = {quarter.name for quarter in catalogue(old).quarters}
    return Changes(
        old_build=old.build_id,
        old_extract_date=date.fromisoformat(old.extract_date),
        extract_date=date.fromisoformat(new.extract_date),
        files_new=len(set(after) - set(before)),
        files_replaced=sum(before[name] != after[name] for name in set(before) & set(after)),
        files_gone=len(set(before) - set(after)),
        records_old=_records(old),
        records_new=_records(new),
        refused_old=_refused(old.manifest),
        refused_new=_refused(new.manifest),
        quarters_added=tuple(item.name for item in catalogue(new).quarters if item.name not in known),
        definitions=definitions_changed(new, old),
    )


def definitions_changed(new: Generation, old: Generation) -> tuple[DefinitionChange, ...]:
    """Definitions that came, went or have another version."""
    before, after = _versions(old), _versions(new)
    return tuple(
        DefinitionChange(
            condition=key[0],
            variant=key[1],
            name_vi=_name(after.get(key) or before[key], 0),
            name_en=_name(after.get(key) or before[key], 1),
            old=old_version,
            new=new_version,
        )
        for key in sorted({*before, *after})
        if (old_version := _version(before.get(key))) != (new_version := _version(after.get(key)))
    )


def _version(item: Variant | None) -> str | None:
    return item.version if item else None


def _versions(generation: Generation) -> dict[tuple[str, str], Variant]:
    return {(item.condition, item.variant): item for item in catalogue(generation).variants}


def _name(item: Variant, side: int) -> str:
    condition = (item.condition_vi, item.condition_en)[side] or item.condition
    return f"{condition} – {(item.name_vi, item.name_en)[side] or item.variant}"


def _files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Logical name to content. The folder before the first slash names the delivery, so it is not part of the name."""
    return {
        str(file["logical_name"]).partition("/")[2] or str(file["logical_name"]): str(file["sha256"])
        for file in manifest.get("files", [])
    }


def _refused(manifest: Mapping[str, Any]) -> int:
    return sum(int(file.get("quarantined", 0)) for file in manifest.get("files", []))


def _records(generation: Generation) -> int:
    (row,) = answer(Question(measure="ladder", period=_last(generation)), generation).rows.to_dicts()
    return int(row["numerator"] or 0)


def _last(generation: Generation) -> str:
    """The newest quarter, whether or not it is over: its stock is that of the extract date."""
    return catalogue(generation).quarters[-1].name
