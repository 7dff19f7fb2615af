"""``hssk build``: extract files -> warehouse (one transaction) -> a new sealed generation -> ``CURRENT``."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from filelock import FileLock, Timeout

from warehouse import database, engine, landing, publish
from warehouse.contracts import load_contracts, suggest
from warehouse.database import rows
from warehouse.errors import EXIT_DATA, EXIT_LOCKED, Fault, Faults, UserError
from warehouse.extract_files import ExtractFile, Folder, read_folder
from warehouse.fault_points import check_name, reach
from warehouse.geography import districts, wards
from warehouse.geography.population import delivered_population, reference_population
from warehouse.identity import Keys, hmac_parameters, load_keys
from warehouse.landing import Landed
from warehouse.rule_calendar import MAX_QUARTERS, calendar_tables, last_day_of, quarter_ordinal
from warehouse.rules import load_rules
from warehouse.settings import Settings

LOCK = "build.lock"
Progress = Callable[[str, str], None]
"""Called with a stage (``fingerprint``, ``land``, ``core``, ``mart``, ``publish``) and what is being worked on."""
#: Columns that say when something was recorded; the newest plausible one dates an extract without a date.
_RECORDED = (
    ("measurement", "taken_at"), ("condition", "recorded_at"), ("health_record", "last_updated_at"),
    ("health_record", "created_at"), ("medication", "started_on"), ("encounter", "started_at"),
)  # fmt: skip


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
    progress: Progress = lambda stage, what: None,
) -> BuildReport:
    """Load what is new in ``folders`` and publish a new generation.

    With ``full`` the warehouse is built aside from ``folders`` alone and then replaces the old one. Raises
    :class:`UserError` when another build runs, keys are missing, synthetic and real data would mix, or a file's
    refused share passes the limit; then nothing is changed.
    """
    check_name(settings.fault)
    keys = load_keys(settings)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o750)
    with build_lock(settings.home, now):
        progress("fingerprint", ", ".join(folder.name for folder in folders))
        found = [read_folder(folder) for folder in folders]
        if full:
            _refuse_loss(settings, found)
        path = settings.home / database.FILE_NAME
        target = path.with_suffix(".rebuild") if full else path
        target.unlink(missing_ok=True) if full else None
        with database.open_warehouse(settings, target) as connection:
            report = _build_in(connection, settings, found, keys, now=now, as_of=as_of, progress=progress)
        if full:
            os.replace(target, path)
        _sweep_linkage(settings)
    return report


def _build_in(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    found: Sequence[Folder],
    keys: Keys,
    *,
    now: datetime,
    as_of: date | None,
    progress: Progress,
) -> BuildReport:
    files = [file for folder in found for file in folder.files]
    _refuse_mixture(connection, files)
    new, skipped, replaced = _plan(connection, files)
    rows(connection, "begin transaction")
    landed, refused = _land_all(connection, settings, new, replaced, keys, now, progress)
    day, day_source = _extract_date(connection, found, as_of, now.date())
    parameters = {"as_of": day, **hmac_parameters("record", keys.record_key)}
    given, notes = _reference_tables(connection, day)
    tables = engine.load_tables()
    engine.check_inputs(tables, [*database.raw_tables(), *given])
    core = [table for table in tables if not table.is_mart]
    schema = f"{database.CATALOG}.main"
    runs = engine.run(
        connection, core, parameters, schema=schema, progress=lambda name: progress("core", name)
    )
    reach("before_commit", settings.fault)
    rows(connection, "commit")
    reach("after_commit", settings.fault)
    staged = publish.stage(settings.home)
    runs += _write_marts(connection, staged, tables, parameters, progress)
    reach("after_marts", settings.fault)
    fingerprints = _fingerprints(connection, tables)
    rows(connection, f"use {database.CATALOG}")
    rows(connection, "detach marts")
    progress("publish", "manifest")
    build_id = publish.new_build_id(settings.home, day, fingerprints)
    manifest = _manifest(connection, build_id, day, now, fingerprints, notes)
    lineage = {"tables": _lineage(tables, runs), "files": manifest["files"], "rules": sorted(given)}
    publish.publish(settings.home, staged, build_id, manifest, lineage, fault=settings.fault)
    _write_quarantine(connection, settings.home, build_id)
    return BuildReport(
        build_id=build_id,
        as_of=day,
        as_of_source=day_source,
        landed=tuple(landed),
        skipped=tuple(skipped),
        replaced=tuple(sorted(replaced)),
        refused=tuple(refused),
        ignored=tuple(fault for folder in found for fault in folder.ignored),
        tables=tuple(runs),
        notes=tuple(notes),
        retired=tuple(publish.retire(settings.home, now)),
    )


@contextmanager
def build_lock(home: Path, now: datetime) -> Iterator[None]:
    """Exclusive for everything that writes. A second one exits 75 naming the holder (pid, host, start)."""
    path = home / LOCK
    lock = FileLock(path)
    holder = path.with_suffix(".holder")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = holder.read_text(encoding="utf-8").strip() if holder.exists() else "unknown"
        raise UserError(
            "another build is running", value=who, action="Wait for it to end", exit_code=EXIT_LOCKED
        ) from None
    try:
        text = f"pid {os.getpid()} on {socket.gethostname()} since {now:%Y-%m-%d %H:%M:%S}\n"
        holder.write_text(text, encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _refuse_loss(settings: Settings, found: Sequence[Folder]) -> None:
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


def _refuse_mixture(connection: duckdb.DuckDBPyConnection, files: Sequence[ExtractFile]) -> None:
    kinds = {file.manifest.synthetic for file in files}
    kinds |= {bool(flag) for (flag,) in rows(connection, "select distinct synthetic from meta_file")}
    if len(kinds) > 1:
        raise UserError(
            "synthetic and real extracts would be mixed",
            expected="one or the other in one HSSK_HOME",
            action="Set HSSK_HOME to another folder",
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
    store = settings.home / "linkage"
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


def _extract_date(
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


def _reference_tables(connection: duckdb.DuckDBPyConnection, as_of: date) -> tuple[list[str], list[str]]:
    """Write the ``rule_`` tables; returns their names and what the reader of the numbers must know."""
    tables = load_rules().tables()
    origin, notes = _origin(connection, as_of)
    tables |= calendar_tables(origin=origin, last=as_of)
    tables["rule_place"] = _places()
    delivered = connection.sql(
        "select unit_code, sex, age_band, year, people, source from raw_population"
    ).pl()
    if delivered.height:
        tables["rule_population"] = delivered_population(delivered, tables["rule_age_band"])
    else:
        tables["rule_population"] = reference_population(tables["rule_age_band"])
        notes.append("no population extract: the bundled reference population is used")
    database.put_frames(connection, tables)
    return list(tables), notes


def _origin(connection: duckdb.DuckDBPyConnection, as_of: date) -> tuple[date, list[str]]:
    """First day of the time axis: the first record's creation, at most 62 quarters back."""
    sql = "select min(created_at::date) from raw_health_record where created_at::date <= $as_of"
    [(first,)] = rows(connection, sql, {"as_of": as_of})
    oldest = last_day_of(quarter_ordinal(as_of) - MAX_QUARTERS + 1)
    if first is None:
        return as_of, ["no health record up to the extract date: only the running quarter is shown"]
    if first < oldest and quarter_ordinal(first) < quarter_ordinal(oldest):
        return oldest, [f"records begin {first}; the time axis shows the last {MAX_QUARTERS} quarters"]
    return first, []


def _places() -> pl.DataFrame:
    """``rule_place``: 0 unallocated, then wards, then each district with the ward unknown."""
    places: list[tuple[int, str | None, str | None]] = [(0, None, None)]
    places += [(number, ward.code, ward.district_code) for number, ward in enumerate(wards(), start=1)]
    start = len(places)
    places += [(number, None, district.code) for number, district in enumerate(districts(), start=start)]
    schema = {"place_id": pl.Int16, "ward_code": pl.String, "district_code": pl.String}
    return pl.DataFrame(places, schema=schema, orient="row")


def _write_marts(
    connection: duckdb.DuckDBPyConnection,
    staged: Path,
    tables: Sequence[engine.Table],
    parameters: dict[str, Any],
    progress: Progress,
) -> list[engine.TableRun]:
    """Make the marts in their own file: a DuckDB transaction writes to one file only, and this one will be sealed."""
    quoted = str(staged / publish.MARTS).replace("'", "''")
    rows(connection, f"attach '{quoted}' as marts")
    rows(connection, f"set search_path = '{database.CATALOG}.main,marts.main'")
    marts = [table for table in tables if table.is_mart]
    runs = engine.run(
        connection, marts, parameters, schema="marts.main", progress=lambda name: progress("mart", name)
    )
    rows(connection, "create table marts.main.rule_age_band as select * from rule_age_band order by age")
    rows(connection, "checkpoint marts")
    return runs


def _fingerprints(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[engine.Table]
) -> dict[str, dict[str, Any]]:
    names = sorted(table.name for table in tables if table.is_mart)
    return {name: publish.table_fingerprint(connection, f"marts.main.{name}") for name in names}


def _manifest(
    connection: duckdb.DuckDBPyConnection,
    build_id: str,
    as_of: date,
    now: datetime,
    fingerprints: dict[str, dict[str, Any]],
    notes: Sequence[str],
) -> dict[str, Any]:
    files = connection.sql(
        "select * exclude (file_id, loaded_at, synthetic) from meta_file order by file_id"
    ).pl()
    [(synthetic,)] = rows(connection, "select coalesce(bool_or(synthetic), false) from meta_file")
    quarters = [
        name for (name,) in rows(connection, "select quarter from rule_quarter order by quarter_index")
    ]
    [(source,)] = rows(connection, "select min(source) from rule_population")
    return {
        "build_id": build_id,
        "extract_date": as_of.isoformat(),
        "created_at": now.isoformat(timespec="seconds"),
        "synthetic": synthetic,
        "code_version": code_version(),
        "fingerprints": fingerprints,
        "files": files.to_dicts(),
        "quarters": quarters,
        "population": {"source": source},
        "estimates": None,
        "notes": list(notes),
    }


def code_version() -> str:
    """Version of the installed program; ``source`` when it runs from a checkout that is not installed."""
    try:
        return metadata.version("hssk-atlas")
    except metadata.PackageNotFoundError:
        return "source"


def _lineage(tables: Sequence[engine.Table], runs: Sequence[engine.TableRun]) -> dict[str, Any]:
    cost = {run.name: run for run in runs}
    return {
        table.name: {
            "sql": table.sql,
            "inputs": list(table.inputs),
            "rows": cost[table.name].rows,
            "seconds": round(cost[table.name].seconds, 3),
        }
        for table in tables
    }


def _write_quarantine(connection: duckdb.DuckDBPyConnection, home: Path, build_id: str) -> None:
    """What was refused, as a file for the steward: no identifying value is in it."""
    folder = home / "quarantine"
    folder.mkdir(exist_ok=True, mode=0o750)
    frame = connection.sql(
        """select f.logical_name, f.file_name, q.row_number, q.column_name, q.rule, q.value, q.expected
           from meta_quarantine q join meta_file f using (file_id) order by all"""
    ).pl()
    path = folder / f"{build_id}.csv"
    frame.write_csv(path)
    path.chmod(0o640)


def _sweep_linkage(settings: Settings) -> None:
    """Remove sealed files that no loaded file owns: of killed or refused builds, and of replaced files."""
    with database.open_warehouse(settings) as connection:
        owned = {f"{sha}.sealed" for (sha,) in rows(connection, "select sha256 from meta_file")}
    for path in (settings.home / "linkage").iterdir():
        if path.name not in owned:
            path.unlink()


def explain(home: Path, mart: str) -> dict[str, Any]:
    """How a table of the current generation was made: its SQL, its inputs down to the raw tables, rows, files."""
    build_id = publish.current_build(home)
    if build_id is None:
        raise UserError("nothing is built yet", action="Run `hssk build DIR`", exit_code=EXIT_DATA)
    lineage = json.loads((home / publish.BUILDS / build_id / publish.LINEAGE).read_text(encoding="utf-8"))
    tables = lineage["tables"]
    if mart not in tables:
        raise UserError("no such table in this build", value=mart, expected=suggest(mart, sorted(tables)))
    names = _upstream(mart, tables)
    raw = {name.removeprefix("raw_") for name in names if name.startswith("raw_")} & set(load_contracts())
    return {
        "build": build_id,
        "table": mart,
        "made_from": [{"table": name, **tables[name]} for name in names if name in tables],
        "files": [file for file in lineage["files"] if file["table_name"] in raw],
    }


def _upstream(name: str, tables: dict[str, Any]) -> list[str]:
    """The table and everything it comes from, nearest first, each once."""
    found = [name]
    for item in found:
        found += [other for other in tables.get(item, {}).get("inputs", ()) if other not in found]
    return found


def as_json(report: BuildReport) -> dict[str, Any]:
    """The report as plain JSON types."""
    return json.loads(json.dumps(asdict(report), default=str))  # type: ignore[no-any-return]
