"""Weights of pairs by Splink, a few years of birth at a time so that memory does not grow with the city."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

import duckdb
import polars as pl
from splink import DuckDBAPI, Linker

from warehouse.database import put_frames, rows
from warehouse.linking.comparisons import load
from warehouse.linking.identities import COLUMNS
from warehouse.linking.model import Model, settings

#: People compared at a time, unless one year of birth has more.
CHUNK_PEOPLE = 400_000
#: Pairs scored at a time.
CHUNK_PAIRS = 4_000_000
Years = tuple[int, int]
#: Pairs that are two people whatever they weigh: a household shares ward, telephone, family name and often the card.
#: Another given name; a name that is only similar, where both or neither have an identity number (twins in one
#: register; who is entered again is so without it); insurance codes or identity numbers that differ by more than a
#: slip.
_DENIED = """(
        jaro_winkler_similarity(l.name_given, r.name_given) < 0.85
        and damerau_levenshtein(l.name_given, r.name_given) > 1
        and l.name_sorted <> r.name_sorted
    )
    or (
        not (
            l.name_std = r.name_std or l.name_sorted = r.name_sorted or l.name_spelling = r.name_spelling
            or l.name_initials = r.name_initials or coalesce(l.name_ends = r.name_ends, false)
        )
        and (l.national_id_std is null) = (r.national_id_std is null)
        and not (
            coalesce(l.national_id_std = r.national_id_std, false)
            or coalesce(l.insurance_code = r.insurance_code, false) or coalesce(l.old_id_std = r.old_id_std, false)
        )
    )
    or damerau_levenshtein(l.national_id_std, r.national_id_std) > 1
    or (
        damerau_levenshtein(l.insurance_code, r.insurance_code) > 1
        and not coalesce(l.national_id_std = r.national_id_std, false)
    )"""


def put_frequencies(work: duckdb.DuckDBPyConnection, model: Model) -> None:
    """``frequency_<column>``: how frequent each value is among people, of a model."""
    put_frames(work, {f"frequency_{column}": frame for column, frame in model.frequency.items()})


def frequencies(work: duckdb.DuckDBPyConnection, people: int) -> dict[str, pl.DataFrame]:
    """Shares of the values of ``entity`` that several people have, by column; a rarer one has the least share."""
    return {
        column: work.sql(
            f"""select {column} as value, count(*) / $people::double as share from entity
                where {column} is not null group by {column} having count(*) > 1 order by value""",
            params={"people": people},
        ).pl()
        for column in load().frequencies
    }


def years(work: duckdb.DuckDBPyConnection) -> list[Years]:
    """Ranges of years of birth with about :data:`CHUNK_PEOPLE` people each."""
    found: list[Years] = []
    filled = 0
    for year, people in rows(
        work,
        "select birth_year, count(*) from entity where birth_year is not null group by all order by birth_year",
    ):
        if not found or filled + people > CHUNK_PEOPLE:
            found.append((year, year))
            filled = 0
        found[-1] = (found[-1][0], year)
        filled += people
    return found


def put_people(
    work: duckdb.DuckDBPyConnection, model: Model, where: str, values: Mapping[str, object]
) -> None:
    """``person``: entities with how frequent their names are, and whether they are ``changed``."""
    columns = load().frequencies
    shares = ", ".join(f"coalesce(f_{column}.share, $least) as tf_{column}" for column in columns)
    joins = " ".join(
        f"left join frequency_{column} f_{column} on f_{column}.value = e.{column}" for column in columns
    )
    written = ", ".join(f"e.{name}" for name in COLUMNS)
    rows(
        work,
        f"""create or replace table person as
            select e.entity_key, c.entity_key is not null as is_changed, {written}, {shares}
            from entity e left join changed c on c.entity_key = e.entity_key {joins} where {where}""",
        {"least": model.least_frequency, **values},
    )


def candidates(work: duckdb.DuckDBPyConnection, model: Model, span: Years) -> int:
    """Make ``person`` (people of these years of birth) and ``candidate`` (pairs of which one is ``changed``).

    Returns the number of pairs.
    """
    put_people(work, model, "e.birth_year between $first and $last", {"first": span[0], "last": span[1]})
    rows(work, "create or replace table person_changed as from person where is_changed")
    rows(
        work,
        f"""create or replace table candidate as
            select '0' as match_key, join_key_l, join_key_r, (row_number() over () - 1) // $size as part
            from ({pairs_sql()})""",
        {"size": CHUNK_PAIRS},
    )
    [(pairs,)] = rows(work, "select count(*) from candidate")
    return int(pairs)


def pairs_sql() -> str:
    """SQL of the pairs of ``person_changed`` and ``person`` that a rule finds worth comparing, each once."""
    # The rules are symmetric, so it is enough that somebody changed stands on the left.
    return " union ".join(
        f"""select least(l.entity_key, r.entity_key) as join_key_l, greatest(l.entity_key, r.entity_key) as join_key_r
            from person_changed l inner join person r on {sql}
            where if(r.is_changed, l.entity_key < r.entity_key, l.entity_key <> r.entity_key)"""
        for sql in load().candidates.values()
    )


def weigh(
    work: duckdb.DuckDBPyConnection,
    model: Model,
    pairs: str,
    *,
    people: str = "person",
    key: str = "entity_key",
    told: bool = False,
) -> Iterator[str]:
    """Tables with ``match_weight`` (evidence in bits) and the two keys, of the pairs of a table, part after part.

    ``told``: also the level of each comparison (``gamma_``) and what it weighs (``mw_``).
    """
    logging.getLogger("splink").setLevel(logging.ERROR)
    database = DuckDBAPI(connection=work)
    linker = Linker(database.register(people), settings(model, key=key, told=told), log_level=None)
    parts = rows(work, f"select distinct part from {pairs} order by part")
    for (part,) in parts:
        rows(
            work,
            f"""create or replace table weighed_part as
                select match_key, join_key_l, join_key_r from {pairs} where part = $part""",
            {"part": part},
        )
        given = database.register("weighed_part")
        linker.table_management.register_blocked_pairs_for_predict(given)
        scored = linker.inference.predict(warning_mode="never")
        yield scored.physical_name
        scored.drop_table_from_database_and_remove_from_cache()
        rows(work, "drop table weighed_part")
    linker.table_management.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]


def keep(work: duckdb.DuckDBPyConnection, name: str, least: float) -> None:
    """Add to ``scored`` the pairs of a table of :func:`weigh` with ``least`` bits of evidence that nothing denies."""
    rows(work, f"insert into scored {kept_sql(name)}", {"least": least})


def kept_sql(name: str) -> str:
    """SQL of the pairs of a table of :func:`weigh` with ``$least`` bits of evidence that nothing denies."""
    return f"""select p.entity_key_l, p.entity_key_r, p.match_weight::real as evidence from {name} p
        inner join person l on l.entity_key = p.entity_key_l
        inner join person r on r.entity_key = p.entity_key_r
        where p.match_weight >= $least and not coalesce({_DENIED}, false)"""


def levels(
    work: duckdb.DuckDBPyConnection, tables: Iterable[str], where: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """How many pairs have each level: ``comparison``, ``level``, ``pairs``; those with a side missing left out.

    ``where``: of some comparisons, by their id, which pairs count.
    """
    counts: dict[tuple[str, str], int] = {}
    for table in tables:
        for one in load().comparisons:
            chosen = (where or {}).get(one.id, "true")
            sql = f"select gamma_{one.id}, count(*) from {table} where {chosen} group by all"
            for gamma, pairs in rows(work, sql):
                if (level := one.level_at(gamma)) is not None:
                    counts[one.id, level.id] = counts.get((one.id, level.id), 0) + pairs
    found = [(*key, pairs) for key, pairs in counts.items()]
    return pl.DataFrame(
        found, schema={"comparison": pl.String, "level": pl.String, "pairs": pl.Int64}, orient="row"
    )
