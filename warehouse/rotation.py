"""``hssk keys rotate``: new keys for a home, and everything in it brought over to them.

The linkage key: every sealed file is encrypted anew. The record key: published quarters rest on it, so all of them
are published anew or the rotation is refused. The pseudonym key: the store keeps no reference that a pseudonym could be
made of again, so it is rebuilt from all extracts; people who were forgotten stay known by the retired key, and what
linkage knows of persons is carried over through the sealed files.

The new key file is written first. Until the store is switched, which is one step, the old keys open everything; from
then on the new ones do. A rotation that was cut short is finished by the same command.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from warehouse import database, rebuild, resealing
from warehouse import withheld as withholding
from warehouse.build import BuildReport, Estimate, build
from warehouse.database import rows
from warehouse.errors import EXIT_CONFIG, EXIT_DATA, EXIT_USAGE, UserError
from warehouse.fault_points import check_name, reach
from warehouse.identity import (
    KEY_NAMES,
    Keys,
    is_successor,
    key_marks,
    load_keys,
    refuse_beside,
    successor,
    write_key_file,
)
from warehouse.intake import Progress
from warehouse.lock import build_lock
from warehouse.settings import Settings
from warehouse.vintages import Revision, check_carried

PSEUDONYM, RECORD, LINKAGE = KEY_NAMES


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a rotation. ``which``: names of keys. ``folders``: all extracts, for the pseudonym key.

    ``revision``: publishes all quarters anew, for the record key. ``as_of``: the extract date, which stays.
    """

    file: Path
    which: frozenset[str]
    folders: tuple[Path, ...] = ()
    revision: Revision | None = None
    accept: str | None = None
    as_of: date | None = None
    now: datetime


def rotate(
    settings: Settings,
    request: Request,
    *,
    estimate: Estimate | None = None,
    progress: Progress = lambda stage, what: None,
) -> BuildReport | None:
    """Write the new key file and bring the home over; the report of the build, where one was needed.

    Raises :class:`UserError`, with nothing changed, for keys that are not those of the store, a key file that is
    neither new nor of this rotation, missing folders, and published quarters that would lose their record key.
    """
    check_name(settings.fault)
    old = load_keys(settings)
    refuse_beside(request.file, settings.home)
    _refuse_half(request)
    with build_lock(settings.home, request.now):
        rebuild.settle(settings.home)
        new = _new_keys(settings, request, old)
        is_done = _is_switched(settings, old, new)
        _refuse_frozen(settings.home, request, new)
        if not request.file.exists():
            write_key_file(request.file, new)
        if not is_done:
            known = withholding.read(settings.home)
            withholding.write(settings.home, withholding.marked(known, old))
            if PSEUDONYM not in request.which:
                _switch(settings, old, new)
    return _build(settings, request, None if is_done else old, estimate, progress)


def _refuse_half(request: Request) -> None:
    if PSEUDONYM in request.which and not request.folders:
        raise UserError(
            "a new pseudonym key needs the extracts: nothing else tells whose a row is",
            field="DIR",
            expected="the folders of all loaded files",
            action="Name them, or choose the other keys: --which linkage --which record",
            exit_code=EXIT_USAGE,
        )
    if request.revision is not None and RECORD not in request.which:
        raise UserError(
            "quarters are published anew for another record key only",
            field="--withdraw",
            expected="--which record, or all",
            exit_code=EXIT_USAGE,
        )


def _new_keys(settings: Settings, request: Request, old: Keys) -> Keys:
    """Those of the key file where a rotation that was cut short wrote it, else new ones."""
    if not request.file.exists():
        return successor(old, request.which)
    new = load_keys(_with_file(settings, request.file))
    if not is_successor(new, old, request.which):
        raise UserError(
            "the key file exists already, and holds no keys of this rotation",
            file=str(request.file),
            expected="a new file, or that of a rotation of the same keys that was cut short",
            action="Name another file; keys are never overwritten",
            exit_code=EXIT_CONFIG,
        )
    return new


def _is_switched(settings: Settings, old: Keys, new: Keys) -> bool:
    """Whether the store is under the new keys already. Raises :class:`UserError` where it is under neither."""
    marks: dict[str, int] = {}
    if (settings.home / database.FILE_NAME).exists():
        with database.open_warehouse(settings) as connection:
            marks = dict(rows(connection, "select name, mark from meta_key"))
            withholding.refuse_shorter(connection, withholding.read(settings.home))
    if not marks:
        raise UserError(
            "nothing is built yet, so there is nothing to bring over",
            action="`hssk keys create FILE` makes new keys",
            exit_code=EXIT_DATA,
        )
    if marks in (key_marks(old), key_marks(new)):
        return marks == key_marks(new)
    known = key_marks(old)
    raise UserError(
        "the warehouse was built with other keys than those that are to be replaced",
        field=", ".join(name for name in KEY_NAMES if marks.get(name) != known[name]),
        expected="the keys it was built with, all three",
        action="Set HSSK_KEY_FILE to their file, and no HSSK_*_KEY beside it",
        exit_code=EXIT_CONFIG,
    )


def _refuse_frozen(home: Path, request: Request, new: Keys) -> None:
    try:
        check_carried(home, new.record_key, request.revision)
    except UserError:
        raise UserError(
            "published quarters rest on the record key: with another one their noise would be another",
            field="--which",
            value="record",
            action="Publish all quarters anew with --withdraw --reason TEXT, or leave the record key as it is: "
            "--which linkage --which pseudonym",
            exit_code=EXIT_USAGE,
        ) from None


def _switch(settings: Settings, old: Keys, new: Keys) -> None:
    """Bring the home over to another linkage key, record key, or both; needs the build lock."""
    if new.linkage_key != old.linkage_key:
        resealing.reseal(settings.home, old, new)
    reach("after_reseal", settings.fault)
    with database.open_warehouse(settings) as connection:
        rows(connection, "begin transaction")
        for name, mark in key_marks(new).items():
            rows(
                connection,
                "update meta_key set mark = $mark where name = $name",
                {"name": name, "mark": mark},
            )
        rows(connection, "commit")
    reach("after_marks", settings.fault)
    resealing.settle(settings.home)


def _build(
    settings: Settings,
    request: Request,
    old: Keys | None,
    estimate: Estimate | None,
    progress: Progress,
) -> BuildReport | None:
    """A generation under the new keys. ``old``: those of the store until now, None where it is switched already."""
    which: Collection[str] = request.which
    is_full = PSEUDONYM in which and old is not None
    folders: Sequence[Path] = request.folders if is_full else ()
    if which == {LINKAGE}:
        return None
    return build(
        _with_file(settings, request.file),
        folders,
        now=request.now,
        as_of=request.as_of,
        full=is_full,
        accept=request.accept,
        revision=request.revision,
        estimate=estimate,
        replaced=old if is_full else None,
        progress=progress,
    )


def _with_file(settings: Settings, file: Path) -> Settings:
    """The settings with the keys of a file and no others."""
    return settings.model_copy(update={**dict.fromkeys(KEY_NAMES), "key_file": file})
