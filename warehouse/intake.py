"""Intake: which files are new, which correct earlier ones, and how they land, inside one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from warehouse import database, landing
from warehouse.database import rows
from warehouse.errors import EXIT_CONFIG, EXIT_DATA, Fault, Faults, UserError
from warehouse.extract_files import ExtractFile, Folder
from warehouse.fault_points import reach
from warehouse.identity import Keys, key_marks
from warehouse.landing import Landed
from warehouse.settings import Settings

LINKAGE = "linkage"
Progress = Callable[[str, str], None]
"""Called with a stage (``fingerprint``, ``land``, ``core``, ``mart``, ``publish``) and what is being worked on."""
#: Columns that say when something was recorded; the newest plausible one dates an extract without a date.
_RECORDED = (
    ("measurement", "taken_at"), ("condition", "recorded_at"), ("health_record", "last_updated_at"),
    ("health_record", "created_at"), ("medication", "started_on"), ("encounter", "started_at"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What became of the files of a build. ``skipped`` were loaded before; ``replaced`` were corrected."""

    landed: tuple[Landed, ...]
    skipped: tuple[str, ...]
    replaced: tuple[str, ...]
    refused: tuple[Fault, ...]


def take_in(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    files: Sequence[ExtractFile],
    keys: Keys,
    *,
    now: datetime,
    progress: Progress,
) -> Intake:
    """Land what is new among ``files``, inside the caller's transaction."""
    refuse_mixture(connection, files)
    refuse_other_keys(connection, keys)
    new, skipped, replaced = _plan(connection, files)
    landed, refused = _land_all(connection, settings, new, replaced, keys, now, progress)
    return Intake(
        landed=tuple(landed), skipped=tuple(skipped), replaced=tuple(sorted(replaced)), refused=tuple(refused)
    )


def refuse_mixture(connection: duckdb.DuckDBPyConnection, files: Sequence[ExtractFile]) -> None:
    """One store holds synthetic or real people, never both."""
    kinds = {file.manifest.synthetic for file in files}
    kinds |= {bool(flag) for (flag,) in rows(connection, "select distinct synthetic from meta_file")}
    if len(kinds) > 1:
        raise UserError(
            "synthetic and real extracts would be mixed",
            expected="one or the other in one HSSK_HOME",
            action="Set HSSK_HOME to another folder",
            exit_code=EXIT_DATA,
        )


def refuse_other_keys(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """The first build marks its keys; with others the same person would get a second pseudonym."""
    known = dict(rows(connection, "select name, mark from meta_key"))
    marks = key_marks(keys)
    changed = [name for name in marks if known.get(name, marks[name]) != marks[name]]
    if changed:
        raise UserError(
            "the warehouse was built with another key",
            field=", ".join(changed),
            action="Give the keys it was built with, or rebuild it from all folders with --full",
            exit_code=EXIT_CONFIG,
        )
    for name, mark in marks.items():
        rows(connection, "insert or ignore into meta_key values ($name, $mark)", {"name": name, "mark": mark})


def refuse_loss(settings: Settings, found: Sequence[Folder]) -> None:
    """A full rebuild starts from nothing: every file in the warehouse must be among the files given."""
    if not (settings.home / database.FILE_NAME).exists():
        return
    with database.open_warehouse(settings) as connection:
        loaded = {name for (name,) in rows(connection, "select logical_name from meta_file")}
    lost = sorted(loaded - {file.logical_name for folder in found for file in folder.files})
    if lost:
        raise UserError(
            f"a full rebuild would lose {len(lost)} loaded files",
            file=lost[0],
            action="Give the folders of all loaded files",
            exit_code=EXIT_DATA,
        )


def _plan(
    connection: duckdb.DuckDBPyConnection, files: Sequence[ExtractFile]
) -> tuple[list[ExtractFile], list[str], dict[str, tuple[int, str]]]:
    """Files to land, names of those already in, and earlier files (id, table) that a correction replaces."""
    known = rows(connection, "select sha256, logical_name, file_id, table_name from meta_file")
    by_hash = {(sha, table) for sha, _, _, table in known}
    by_name = {name: (file_id, table) for _, name, file_id, table in known}
    new, skipped, replaced = [], [], {}
    names: dict[str, str] = {}
    for file in files:
        if names.setdefault(file.logical_name, file.path.name) != file.path.name:
            raise UserError(
                f"two files carry the name {file.logical_name}: {names[file.logical_name]} and {file.path.name}",
                expected="one file per logical name",
                exit_code=EXIT_DATA,
            )
        if (file.sha256, file.table) in by_hash:
            skipped.append(file.logical_name)
            continue
        if file.logical_name in by_name:
            replaced[file.logical_name] = by_name[file.logical_name]
        by_hash.add((file.sha256, file.table))
        new.append(file)
    return new, skipped, replaced


def _land_all(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    new: Sequence[ExtractFile],
    replaced: dict[str, tuple[int, str]],
    keys: Keys,
    now: datetime,
    progress: Progress,
) -> tuple[list[Landed], list[Fault]]:
    store = settings.home / LINKAGE
    store.mkdir(exist_ok=True, mode=0o700)
    [(next_id,)] = rows(connection, "select coalesce(max(file_id), 0) + 1 from meta_file")
    landed: list[Landed] = []
    refused: list[Fault] = []
    for file_id, file in enumerate(new, start=next_id):
        progress("land", file.logical_name)
        sealed = store / f"{file.sha256}.sealed"
        try:
            landed.append(
                landing.land(
                    connection,
                    file,
                    file_id=file_id,
                    keys=keys,
                    sealed=sealed,
                    loaded_at=now,
                    replaces=replaced.get(file.logical_name),
                )
            )
        except UserError as error:
            refused.append(error.fault)
        reach("after_linkage", settings.fault)
    if new and not landed and not rows(connection, "select 1 from meta_file limit 1"):
        raise Faults(refused, exit_code=EXIT_DATA)
    _refuse_jump(landed, settings.quarantine_share_limit)
    return landed, refused


def _refuse_jump(landed: Sequence[Landed], limit: float) -> None:
    faults = [
        Fault(
            message=f"{item.quarantined} of {item.received} rows were refused",
            file=item.file_name,
            field="; ".join(f"{column or 'line'}: {rule}" for column, rule, _, _ in item.reasons[:3]),
            expected=f"a refused share of at most {limit:.0%}",
            action="Look with `hssk check DIR`; mend the file, or raise HSSK_QUARANTINE_SHARE_LIMIT",
        )
        for item in landed
        if item.received and item.quarantined / item.received > limit
    ]
    if faults:
        raise Faults(faults, exit_code=EXIT_DATA)


def extract_date(
    connection: duckdb.DuckDBPyConnection, found: Sequence[Folder], given: date | None, today: date
) -> tuple[date, str]:
    """``--as-of``, else the manifest, else the newest recorded time that is not in the future."""
    if given is not None:
        return given, "--as-of"
    stated = [folder.manifest.as_of for folder in found if folder.manifest.as_of]
    if stated:
        return max(stated), "manifest.toml"
    newest: list[date] = []
    for table, column in _RECORDED:
        sql = f"select max({column}::date) from raw_{table} where {column}::date <= $today"
        newest += [day for (day,) in rows(connection, sql, {"today": today}) if day is not None]
    if not newest:
        raise UserError(
            "the extract carries no date", action="Give one with --as-of 2024-12-31", exit_code=EXIT_DATA
        )
    return max(newest), "newest record"


def shared_references(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What to tell when two senders use one reference: until sources are linked, it is taken for one person."""
    sql = "select count(*) from (select 1 from raw_resident group by person_key having count(distinct source) > 1)"
    [(people,)] = rows(connection, sql)
    return (
        [f"{people} person references come from more than one source: each is taken for one person"]
        if people
        else []
    )


def sweep_linkage(settings: Settings) -> None:
    """Remove sealed files that no loaded file owns: of killed or refused builds, and of replaced files."""
    with database.open_warehouse(settings) as connection:
        owned = {f"{sha}.sealed" for (sha,) in rows(connection, "select sha256 from meta_file")}
    for path in (settings.home / LINKAGE).iterdir():
        if path.name not in owned:
            path.unlink()
