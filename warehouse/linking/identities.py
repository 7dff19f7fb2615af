"""Who is who: what the registers say of each person, in the standard forms that are compared.

Identifying values come out of the sealed files and go into a database in memory of its own, whose private folder for
what does not fit is emptied afterwards. Nothing of them goes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl

from warehouse import linkage
from warehouse.database import rows
from warehouse.identifiers.birth_columns import standard_births
from warehouse.identifiers.name_columns import standard_names
from warehouse.identifiers.number_columns import standard_identifiers
from warehouse.landing import sealed_name

_TABLE = "resident"
_WRITTEN = ("national_id", "old_id", "insurance_no", "full_name", "birth_date", "phone")
#: Standard forms of one person, in the order of the table ``identity``.
COLUMNS = (
    "national_id_std", "old_id_std", "insurance_code", "phone_std",
    "name_std", "name_marked", "name_given", "name_ends", "name_sorted", "name_spelling", "name_initials",
    "birth_year", "birth_day_known", "birth_swapped", "sex", "ward_code", "district_code",
)  # fmt: skip
_FAULTS = ("national_id_faults", "old_id_faults", "insurance_faults", "phone_faults")


def gather(
    people: duckdb.DuckDBPyConnection,
    work: duckdb.DuckDBPyConnection,
    folder: Path,
    key: bytes,
    *,
    only: Sequence[int] | None = None,
) -> None:
    """Make ``identity`` in ``work``: one row a ``person_key``, of each column what was written last.

    ``is_register``: in a register of residents, which tells since when; ``position``: the order in which people came.
    ``number_fault`` holds how many numbers of each source have which fault (bits of ``faults.toml``). ``only``: these
    people.
    """
    rows(work, f"create table written (person_key bigint, position bigint, is_register boolean, {_typed()})")
    rows(work, "create table number_fault (source text, number text, faults usmallint, people bigint)")
    for file_id, name in _files(people):
        for frame in linkage.unseal(folder / name, key, name.removesuffix(linkage.SEALED)):
            chosen = frame if only is None else frame.filter(pl.col("person_key").is_in(list(only)))
            if chosen.height and "_row" in chosen.columns:
                _add(people, work, file_id, chosen.filter(pl.col("_row").is_not_null()))
    newest = ", ".join(f"arg_max({name}, position) as {name}" for name in COLUMNS)
    rows(
        work,
        f"""create table identity as
            select person_key, min(position) as position, bool_or(is_register) as is_register, {newest}
            from written group by person_key""",
    )
    rows(work, "drop table written")


def _typed() -> str:
    kinds = {"birth_year": "smallint", "birth_day_known": "date", "birth_swapped": "date"}
    return ", ".join(f"{name} {kinds.get(name, 'varchar')}" for name in COLUMNS)


def _files(people: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str]]:
    """Number and sealed file of every register that is loaded."""
    for file_id, sha256, table, form in rows(
        people,
        "select file_id, sha256, table_name, format from meta_file where table_name = $table order by file_id",
        {"table": _TABLE},
    ):
        yield file_id, sealed_name(sha256, table, form)


def _add(
    people: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection, file_id: int, sealed: pl.DataFrame
) -> None:
    """The rows of one chunk that still stand in the store, with what is not identifying."""
    missing = [pl.lit(None, pl.String).alias(name) for name in _WRITTEN if name not in sealed.columns]
    kept = people.sql(
        """select _row, _file_id::bigint << 44 | _row as position, source, nullif(sex, 'unknown') as sex,
               ward_code, district_code, registered_from is not null as is_register
           from raw_resident where _file_id = $file_id and _row between $first and $last""",
        params={"file_id": file_id, "first": sealed["_row"].min(), "last": sealed["_row"].max()},
    ).pl()
    frame = standard(
        sealed.with_columns(missing).select("person_key", "_row", *_WRITTEN).join(kept, on="_row")
    )
    chosen = ("person_key", "position", "is_register", *COLUMNS)
    work.register("chunk", frame.select(*chosen).to_arrow())
    rows(work, "insert into written select * from chunk")
    work.unregister("chunk")
    work.register("chunk", _faults(frame).to_arrow())
    rows(work, "insert into number_fault select * from chunk")
    work.unregister("chunk")


def standard(frame: pl.DataFrame) -> pl.DataFrame:
    """The standard forms of rows as senders wrote them; pure."""
    found = standard_births(standard_names(standard_identifiers(frame)))
    return found.with_columns((pl.col("name_family") + " " + pl.col("name_given")).alias("name_ends"))


def _faults(frame: pl.DataFrame) -> pl.DataFrame:
    """How many numbers of each source have which faults."""
    long = frame.unpivot(_FAULTS, index="source", variable_name="number", value_name="faults")
    counts = long.filter(pl.col("faults") > 0).group_by("source", "number", "faults").len("people")
    return counts.select("source", "number", pl.col("faults").cast(pl.UInt16), "people")
