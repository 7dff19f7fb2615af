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
#: Columns that are of one row together, by the one that says whether the row has them: a name, a birth, a place.
_WHOLE = {
    "name_std": (
        "name_std", "name_marked", "name_given", "name_ends", "name_sorted", "name_spelling", "name_initials",
    ),
    "birth_year": ("birth_year", "birth_day_known", "birth_swapped"),
    "district_code": ("ward_code", "district_code"),
}  # fmt: skip
_ALONE = ("national_id_std", "old_id_std", "insurance_code", "phone_std", "sex")
#: Standard forms of one person, in the order of the table ``identity``.
COLUMNS = (*_ALONE, *(name for columns in _WHOLE.values() for name in columns))
#: Kinds of number, as ``faults.toml`` names them, and the column each is written in.
_NUMBERS = {"national_id": "national_id", "old_id": "old_id", "insurance": "insurance_no", "phone": "phone"}


def gather(
    people: duckdb.DuckDBPyConnection,
    work: duckdb.DuckDBPyConnection,
    folder: Path,
    key: bytes,
    *,
    only: Sequence[int] | None = None,
) -> None:
    """Make ``identity`` in ``work``: one row a ``person_key``, of what was written last.

    ``is_register``: in a register of residents, which tells since when.
    ``number_fault`` holds how many numbers each source wrote, by kind and faults (bits of ``faults.toml``, 0: none).
    ``only``: these people.
    """
    rows(work, f"create table written (person_key bigint, position bigint, is_register boolean, {_typed()})")
    rows(work, "create table number_fault (source text, number text, faults usmallint, written bigint)")
    for file_id, name in _files(people):
        for frame in linkage.unseal(folder / name, key, name.removesuffix(linkage.SEALED)):
            chosen = frame if only is None else frame.filter(pl.col("person_key").is_in(list(only)))
            if chosen.height and "_row" in chosen.columns:
                _add(people, work, file_id, chosen.filter(pl.col("_row").is_not_null()))
    rows(
        work,
        f"""create table identity as
            select person_key, is_register, {unfolded()} from (
                select person_key, bool_or(is_register) as is_register, {folded("position")}
                from written group by person_key)""",
    )
    rows(work, "drop table written")


def folded(rank: str) -> str:
    """SQL that takes of several rows of one person the last by ``rank``: each number; name, birth and place whole."""
    alone = [f"arg_max({name}, {rank}) as {name}" for name in _ALONE]
    whole = [
        f"arg_max({{{', '.join(f'{name!r}: {name}' for name in columns)}}}, {rank})"
        f" filter ({lead} is not null) as whole_{lead}"
        for lead, columns in _WHOLE.items()
    ]
    return ", ".join((*alone, *whole))


def unfolded() -> str:
    """SQL of the columns that :func:`folded` made."""
    parts = [f"whole_{lead}.{name} as {name}" for lead, columns in _WHOLE.items() for name in columns]
    return ", ".join((*_ALONE, *parts))


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
    # The first of January is what is written where only the year is known.
    is_day = ~pl.col("birth_perhaps_year_only")
    return found.with_columns(
        (pl.col("name_family") + " " + pl.col("name_given")).alias("name_ends"),
        *(pl.when(is_day).then(pl.col(name)).alias(name) for name in ("birth_day_known", "birth_swapped")),
    )


def _faults(frame: pl.DataFrame) -> pl.DataFrame:
    """How many numbers each source wrote, by kind and faults; 0 stands for none."""
    counts = [
        frame.filter(pl.col(column).is_not_null())
        .group_by("source", pl.lit(kind).alias("number"), pl.col(f"{kind}_faults").alias("faults"))
        .len("written")
        for kind, column in _NUMBERS.items()
    ]
    return pl.concat(counts).select("source", "number", "faults", pl.col("written").cast(pl.Int64))
