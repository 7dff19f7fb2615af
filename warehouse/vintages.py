"""Frozen quarters: the counts that protected numbers are made of, published once and never changed silently.

A quarter is *frozen* by the first build whose extract date lies ``freeze_days`` after its last day (its close build).
From then on every generation carries the same counts in ``frozen.duckdb``, whatever comes in late, so that the same
question has the same answer and no two builds can be subtracted. A revision is a new *vintage* of a quarter, with a
reason; both stay. Two clocks: a count is valid at the quarter's end and known at the extract date of the build that
froze it. A definition that is new, or has a new version, is counted for the quarters frozen before as well, as known
now; the old version's counts stay under its own measures.

Numbers of quarters, measures and places in the frozen file are its own: those of a build may differ from the next.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse.database import quoted, rows
from warehouse.errors import EXIT_USAGE, UserError, suggest
from warehouse.generation_files import BUILDS, FROZEN, MANIFEST, MARTS, current_build
from warehouse.noise import noise_table
from warehouse.publish import content_digest

#: Marts of health counts by measure, by two measures, and by quantity or combination alone.
BY_MEASURE = ("mart_case", "mart_frame", "mart_transition", "mart_persistence", "mart_validation")
BY_PAIR = ("mart_agreement",)
BY_QUARTER = ("mart_distribution", "mart_multimorbidity")
COUNTED = (*BY_MEASURE, *BY_PAIR, *BY_QUARTER)
#: Must be those the frozen counts were made with: another order of the noise or other ages are other numbers.
_FIXED = ("mart_noise", "rule_age_band")
#: What the numbers of measures, definitions, quantities, places and combined conditions stand for.
_NAMES = ("mart_measure", "mart_definition", "mart_quantity", "mart_place", "mart_combination")
_CREATE = """
create table mart_quarter (
    quarter varchar, quarter_index smallint, last_day date, is_complete boolean, vintage smallint, known_at date,
    reason varchar
);
create table mart_counted (quarter_index smallint, measure_id smallint, batch smallint);
create table mart_batch (
    batch smallint, quarter varchar, vintage smallint, known_at date, reason varchar, rows bigint, sha256 varchar
);
"""
CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A published change of frozen quarters. ``quarters`` empty: all. ``withdraws``: older vintages are not kept."""

    quarters: tuple[str, ...] = ()
    reason: str
    withdraws: bool = False

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise UserError("a revision needs a reason", field="--reason", exit_code=EXIT_USAGE)
        if self.withdraws and self.quarters:
            raise UserError(
                "what is withdrawn may be in any quarter",
                field="--revise",
                value=",".join(self.quarters),
                expected="all",
                exit_code=EXIT_USAGE,
            )


def parse_revision(quarters: str | None, reason: str | None, *, withdraws: bool) -> Revision | None:
    """From the words of a command line; ``quarters`` is ``all`` or a comma list. None: nothing is revised."""
    if quarters is None:
        if reason is not None or withdraws:
            raise UserError(
                "nothing is named to be revised", field="--revise", expected="all, or quarters like 2024Q3",
                exit_code=EXIT_USAGE,
            )  # fmt: skip
        return None
    names = () if quarters == "all" else tuple(name.strip() for name in quarters.split(","))
    return Revision(quarters=names, reason=reason or "", withdraws=withdraws)


def freeze(
    home: Path, staged: Path, *, as_of: date, days: int, revision: Revision | None = None
) -> dict[str, Any]:
    """Write ``frozen.duckdb`` of a staged generation: what the current one carries, and what this build adds.

    Returns what the manifest says of it. ``vintages``: every batch that was frozen, oldest first, with quarter,
    vintage, known_at, reason, rows, sha256 of its content; ``noise_sha256`` tells the noise of two builds apart.
    Raises UserError where the record key or the age bands changed, or a revision names a quarter not frozen.
    """
    target = staged / FROZEN
    carried = None if revision and revision.withdraws else _carried(home)
    if carried is not None:
        shutil.copyfile(carried, target)
    with duckdb.connect(str(target)) as connection:
        rows(connection, f"attach '{quoted(staged / MARTS)}' as live (read_only)")
        if carried is None:
            _create(connection)
        _add_new_marts(connection)
        _check_fixed(connection)
        quarters = _open_quarters(connection, as_of, days, revision)
        _map_places(connection)
        _map_measures(connection, quarters)
        _insert(connection)
        _seal(connection, as_of)
        rows(connection, "detach live")
        rows(connection, "checkpoint")
        noise = connection.sql("select people, cell_key, noise from mart_noise order by all").pl()
        return {
            "freeze_days": days,
            "noise_sha256": content_digest(noise).hex(),
            "vintages": connection.sql("from mart_batch order by batch, quarter").pl().to_dicts(),
        }


def check_carried(home: Path, record_key: bytes, revision: Revision | None) -> None:
    """Refuse, before anything is written, to carry published quarters over a change of the record key (UserError)."""
    path = None if revision and revision.withdraws else _carried(home)
    if path is None:
        return
    manifest = json.loads(path.with_name(MANIFEST).read_text(encoding="utf-8"))
    if manifest["noise_sha256"] != content_digest(noise_table(record_key)).hex():
        _refuse("the record key")


def _refuse(what: str) -> None:
    raise UserError(
        f"{what} changed since quarters were published, so they cannot be carried on",
        expected="what they were frozen with",
        action="Publish all quarters anew: hssk build DIR --revise all --withdraw --reason TEXT",
    )


def _carried(home: Path) -> Path | None:
    build_id = current_build(home)
    path = home / BUILDS / build_id / FROZEN if build_id else None
    return path if path is not None and path.exists() else None


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    rows(connection, _CREATE)
    for table in _NAMES:
        rows(connection, f"create table {table} as from live.{table} limit 0")
    for table in _FIXED:
        rows(connection, f"create table {table} as from live.{table}")


def _add_new_marts(connection: duckdb.DuckDBPyConnection) -> None:
    """Marts that older versions did not have begin empty: they know nothing of the quarters published before."""
    for table in COUNTED:
        rows(connection, f"create table if not exists {table} as from live.{table} limit 0")


def _check_fixed(connection: duckdb.DuckDBPyConnection) -> None:
    for table in (*COUNTED, *_NAMES):
        if _columns(connection, table) != _columns(connection, f"live.{table}"):
            _refuse(f"the columns of {table}")
    for table, what in zip(_FIXED, ("the record key", "the age bands"), strict=True):
        [(differences,)] = rows(
            connection,
            f"""select count(*) from ((from {table} except from live.{table})
                union all (from live.{table} except from {table}))""",
        )
        if differences:
            _refuse(what)


def _open_quarters(
    connection: duckdb.DuckDBPyConnection, as_of: date, days: int, revision: Revision | None
) -> pl.DataFrame:
    """Add the quarters that this build freezes; returns live quarters with the number of their newest vintage.

    Columns ``quarter_index``, ``frozen_quarter``, ``is_new``.
    """
    live = connection.sql("select quarter, quarter_index, last_day from live.mart_quarter order by all").pl()
    newest = connection.sql(
        """select quarter, max(vintage) as vintage, max_by(quarter_index, vintage) as number
           from mart_quarter group by all"""
    ).pl()
    known = {name: (vintage, number) for name, vintage, number in newest.iter_rows()}
    revised = _revised(revision, known)
    next_number = 1 + max((number for _, number in known.values()), default=-1)
    found = []
    for name, index, last_day in live.iter_rows():
        is_closed = last_day + timedelta(days=days) <= as_of
        vintage, number = known.get(name, (0, -1))
        is_new = is_closed and (vintage == 0 or name in revised)
        if is_new:
            number, next_number = next_number, next_number + 1
            reason = revision.reason if revision and name in revised else CLOSED
            rows(
                connection,
                "insert into mart_quarter values ($quarter, $number, $last_day, true, $vintage, $known_at, $reason)",
                {"quarter": name, "number": number, "last_day": last_day, "vintage": vintage + 1, "known_at": as_of,
                 "reason": reason},
            )  # fmt: skip
        if number >= 0:
            found.append((index, number, is_new))
    schema = {"quarter_index": pl.Int16, "frozen_quarter": pl.Int16, "is_new": pl.Boolean}
    quarters = pl.DataFrame(found, schema=schema, orient="row")
    _temporary(connection, "fresh_quarter", quarters.filter("is_new"))
    return quarters


def _revised(revision: Revision | None, frozen: Iterable[str]) -> frozenset[str]:
    """Names of the quarters a revision is about. Raises UserError for one that was never frozen."""
    known = sorted(frozen)
    if revision is None:
        return frozenset()
    for name in revision.quarters:
        if name not in known:
            raise UserError(
                "this quarter is not frozen, so it cannot be revised",
                field="--revise",
                value=name,
                expected=suggest(name, known) if known else "no quarter is frozen yet",
                exit_code=EXIT_USAGE,
            )
    return frozenset(revision.quarters or known)


def _map_places(connection: duckdb.DuckDBPyConnection) -> None:
    """``fresh_place``: number of a place in this build and in the frozen file, where new places are added."""
    codes = [name for name in _columns(connection, "mart_place") if name != "place_id"]
    same = " and ".join(f"f.{name} is not distinct from l.{name}" for name in codes)
    rows(
        connection,
        f"""insert into mart_place
            with last as (select coalesce(max(place_id), -1) as place_id from mart_place)
            select l.* replace ((row_number() over (order by l.place_id) + last.place_id)::smallint as place_id)
            from live.mart_place l cross join last anti join mart_place f on {same}""",
    )
    rows(
        connection,
        f"""create or replace temp table fresh_place as
            select l.place_id, f.place_id as frozen_place from live.mart_place l join mart_place f on {same}""",
    )


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [name for (name, *_) in rows(connection, f"describe {table}")]


def _map_measures(connection: duckdb.DuckDBPyConnection, quarters: pl.DataFrame) -> None:
    """``fresh_measure``: what of each frozen quarter is not counted in it yet, with its numbers in both files."""
    live = connection.sql("select * from live.mart_measure order by measure_id").pl()
    frozen = connection.sql("select * from mart_measure").pl()
    numbers = {_identity(row): row["measure_id"] for row in frozen.iter_rows(named=True)}
    for row in live.iter_rows(named=True):
        numbers.setdefault(_identity(row), len(numbers) + 1)
    mapped = {row["measure_id"]: numbers[_identity(row)] for row in live.iter_rows(named=True)}
    added = [
        {**row, "measure_id": mapped[row["measure_id"]], "denominator_id": mapped.get(row["denominator_id"])}
        for row in live.iter_rows(named=True)
        if mapped[row["measure_id"]] not in set(frozen["measure_id"])
    ]
    _append(connection, "mart_measure", pl.DataFrame(added, schema=live.schema))
    for table, key in (("mart_definition", "condition, variant, version"), ("mart_quantity", "quantity")):
        rows(connection, f"insert into {table} from live.{table} anti join {table} using ({key})")
    _map_combination(connection, mapped)
    _mark_counted(connection, quarters, mapped)


def _map_combination(connection: duckdb.DuckDBPyConnection, mapped: dict[int, int]) -> None:
    """The conditions of combinations by their newest measures; their bits never change."""
    found = connection.sql("from live.mart_combination").pl()
    rows(connection, "delete from mart_combination")
    _append(
        connection,
        "mart_combination",
        found.with_columns(pl.col("measure_id").replace_strict(mapped, return_dtype=pl.Int16)),
    )


def _identity(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["condition"], row["variant"], row["version"], row["role"]


def _mark_counted(
    connection: duckdb.DuckDBPyConnection, quarters: pl.DataFrame, mapped: dict[int, int]
) -> None:
    schema = {"measure_id": pl.Int16, "frozen_measure": pl.Int16}
    pairs = quarters.join(pl.DataFrame(list(mapped.items()), schema=schema, orient="row"), how="cross")
    counted = connection.sql("select quarter_index, measure_id from mart_counted").pl()
    fresh = pairs.join(
        counted,
        left_on=["frozen_quarter", "frozen_measure"],
        right_on=["quarter_index", "measure_id"],
        how="anti",
    )
    _temporary(connection, "fresh_measure", fresh.drop("is_new"))
    rows(
        connection,
        """insert into mart_counted select frozen_quarter, frozen_measure,
               (select coalesce(max(batch), 0) + 1 from mart_batch) from fresh_measure""",
    )


def _temporary(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    connection.register("incoming_frame", frame.to_arrow())
    rows(connection, f"create or replace temp table {name} as from incoming_frame")
    connection.unregister("incoming_frame")


def _append(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    connection.register("incoming_frame", frame.to_arrow())
    rows(connection, f"insert into {table} by name from incoming_frame")
    connection.unregister("incoming_frame")


def _insert(connection: duckdb.DuckDBPyConnection) -> None:
    folder = resources.files("warehouse.sql").joinpath("vintage")
    for tables, file in (
        (BY_MEASURE, "by_measure.sql"),
        (BY_PAIR, "by_pair.sql"),
        (BY_QUARTER, "by_quarter.sql"),
    ):
        select = folder.joinpath(file).read_text(encoding="utf-8")
        for table in tables:
            rows(connection, f"insert into {table} by name {select}", {"table": f"live.{table}"})


def _seal(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Enter what this build froze into ``mart_batch``, one row a quarter, with the fingerprint of its content."""
    [(batch,)] = rows(connection, "select coalesce(max(batch), 0) + 1 from mart_batch")
    for quarter, number, vintage, reason in rows(
        connection,
        """select quarter, quarter_index, vintage, reason from mart_quarter semi join
               (from mart_counted where batch = $batch) using (quarter_index) order by quarter_index""",
        {"batch": batch},
    ):
        count, digest = _batch_digest(connection, number, batch)
        [(first,)] = rows(
            connection,
            "select min(batch) from mart_counted where quarter_index = $number",
            {"number": number},
        )
        why = reason if first == batch else "new definitions"
        rows(
            connection,
            "insert into mart_batch values ($batch, $quarter, $vintage, $as_of, $why, $count, $digest)",
            {"batch": batch, "quarter": quarter, "vintage": vintage, "as_of": as_of, "why": why, "count": count,
             "digest": digest},
        )  # fmt: skip


def _batch_digest(connection: duckdb.DuckDBPyConnection, number: int, batch: int) -> tuple[int, str]:
    """Rows and SHA-256 of what one batch froze of a quarter (its number in the frozen file)."""
    of_measures = """(from {table} semi join (from mart_counted where quarter_index = $number and batch = $batch)
                         using (quarter_index, measure_id))"""
    of_quarter = """(from {table} where quarter_index = $number and $batch =
                        (select min(batch) from mart_counted where quarter_index = $number))"""
    total, digest = 0, hashlib.sha256()
    for tables, sql in (((*BY_MEASURE, *BY_PAIR), of_measures), (BY_QUARTER, of_quarter)):
        for table in tables:
            frame = connection.sql(
                f"from {sql.format(table=table)} order by all", params={"number": number, "batch": batch}
            ).pl()
            total += frame.height
            digest.update(content_digest(frame))
    return total, digest.hexdigest()


def published_digests(path: Path) -> list[tuple[str, int, int, str]]:
    """Quarter, vintage, batch and fingerprint of everything in a frozen file, counted again."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = rows(
            connection,
            """select b.quarter, b.vintage, b.batch, q.quarter_index from mart_batch b
               join mart_quarter q using (quarter, vintage) order by all""",
        )
        return [
            (quarter, vintage, batch, _batch_digest(connection, number, batch)[1])
            for quarter, vintage, batch, number in found
        ]
