"""``hssk build``: extract files -> warehouse -> a new sealed generation -> ``CURRENT``."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse import database, engine, publish, rebuild, releases
from warehouse.counting import count
from warehouse.database import rows
from warehouse.engine_table import Table
from warehouse.errors import Fault
from warehouse.extract_files import ExtractFile, Folder, read_folder
from warehouse.fault_points import check_name, reach
from warehouse.generation_files import ESTIMATES
from warehouse.identity import Keys, hmac_parameters, load_keys
from warehouse.intake import (
    LINKAGE,
    Intake,
    Plan,
    Progress,
    extract_date,
    land_all,
    refuse_loss,
    refuse_refusals,
    sealed_files,
    shared_references,
    survey,
    sweep_linkage,
    take_back,
    take_in,
    unregistered,
)
from warehouse.landing import Landed
from warehouse.lineage import build_manifest, read_quarantine, table_lineage, write_quarantine
from warehouse.linking import persons
from warehouse.lock import build_lock
from warehouse.reference_tables import reference_tables
from warehouse.rules import Rules, load_rules
from warehouse.settings import Settings
from warehouse.vintages import Revision, check_carried, freeze
from warehouse.withheld import Withheld, tell
from warehouse.withheld import read as read_withheld
from warehouse.withheld import settle as settle_withheld

#: Writes estimates into a staged generation with this manifest; returns what the manifest says of them.
Estimate = Callable[[Path, dict[str, Any], Progress], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What a build did, for the person who started it."""

    build_id: str
    as_of: date
    as_of_source: str
    landed: tuple[Landed, ...]
    skipped: tuple[str, ...]
    replaced: tuple[str, ...]
    refused: tuple[Fault, ...]
    ignored: tuple[Fault, ...]
    tables: tuple[engine.TableRun, ...]
    notes: tuple[str, ...]
    retired: tuple[str, ...]


def build(
    settings: Settings,
    folders: Sequence[Path],
    *,
    now: datetime,
    as_of: date | None = None,
    full: bool = False,
    accept: str | None = None,
    revision: Revision | None = None,
    estimate: Estimate | None = None,
    rules: Rules | None = None,
    replaced: Keys | None = None,
    progress: Progress = lambda stage, what: None,
) -> BuildReport:
    """Load what is new in ``folders`` and publish a new generation.

    ``estimate`` fits the models (a floor above); counts are published even if it fails, and the manifest says so. With
    ``full`` the warehouse is built aside from ``folders`` alone and then replaces the old one. ``accept``: why
    deliveries that a guard stops are taken all the same. ``revision`` publishes a new vintage of quarters that are
    frozen. What was retracted or forgotten since the last build is taken out. ``rules``: all of this installation
    where none are given. ``replaced``: keys of the store until now, where ``full`` brings in others. Raises
    :class:`UserError` when another build runs, keys are missing, synthetic and real data would mix, or a guard stops a
    file; then nothing is changed.
    """
    check_name(settings.fault)
    keys = load_keys(settings)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o750)
    with build_lock(settings.home, now), database.told_when_exhausted(settings):
        rebuild.settle(settings.home)
        progress("fingerprint", ", ".join(folder.name for folder in folders))
        withheld = read_withheld(settings.home)
        order = _Order(
            folders=tuple(_without_retracted(read_folder(folder), withheld) for folder in folders),
            as_of=as_of,
            full=full,
            accept=accept,
            revision=revision,
            rules=rules or load_rules(),
            withheld=withheld,
            replaced=replaced,
            now=now,
        )
        loaded, generation, owned = _count(settings, keys, order, progress)
        _put_in_place(settings, keys, loaded.withheld, full=full)
        if estimate is not None:
            generation = _estimated(generation, estimate, progress)
        _publish(settings, generation)
        releases.record(settings.home, generation.build_id, generation.manifest["vintages"], now)
        sweep_linkage(settings.home, owned)
        return _report(order.folders, loaded, generation, retired=publish.retire(settings.home, now))


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What is asked of a build; see :func:`build`."""

    folders: tuple[Folder, ...]
    as_of: date | None
    full: bool
    accept: str | None
    revision: Revision | None
    rules: Rules
    withheld: Withheld
    replaced: Keys | None
    now: datetime

    @property
    def files(self) -> list[ExtractFile]:
        return [file for folder in self.folders for file in folder.files]


def _count(
    settings: Settings, keys: Keys, order: _Order, progress: Progress
) -> tuple[_Loaded, _Generation, frozenset[str]]:
    """Files to people to counts; and the names of the sealed files that belong to the store then."""
    known = refuse_loss(settings, order.folders, order.withheld) if order.full else frozenset()
    store, linkage = _stores(settings.home, full=order.full)
    with _scratch(settings) as scratch, database.open_warehouse(settings, store) as connection:
        plan = survey(connection, order.files, progress)
        if order.full:
            sound = [file.logical_name for file, _ in plan.sound]
            refuse_refusals([*sound, *plan.skipped], plan.refused, order.files, known)
        loaded = _load(connection, settings, plan, keys, order, store=linkage, progress=progress)
        if order.full:
            landed = [item.logical_name for item in loaded.intake.landed]
            refuse_refusals([*landed, *plan.skipped], loaded.intake.refused, order.files, known)
        if order.full:
            persons.carry(
                connection,
                settings.home,
                before=settings.home / LINKAGE,
                folder=linkage,
                keys=keys,
                replaced=order.replaced,
            )
        if settings.is_linked:
            persons.link(connection, settings, keys, folder=linkage, now=order.now, progress=progress)
        generation = _prepare(
            connection,
            settings,
            loaded,
            scratch=scratch,
            revision=order.revision,
            now=order.now,
            progress=progress,
        )
        return loaded, generation, sealed_files(connection)


def _put_in_place(settings: Settings, keys: Keys, withheld: Withheld, *, full: bool) -> None:
    """The store that was counted from becomes that of the home, and nothing is left of who was forgotten."""
    if full:
        rebuild.install(settings.home, fault=settings.fault)
    elif withheld.pending:
        rebuild.rewrite(settings)
    settle_withheld(settings.home, settings.home / LINKAGE, keys, withheld)


def _without_retracted(folder: Folder, withheld: Withheld) -> Folder:
    """Files that were retracted are left alone, whoever sends them again."""
    told = [(file, withheld.reason(file.sha256)) for file in folder.files]
    left = [
        Fault(message=f"retracted on {found.on}: {found.reason}", file=file.path.name)
        for file, found in told
        if found is not None
    ]
    kept = tuple(file for file, found in told if found is None)
    return replace(folder, files=kept, ignored=(*folder.ignored, *left))


def _stores(home: Path, *, full: bool) -> tuple[Path, Path]:
    """Where people and sealed files are written: in place, or aside for a full rebuild."""
    if full:
        return rebuild.store_aside(home), rebuild.linkage_aside(home)
    return home / database.FILE_NAME, home / LINKAGE


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """A private folder for what another engine reads and writes, gone afterwards."""
    with tempfile.TemporaryDirectory(
        prefix=".scratch-", dir=settings.spark_folder or settings.home
    ) as folder:
        yield Path(folder)


def _report(
    found: Sequence[Folder], loaded: _Loaded, generation: _Generation, *, retired: Sequence[str]
) -> BuildReport:
    return BuildReport(
        build_id=generation.build_id,
        as_of=loaded.as_of,
        as_of_source=loaded.as_of_source,
        landed=loaded.intake.landed,
        skipped=loaded.intake.skipped,
        replaced=loaded.intake.replaced,
        refused=loaded.intake.refused,
        ignored=tuple(fault for folder in found for fault in folder.ignored),
        tables=generation.runs,
        notes=tuple(generation.manifest["notes"]),
        retired=tuple(retired),
    )


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """The people's store after its transaction, and what counting needs to know of it."""

    intake: Intake
    as_of: date
    as_of_source: str
    record_key: bytes
    reference: Mapping[str, pl.DataFrame]
    notes: tuple[str, ...]
    withheld: Withheld


def _load(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    plan: Plan,
    keys: Keys,
    order: _Order,
    *,
    store: Path,
    progress: Progress,
) -> _Loaded:
    """Files to ``raw_``: all of them, or none where one must not be loaded."""
    tell(connection, keys, order.withheld)
    with unregistered(connection):
        landed, refused = land_all(connection, settings, plan, keys, store=store, progress=progress)
        progress("land", "repeats")
        rows(connection, "begin transaction")
        retracted, withheld = take_back(connection, order.withheld)
        intake = take_in(
            connection, settings, plan, keys, landed, refused, now=order.now, accept=order.accept
        )
        check_carried(settings.home, keys.record_key, order.revision)
        day, source = extract_date(connection, order.as_of, order.now.date())
        reference, notes = reference_tables(connection, order.rules, as_of=day, record_key=keys.record_key)
        notes += shared_references(connection) + list(intake.accepted) + list(intake.notes)
        notes += [f"retracted: {name}" for name in retracted]
        reach("before_commit", settings.fault)
        rows(connection, "commit")
    reach("after_commit", settings.fault)
    return _Loaded(
        intake=intake,
        as_of=day,
        as_of_source=source,
        record_key=keys.record_key,
        reference=reference,
        notes=tuple(notes),
        withheld=withheld,
    )


@dataclass(frozen=True, kw_only=True)
class _Generation:
    """A generation that is complete but has neither its name nor readers yet."""

    build_id: str
    staged: Path
    manifest: dict[str, Any]
    lineage: dict[str, Any]
    refused_rows: pl.DataFrame
    runs: tuple[engine.TableRun, ...]


def _prepare(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    loaded: _Loaded,
    *,
    scratch: Path,
    revision: Revision | None,
    now: datetime,
    progress: Progress,
) -> _Generation:
    """``raw_`` to ``mart_``, manifest and lineage, in a hidden folder."""
    tables = engine.load_tables()
    staged = publish.stage(settings.home)
    parameters = {"as_of": loaded.as_of, **hmac_parameters("record", loaded.record_key)}
    with database.core_store(connection, settings.home / database.TEMPORARY):
        runs = count(
            connection, settings, reference=loaded.reference, parameters=parameters,
            staged=staged, scratch=scratch, progress=progress,
        )  # fmt: skip
        reach("after_marts", settings.fault)
        progress("publish", "manifest")
        fingerprints = _fingerprints(connection, tables)
        rows(connection, "detach marts")
        build_id = publish.new_build_id(settings.home, loaded.as_of, fingerprints)
        manifest = build_manifest(connection, build_id, loaded.as_of, now, fingerprints, loaded.notes)
    manifest["engine"] = settings.engine
    progress("publish", "frozen quarters")
    manifest |= freeze(
        settings.home, staged, as_of=loaded.as_of, days=settings.freeze_days, revision=revision
    )
    lineage = {
        "tables": table_lineage(tables, runs),
        "files": manifest["files"],
        "rules": sorted(loaded.reference),
    }
    return _Generation(
        build_id=build_id,
        staged=staged,
        manifest=manifest,
        lineage=lineage,
        refused_rows=read_quarantine(connection),
        runs=tuple(runs),
    )


def _estimated(generation: _Generation, estimate: Estimate, progress: Progress) -> _Generation:
    """With what the models say. Whatever goes wrong in them must not keep the counts from their readers."""
    try:
        found = estimate(generation.staged, generation.manifest, progress)
    except Exception as error:
        (generation.staged / ESTIMATES).unlink(missing_ok=True)
        note = f"no estimates: fitting failed ({type(error).__name__}: {error})"
        notes = [*generation.manifest["notes"], note]
        return replace(generation, manifest={**generation.manifest, "notes": notes})
    return replace(generation, manifest={**generation.manifest, "estimates": found})


def _publish(settings: Settings, generation: _Generation) -> None:
    """Seal the generation and make it current, once the store it was counted from is in place."""
    publish.publish(
        settings.home,
        generation.staged,
        generation.build_id,
        generation.manifest,
        generation.lineage,
        fault=settings.fault,
    )
    write_quarantine(generation.refused_rows, settings.home, generation.build_id)


def _fingerprints(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]
) -> dict[str, dict[str, Any]]:
    names = sorted(table.name for table in tables if table.is_mart and not table.is_history)
    return {name: publish.table_fingerprint(connection, f"marts.main.{name}") for name in names}


def as_json(report: BuildReport) -> dict[str, Any]:
    """The report as plain JSON types."""
    return json.loads(json.dumps(asdict(report), default=str))  # type: ignore[no-any-return]
