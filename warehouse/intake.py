"""Intake: which files are new, which correct earlier ones, and how they land.

A city of files does not fit into one transaction (what is not committed stays in memory). So every file lands outside
of any, and the rows of a file count once ``meta_file`` names it: registering all of them is the one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb

from warehouse import database, file_names, landing
from warehouse.database import rows
from warehouse.errors import EXIT_CONFIG, EXIT_DATA, Fault, Faults, UserError
from warehouse.extract_files import ExtractFile, Folder
from warehouse.fault_points import reach
from warehouse.guards import Before, jumps, told
from warehouse.identity import Keys, key_marks
from warehouse.landing import Landed
from warehouse.linking.model import FILE_NAME as MODEL
from warehouse.readers import formats
from warehouse.readers.tabular import Source
from warehouse.settings import Settings
from warehouse.settling import settle
from warehouse.withheld import Withheld, refuse_shorter, take_out

LINKAGE = "linkage"
Progress = Callable[[str, str], None]
"""Called with a stage (``fingerprint``, ``read``, ``land``, ``core``, ``people``, ``spark``, ``mart``, ``publish``) and
what it works on."""
#: Columns that say when something was recorded; the newest plausible one dates an extract without a date.
_RECORDED = (
    ("measurement", "taken_at"), ("condition", "recorded_at"), ("health_record", "last_updated_at"),
    ("health_record", "created_at"), ("medication", "started_on"), ("encounter", "started_at"),
)  # fmt: skip


#: Logical name of a correction -> (file id, table) of all the earlier file gave.
Replaced = dict[str, list[tuple[int, str]]]


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What became of the files of a build. ``skipped`` were loaded before; ``replaced`` were corrected."""

    landed: tuple[Landed, ...]
    skipped: tuple[str, ...]
    replaced: tuple[str, ...]
    refused: tuple[Fault, ...]
    accepted: tuple[str, ...] = ()
    """Guards that were passed over, and why."""
    notes: tuple[str, ...] = ()
    """What else is to be told."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done with the files of a build, before anything is changed."""

    sound: tuple[tuple[ExtractFile, Source | None], ...]
    """Files to land; with what a plain table was found to be."""
    skipped: tuple[str, ...]
    replaced: Replaced
    refused: tuple[Fault, ...]


def survey(connection: duckdb.DuckDBPyConnection, files: Sequence[ExtractFile], progress: Progress) -> Plan:
    """Decide what is new, what corrects, what is refused; reads every new plain table to its end, changes nothing.

    Files of records are read to their end when they are landed, and refused then where they must be.
    """
    refuse_mixture(connection, files)
    new, skipped, replaced = _plan(connection, files)
    sound: list[tuple[ExtractFile, Source | None]] = []
    refused: list[Fault] = []
    for file in new:
        progress("read", file.logical_name)
        try:
            form, source = formats.inspect(file.task)
            sound.append((replace(file, format=form), source))
        except UserError as error:
            refused.append(error.fault)
    names = {file.logical_name for file, _ in sound}
    replaced = {name: earlier for name, earlier in replaced.items() if name in names}
    _refuse_hidden_repeats(connection, replaced)
    if new and not sound and not rows(connection, "select 1 from meta_file limit 1"):
        raise Faults(refused, exit_code=EXIT_DATA)
    return Plan(sound=tuple(sound), skipped=tuple(skipped), replaced=replaced, refused=tuple(refused))


@contextmanager
def unregistered(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows that belong to no registered file are taken away before, and after whatever goes wrong inside."""
    landing.clear(connection)
    try:
        yield
    except Exception:
        with suppress(duckdb.Error):
            rows(connection, "rollback")
        with suppress(duckdb.Error):
            landing.clear(connection)
        raise


def land_all(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    plan: Plan,
    keys: Keys,
    *,
    store: Path,
    progress: Progress,
) -> tuple[list[Landed], list[Fault]]:
    """Land every sound file, table by table; sealed files go to ``store``. Nothing counts yet.

    With the faults of the files that turned out to be damaged when they were read.
    """
    refuse_other_keys(connection, keys)
    store.mkdir(exist_ok=True, mode=0o700)
    [(next_id,)] = rows(connection, "select coalesce(max(file_id), 0) + 1 from meta_file")
    landed: list[Landed] = []
    refused: list[Fault] = []
    for file, source in plan.sound:
        progress("land", file.logical_name)
        first_id = next_id + len(landed)
        try:
            landed += landing.land_file(connection, file, source, first_id=first_id, keys=keys, store=store)
            reach("after_linkage", settings.fault)
        except UserError as error:
            refused.append(error.fault)
    if refused and not landed and not rows(connection, "select 1 from meta_file limit 1"):
        raise Faults([*plan.refused, *refused], exit_code=EXIT_DATA)
    return landed, refused


def take_in(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    plan: Plan,
    keys: Keys,
    landed: Sequence[Landed],
    refused: Sequence[Fault],
    *,
    now: datetime,
    accept: str | None,
) -> Intake:
    """Make landed files count, and those they correct no more, inside the caller's transaction.

    ``accept``: why deliveries that a guard stops are to be taken all the same; else they raise :class:`Faults`.
    """
    before, called = _loaded(connection), _called(connection, landed)
    names = {item.logical_name for item in landed}
    replaced = {name: parts for name, parts in plan.replaced.items() if name in names}
    for file_id, table in (part for parts in replaced.values() for part in parts):
        landing.unland(connection, file_id, table)
    found = settle(connection, landed)
    settled = found.landed
    lost = [item for item in before if item.logical_name in replaced]
    stopped = jumps(settled, before, replaced=lost, share_limit=settings.quarantine_share_limit)
    if stopped and accept is None:
        raise Faults(stopped, exit_code=EXIT_DATA)
    files = {file.logical_name: file for file, _ in plan.sound}
    for item in settled:
        landing.register(connection, files[item.logical_name], item, now)
    for name, mark in key_marks(keys).items():
        rows(connection, "insert or ignore into meta_key values ($name, $mark)", {"name": name, "mark": mark})
    return Intake(
        landed=settled,
        skipped=plan.skipped,
        replaced=tuple(sorted(replaced)),
        refused=(*plan.refused, *refused),
        accepted=tuple(told(stopped, accept or "", called)),
        notes=found.notes,
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
            "the warehouse was built with another key, or by an older version that made pseudonyms another way",
            field=", ".join(changed),
            action="Give the keys it was built with (after `hssk keys rotate`: the new file, no HSSK_*_KEY beside it), "
            "or rebuild it from all folders with --full",
            exit_code=EXIT_CONFIG,
        )


def refuse_loss(settings: Settings, found: Sequence[Folder], withheld: Withheld) -> frozenset[str]:
    """A full rebuild starts from nothing: every file in the warehouse, but those retracted, must be among those given.

    Returns the logical names now loaded; the rebuild must not refuse one of them either.
    """
    if not (settings.home / database.FILE_NAME).exists():
        return frozenset()
    with database.open_warehouse(settings) as connection:
        refuse_shorter(connection, withheld)
        known = rows(connection, "select logical_name, sha256 from meta_file")
        loaded = frozenset(name for name, sha in known if withheld.reason(sha) is None)
    lost = sorted(loaded - {file.logical_name for folder in found for file in folder.files})
    if lost:
        raise UserError(
            f"a full rebuild would lose {len(lost)} loaded files",
            file=lost[0],
            action="Give the folders of all loaded files",
            exit_code=EXIT_DATA,
        )
    return loaded


def refuse_refusals(
    sound: Iterable[str], refused: Sequence[Fault], files: Sequence[ExtractFile], loaded: frozenset[str]
) -> None:
    """A full rebuild stops when a file that is loaded now can no longer be used; ``sound``: logical names."""
    if (loaded & {file.logical_name for file in files}) - set(sound):
        raise Faults(refused, exit_code=EXIT_DATA)


def take_back(connection: duckdb.DuckDBPyConnection, withheld: Withheld) -> tuple[tuple[str, ...], Withheld]:
    """Take retracted files and forgotten people out, inside the caller's transaction; names of the files, as they are
    told, and the list with what was found.

    Raises :class:`UserError` when rows of other files were dropped as repeats of a retracted one.
    """
    gone, called = refuse_to_hide(connection, withheld), _called(connection, ())
    for file_id, table in (part for parts in gone.values() for part in parts):
        landing.unland(connection, file_id, table)
    return tuple(sorted(called[name] for name in gone)), take_out(connection, withheld)


def refuse_to_hide(connection: duckdb.DuckDBPyConnection, withheld: Withheld) -> Replaced:
    """Parts of the files that are retracted and still loaded.

    Raises :class:`UserError` when rows of other files were dropped as repeats of one of them.
    """
    gone: Replaced = {}
    for name, file_id, table, sha in rows(
        connection, "select logical_name, file_id, table_name, sha256 from meta_file order by file_id"
    ):
        if withheld.reason(sha) is not None:
            gone.setdefault(name, []).append((file_id, table))
    _refuse_hidden_repeats(connection, gone)
    return gone


def _plan(
    connection: duckdb.DuckDBPyConnection, files: Sequence[ExtractFile]
) -> tuple[list[ExtractFile], list[str], Replaced]:
    """Files to land, names of those already in, and earlier files (id, table) that a correction replaces.

    Corrections are found first: the content of a file that is about to be replaced does not count as loaded, or a
    renamed file whose old name gets new content would be lost.
    """
    files = _each_once(files)
    known = rows(
        connection,
        "select logical_name, file_id, table_name, format, sha256, folder from meta_file order by 2",
    )
    by_name = {name: (sha, folder) for name, *_, sha, folder in known}
    replaced: Replaced = {}
    for file in files:
        earlier, folder = by_name.get(file.logical_name, (file.sha256, ""))
        if earlier != file.sha256:
            _refuse_other_folder(file, folder)
            replaced[file.logical_name] = [row[1:3] for row in known if row[0] == file.logical_name]
    staying = {
        (sha, None if form in formats.TELLING else table)
        for name, _, table, form, sha, _ in known
        if name not in replaced
    }
    new, skipped = [], []
    for file in files:
        key = (file.sha256, None if file.format in formats.TELLING else file.table)
        if key in staying:
            skipped.append(file.logical_name)
        else:
            staying.add(key)
            new.append(file)
    return new, skipped, {name: earlier for name, earlier in replaced.items() if name not in skipped}


def _each_once(files: Sequence[ExtractFile]) -> list[ExtractFile]:
    """The files without those named twice; two different files of one logical name are refused."""
    paths: dict[str, Path] = {}
    kept: list[ExtractFile] = []
    for file in files:
        path = file.path.resolve()
        other = paths.setdefault(file.logical_name, path)
        if other != path:
            raise UserError(
                f"two files carry the logical name {file.logical_name}",
                file=file.path.name,
                expected="one file per logical name",
                action="Give each folder a manifest.toml with its own name",
                exit_code=EXIT_DATA,
            )
        if not any(one.path.resolve() == path for one in kept if one.logical_name == file.logical_name):
            kept.append(file)
    return kept


def _refuse_other_folder(file: ExtractFile, folder: str) -> None:
    """Two folders of the same last name may be a correction or a new delivery: only the sender knows."""
    if folder != file.folder and not file.manifest.is_named:
        raise UserError(
            f"{file.logical_name} was loaded from another folder of the same name",
            file=file.path.name,
            action="Say in the folder's manifest.toml what it is: the same `name` corrects, another `name` adds",
            exit_code=EXIT_DATA,
        )


def _refuse_hidden_repeats(connection: duckdb.DuckDBPyConnection, replaced: Replaced) -> None:
    """Rows of other files that gave way to those of the replaced one are gone; only a full rebuild brings them back.

    Of records it is known which file hid those of which; of rows of tables that some file repeats another.
    """
    corrected = [file_id for parts in replaced.values() for file_id, _ in parts]
    for name, parts in replaced.items():
        hidden = rows(
            connection,
            """select logical_name from meta_file where not list_contains($corrected, file_id) and (
                   (repeats_of_others > 0 and list_contains($tables, table_name))
                   or file_id in (select file_id from meta_hidden where list_contains($files, by_file)))
               order by file_id limit 1""",
            {
                "corrected": corrected,
                "tables": [table for _, table in parts],
                "files": [file_id for file_id, _ in parts],
            },
        )
        if hidden:
            raise UserError(
                f"{name} is replaced or taken back, but {hidden[0][0]} holds rows dropped as repeats of other files",
                action="Rebuild from all folders with --full, so that those rows are looked at again",
                exit_code=EXIT_DATA,
            )


def _called(connection: duckdb.DuckDBPyConnection, landed: Sequence[Landed]) -> dict[str | None, str]:
    """What the files that are loaded, or ``landed``, are called outside the store, by both of their names."""
    known = rows(connection, "select logical_name, file_name, sha256, format from meta_file")
    known += [(item.logical_name, item.file_name, item.sha256, item.format) for item in landed]
    return {name: file_names.told(name, sha256, form) for *names, sha256, form in known for name in names}


def _loaded(connection: duckdb.DuckDBPyConnection) -> list[Before]:
    sql = """select logical_name, table_name, received - quarantined, last_date from meta_file
        order by file_id"""
    return [Before(*row) for row in rows(connection, sql)]


def extract_date(connection: duckdb.DuckDBPyConnection, given: date | None, today: date) -> tuple[date, str]:
    """``--as-of``; else the latest of what the manifests of all loaded files state and, for files without a stated
    date, of what they recorded up to today. So a delivery of old files never moves the date back.
    """
    if given is not None:
        return given, "--as-of"
    [(stated,)] = rows(connection, "select max(as_of) from meta_file")
    days = [(stated, "manifest.toml")] if stated is not None else []
    for table, column in _RECORDED:
        sql = (
            f"select max({column}::date) from raw_{table} where {column}::date <= $today"
            " and _file_id in (select file_id from meta_file where as_of is null)"
        )
        days += [
            (day, "newest record") for (day,) in rows(connection, sql, {"today": today}) if day is not None
        ]
    if not days:
        raise UserError(
            "the extract carries no date", action="Give one with --as-of 2024-12-31", exit_code=EXIT_DATA
        )
    return max(days)


def shared_references(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What to tell when two senders use one reference: until sources are linked, it is taken for one person."""
    sql = "select count(*) from (select 1 from raw_resident group by person_key having count(distinct source) > 1)"
    [(people,)] = rows(connection, sql)
    return (
        [f"{people} person references come from more than one source: each is taken for one person"]
        if people
        else []
    )


def sealed_files(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Names of the sealed files that belong to the loaded files, and of what linkage keeps."""
    known = rows(connection, "select sha256, table_name, format from meta_file")
    return frozenset(landing.sealed_name(*row) for row in known) | {MODEL}


def sweep_linkage(home: Path, owned: frozenset[str]) -> None:
    """Remove sealed files that no loaded file owns: of killed or refused builds, and of replaced files."""
    for path in (home / LINKAGE).glob("*"):
        if path.is_file() and path.suffix in (".sealed", ".partial") and path.name not in owned:
            path.unlink()
