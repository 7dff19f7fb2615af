"""The one door to people: opens ``warehouse.duckdb`` (or a throwaway in memory) and knows its bookkeeping tables.

A private temporary folder takes what does not fit in memory; it is removed on closing, and what a killed process left
of it at the next opening. It is in the clear (DuckDB's own encryption of it needs an extension that is not in the
wheel): the home folder, and the system's folder for temporary files, belong on an encrypted disk.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse.casting import TIME_ZONE, stored_columns
from warehouse.contracts import load_contracts
from warehouse.errors import EXIT_DATA, EXIT_UNAVAILABLE, UserError
from warehouse.settings import Settings

FILE_NAME = "warehouse.duckdb"
#: Private folder of the home for what does not outlive a build.
TEMPORARY = "tmp"
CATALOG = "people"
#: Catalog of the tables a build works out anew: ``rule_`` and ``core_``, in a file that goes with the build.
CORE = "core"
#: Of a file that is complete at the end or thrown away: no log to recover it from. With one a small table costs nearly
#: twice as much, and DuckDB 2 does not use the room of dropped tables again.
UNLOGGED = "(recovery_mode no_wal_writes)"
#: Pseudonyms of people who were forgotten, and of their records; filled for a build, kept in no store.
FORGOTTEN, FORGOTTEN_RECORD = "forgotten_person", "forgotten_record"
#: The same under keys from before: place of the key, whether of a person or a record, pseudonym.
FORGOTTEN_BEFORE = "forgotten_before"
#: Bookkeeping that SQL may read: what became of the rows of every file.
META_TABLES = ("meta_file", "meta_quarantine", "meta_set_aside", "meta_record")
#: What linkage found: persons by reference, the pairs that were weighed, that it ran, what is wrong with numbers.
PERSON_TABLES = ("meta_person", "meta_person_pair", "meta_linkage", "meta_number_fault")
#: What the checks of the build before found.
FINDINGS = "meta_finding"
_META = """
create table if not exists meta_file (
    file_id integer primary key, logical_name varchar, table_name varchar, file_name varchar, format varchar,
    sha256 varchar, bytes bigint, received bigint, accepted bigint, quarantined bigint, duplicate bigint,
    repeats_of_others bigint, first_date date, last_date date, source varchar, synthetic boolean, as_of date,
    folder varchar, loaded_at timestamp, sender varchar);
alter table meta_file add column if not exists sender varchar;
create table if not exists meta_key (name varchar primary key, mark bigint);
create table if not exists meta_quarantine (
    file_id integer, row_number bigint, column_name varchar, rule varchar, value varchar, expected varchar);
create table if not exists meta_finding (check_id varchar, person_key bigint, subject_key bigint);
create table if not exists meta_set_aside (file_id integer, kind varchar, why varchar, records bigint);
create table if not exists meta_record (
    file_id integer, record_number bigint, record_key bigint, version timestamptz, moment timestamptz,
    is_dated boolean default true);
alter table meta_record add column if not exists is_dated boolean default true;
create table if not exists meta_hidden (file_id integer, by_file integer);
create table if not exists meta_person (source_key bigint, person_key bigint, since timestamp);
create table if not exists meta_person_before (
    source_key bigint, person_key bigint, since timestamp, until timestamp);
create table if not exists meta_person_pair (key_a bigint, key_b bigint, weight real, key varchar, evidence real);
create table if not exists meta_person_seen (entity_key bigint, fingerprint bigint);
create table if not exists meta_withheld (kind varchar, number bigint, digest varchar);
create table if not exists meta_linkage (
    mark varchar, identities bigint, entities bigint, pairs bigint, lent bigint, prior_bits double, model varchar);
create table if not exists meta_lent (mark bigint);
create table if not exists meta_number_fault (source varchar, number varchar, faults usmallint, written bigint);
"""


@contextmanager
def open_warehouse(settings: Settings, path: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the person store at ``path`` (default: the home's), created with its tables when new."""
    home = settings.home
    temporary = home / TEMPORARY
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True, mode=0o700)
    connection = duckdb.connect()
    try:
        configure(connection, settings, temporary)
        attach(connection, path or home / FILE_NAME)
        create_tables(connection)
        yield connection
    finally:
        connection.close()
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def open_memory(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A person store in memory that nothing outlives: for dry runs."""
    with tempfile.TemporaryDirectory(prefix="hssk-") as temporary, duckdb.connect() as connection:
        configure(connection, settings, Path(temporary))
        connection.execute(f"attach ':memory:' as {CATALOG}").fetchall()
        connection.execute(f"use {CATALOG}").fetchall()
        create_tables(connection)
        yield connection


def configure(connection: duckdb.DuckDBPyConnection, settings: Settings, temporary: Path) -> None:
    """Time zone of the city, memory, threads and the folder for what does not fit."""
    connection.execute("set TimeZone = $zone", {"zone": TIME_ZONE}).fetchall()
    connection.execute("set memory_limit = $limit", {"limit": f"{settings.memory_limit_gib}GiB"}).fetchall()
    connection.execute("set preserve_insertion_order = false").fetchall()
    connection.execute("set enable_progress_bar = false").fetchall()
    if settings.threads:
        connection.execute("set threads = $threads", {"threads": settings.threads}).fetchall()
    connection.execute("set temp_directory = $folder", {"folder": str(temporary)}).fetchall()


def attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the store file as the default catalog; mode 0600."""
    try:
        connection.execute(f"attach '{quoted(path)}' as {CATALOG}").fetchall()
    except duckdb.Error as error:
        raise UserError(
            f"the warehouse file does not open ({type(error).__name__})",
            file=path.name,
            expected="a DuckDB 2 file that no other process writes",
            action="Rebuild it with `hssk build DIR --full`",
            exit_code=EXIT_DATA,
        ) from None
    path.chmod(0o600)
    connection.execute(f"use {CATALOG}").fetchall()


@contextmanager
def core_store(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[None]:
    """A throwaway store for ``rule_`` and ``core_`` tables, the first place in which names are looked up."""
    path = folder / "core.duckdb"
    rows(connection, f"attach '{quoted(path)}' as {CORE} {UNLOGGED}")
    path.chmod(0o600)
    rows(connection, f"set search_path = '{CORE}.main,{CATALOG}.main'")
    yield
    # Not after a fault: the connection may be of no use then, and its folder goes with it.
    rows(connection, f"use {CATALOG}")
    rows(connection, "set checkpoint_on_detach = 'DISABLED'")
    rows(connection, f"detach {CORE}")
    rows(connection, "reset checkpoint_on_detach")
    path.unlink()


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Bookkeeping tables and one empty ``raw_`` table per contract, where they are not there yet."""
    connection.execute(_META).fetchall()
    for table in (FORGOTTEN, FORGOTTEN_RECORD):
        connection.execute(f"create temp table if not exists {table} (key bigint)").fetchall()
    connection.execute(
        f"create temp table if not exists {FORGOTTEN_BEFORE} (place smallint, kind varchar, key bigint)"
    ).fetchall()
    for contract in load_contracts().values():
        columns = {name: kind for name, (kind, _) in stored_columns(contract).items()}
        body = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(
            f"create table if not exists raw_{contract.table} ({body}, _file_id integer, _row bigint)"
        ).fetchall()


@contextmanager
def told_when_exhausted(settings: Settings) -> Iterator[None]:
    """Tell people that memory or disk ran out, and what to do; nothing was published then."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise UserError(
            "memory ran out, so nothing was published",
            field="memory_limit_gib",
            value=f"{settings.memory_limit_gib:g}",
            expected="more memory for this many people",
            action="Raise HSSK_MEMORY_LIMIT_GIB, or lower HSSK_THREADS",
            exit_code=EXIT_UNAVAILABLE,
        ) from error
    except duckdb.IOException as error:
        if "No space left" not in str(error):
            raise
        raise UserError(
            "the disk is full, so nothing was published",
            file=str(settings.home),
            expected="room for the warehouse and for what does not fit into memory (tmp/)",
            action="Make room, then build again",
            exit_code=EXIT_UNAVAILABLE,
        ) from error


def put_frames(connection: duckdb.DuckDBPyConnection, frames: Mapping[str, pl.DataFrame]) -> None:
    """Write small reference frames as tables of the same name, replacing what is there."""
    for name, frame in frames.items():
        connection.register("incoming_frame", frame.to_arrow())
        connection.execute(f"create or replace table {name} as select * from incoming_frame").fetchall()
        connection.unregister("incoming_frame")


def put_people(connection: duckdb.DuckDBPyConnection, *, linked: bool) -> None:
    """Let ``raw_`` tables of people tell persons: the references that linkage found to be one have one ``person_key``.

    Views in the core store, which is looked up first; ``source_key`` is the key of the reference. What was received
    stays as it is. Without ``linked`` references are people.
    """
    people = f"{CATALOG}.main"
    rows(
        connection,
        f"""create or replace table {CORE}.main.linked_person as
            select source_key, person_key from {people}.meta_person where $linked and source_key <> person_key""",
        {"linked": linked},
    )
    some = rows(connection, f"select 1 from {CORE}.main.linked_person limit 1")
    for contract in load_contracts().values():
        if not contract.has_person:
            continue
        name = f"raw_{contract.table}"
        person = "coalesce(l.person_key, r.person_key) as person_key"
        told = f"""select r.* replace ({person}), r.person_key as source_key from {people}.{name} r
            left join {CORE}.main.linked_person l on l.source_key = r.person_key"""
        plain = f"select *, person_key as source_key from {people}.{name}"
        rows(connection, f"create or replace view {CORE}.main.{name} as {told if some else plain}")


def rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any] | None = None
) -> list[Any]:
    """All rows of a query, read to the end (DuckDB 2 streams, and an unread result blocks the connection)."""
    return connection.execute(sql, dict(parameters) if parameters else None).fetchall()


def raw_tables() -> list[str]:
    """Names of the raw tables, one per contract."""
    return [f"raw_{name}" for name in load_contracts()]


def quoted(path: Path) -> str:
    """A path for ATTACH, which takes no parameter for it."""
    return str(path).replace("'", "''")
