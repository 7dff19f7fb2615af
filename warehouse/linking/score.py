"""How good linkage is where the truth is known: pairs of references found and missed, of a synthetic city.

A pair is two references of the registers. It is *true* where both are of one person, *found* where linkage says so,
*right* where both. Precision is right pairs of those found, recall of those true, F their harmonic mean.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq

from warehouse.database import rows
from warehouse.errors import EXIT_DATA, UserError
from warehouse.identity import Keys, hmac_parameters, hmac_sql
from warehouse.linking.clusters import Labels, connected
from warehouse.linking.persons import PAIR, PERSON, REMEMBERED_BITS, THRESHOLD_BITS

#: Where the truth of people lies beside that of references.
TRUTH = "truth.parquet"
#: Under which name that file says what city it is of.
_ABOUT = b"hssk.synthetic"
#: How the rows of a person are called in the register of residents.
_REGISTER = "register"
#: Thresholds of the curve, in bits, from the least weight that is remembered.
THRESHOLDS = tuple(range(int(REMEMBERED_BITS), 21))
_NEEDED = ("person_ref", "person", "kind", "changes")
#: What pairs are told apart by, and how it follows from the truth of a person.
_GROUPS = {
    "sex": "sex",
    "age_band": """case when age < 18 then '0-17' when age < 40 then '18-39' when age < 60 then '40-59'
        when age < 80 then '60-79' else '80+' end""",
    "district": "district_code",
    "hypertension_known": "case when hypertension_diagnosed_on <= $day then 'yes' else 'no' end",
    "diabetes_known": "case when diabetes_diagnosed_on <= $day then 'yes' else 'no' end",
}
_UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class LinkageScore:
    """Counts of pairs in three tables, with their shares.

    ``groups``: dimension, group, references, true_pairs, found_pairs, right_pairs, precision, recall, f; the groups of
    a dimension add up. ``changes``: kind, change, true_pairs, right_pairs, recall by what was changed in the row
    that is not the register's; a row may have several changes. ``curve``: threshold_bits (nothing: exact keys alone),
    found_pairs, right_pairs, true_pairs, precision, recall, f; all who are connected at that threshold are one person
    there, without guards.
    """

    groups: pl.DataFrame
    changes: pl.DataFrame
    curve: pl.DataFrame
    threshold_bits: float = THRESHOLD_BITS


def score(people: duckdb.DuckDBPyConnection, keys: Keys, references: Path) -> LinkageScore:
    """Judge the linkage of a store by ``references.parquet`` of its city; by groups if ``truth.parquet`` is beside it.

    Nothing of the store is changed. Raises :class:`UserError` for real people, and for the references of another city.
    """
    _refuse_others(people, references)
    _judge(people, keys, references)
    _pairs(people)
    names = _describe(people, references)
    found = LinkageScore(groups=_groups(people, names), changes=_changes(people), curve=_curve(people))
    for name in ("judged", "judged_pair", "described"):
        rows(people, f"drop table temp.{name}")
    return found


def _refuse_others(people: duckdb.DuckDBPyConnection, references: Path) -> None:
    [(synthetic,)] = rows(people, "select coalesce(bool_and(synthetic), false) from meta_file")
    if not synthetic:
        raise UserError("real people have no truth to be judged by", expected="a synthetic build")
    try:
        columns = set(pq.read_schema(references).names)
    except (OSError, ValueError):
        columns = set()
    if not columns >= set(_NEEDED):
        raise UserError(
            "not the references of a synthetic city",
            file=str(references),
            expected="references.parquet as `hssk synthesize` writes it",
            exit_code=EXIT_DATA,
        )


def _judge(people: duckdb.DuckDBPyConnection, keys: Keys, references: Path) -> None:
    """``judged``: of every reference the person it is of (``person``) and the one it was linked to (``found``).

    A person is a hash of 64 bits here: two of ten million share one with a chance of three in a million.
    """
    rows(
        people,
        f"""create or replace temp table judged as
            select r.source_key, coalesce(p.person_key, r.source_key) as found, p.person_key is not null as is_known,
                hash(r.person) as person, r.kind, r.changes
            from (select *, {hmac_sql("person", "'person:' || person_ref")} as source_key
                  from read_parquet($references)) r
            left join {PERSON} p using (source_key)""",
        {"references": str(references), **hmac_parameters("person", keys.pseudonym_key)},
    )
    if not rows(people, "select 1 from judged where is_known limit 1"):
        raise UserError(
            "none of these references is in the store",
            file=str(references),
            expected="the references of the city that was built",
            exit_code=EXIT_DATA,
        )


def _pairs(people: duckdb.DuckDBPyConnection) -> None:
    """``judged_pair``: every pair that is true or found.

    It is told of one of the two: the reference that is not the register's, else the greater key.
    """
    is_first = "a.kind <> $register and (b.kind = $register or a.source_key > b.source_key)"
    told = ", ".join(
        f"if({is_first}, a.{name}, b.{name}) as {name}" for name in ("person", "kind", "changes")
    )
    told += ", $register in (a.kind, b.kind) as has_register"
    rows(
        people,
        f"""create or replace temp table judged_pair as
            select {told}, true as is_true, a.found = b.found as is_found
            from judged a inner join judged b on a.person = b.person and a.source_key < b.source_key
            union all
            select {told}, false, true
            from judged a inner join judged b
                on a.found = b.found and a.person <> b.person and a.source_key < b.source_key""",
        {"register": _REGISTER},
    )


def _describe(people: duckdb.DuckDBPyConnection, references: Path) -> Sequence[str]:
    """``described``: the groups of every person by their truth; their names, none where there is no such file."""
    truth = references.with_name(TRUTH)
    if not truth.exists():
        rows(people, "create or replace temp table described as select 0::ubigint as person limit 0")
        return ()
    columns = ", ".join(f"{sql} as {name}" for name, sql in _GROUPS.items())
    rows(
        people,
        f"""create or replace temp table described as select person, {columns} from (
            select *, hash(person_ref) as person, date_diff('day', birth_date, $day) // 365.25 as age
            from read_parquet($truth))""",
        {"truth": str(truth), "day": _day(truth)},
    )
    return tuple(_GROUPS)


def _day(truth: Path) -> str:
    """The day the city is seen, from what its truth says of itself."""
    about = (pq.read_metadata(truth).metadata or {}).get(_ABOUT)
    if about is None:
        raise UserError(
            "not the truth of a synthetic city",
            file=str(truth),
            expected="truth.parquet as `hssk synthesize` writes it",
            exit_code=EXIT_DATA,
        )
    return str(json.loads(about)["as_of"])


def _groups(people: duckdb.DuckDBPyConnection, names: Sequence[str]) -> pl.DataFrame:
    """Everybody, the sources of rows, and each group of the truth."""
    parts = [_counted(people, "all", "'all'"), _counted(people, "source", "kind")]
    parts += [_counted(people, name, f"coalesce(d.{name}, '{_UNKNOWN}')") for name in names]
    return _shares(pl.concat(parts))


def _counted(people: duckdb.DuckDBPyConnection, dimension: str, group: str) -> pl.DataFrame:
    """References and pairs of each group of one dimension."""
    counts: pl.DataFrame = people.sql(
        f"""with pairs as (
                select {group} as "group", count(*) filter (is_true) as true_pairs,
                    count(*) filter (is_found) as found_pairs, count(*) filter (is_true and is_found) as right_pairs
                from judged_pair left join described d using (person) group by all),
            sent as (
                select {group} as "group", count(*) as "references"
                from judged left join described d using (person) group by all)
            select $dimension as dimension, "group", coalesce("references", 0) as "references",
                coalesce(true_pairs, 0) as true_pairs, coalesce(found_pairs, 0) as found_pairs,
                coalesce(right_pairs, 0) as right_pairs
            from sent full join pairs using ("group") order by "group" """,
        params={"dimension": dimension},
    ).pl()
    return counts


def _shares(counts: pl.DataFrame) -> pl.DataFrame:
    """Precision, recall and F of counts; nothing where there is nothing to divide by."""
    right, found, true = (pl.col(f"{name}_pairs") for name in ("right", "found", "true"))
    return counts.with_columns(
        pl.when(found > 0).then(right / found).alias("precision"),
        pl.when(true > 0).then(right / true).alias("recall"),
        pl.when(found + true > 0).then(2 * right / (found + true)).alias("f"),
    )


def _changes(people: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """How many pairs with the register were found, by what was changed in the other row."""
    counts: pl.DataFrame = people.sql(
        """select kind, change, count(*) as true_pairs, count(*) filter (is_found) as right_pairs
           from (select kind, unnest(string_split(if(changes = '', 'nothing', changes), ',')) as change, is_found
                 from judged_pair where is_true and has_register)
           group by all order by kind, true_pairs - right_pairs desc, change"""
    ).pl()
    return counts.with_columns((pl.col("right_pairs") / pl.col("true_pairs")).alias("recall"))


def _curve(people: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Pairs found and right at each threshold, from the pairs that are remembered."""
    judged = people.sql("select source_key, person from judged order by source_key").to_arrow_table()
    keys = judged["source_key"].to_numpy()
    _, person = np.unique(judged["person"].to_numpy(), return_inverse=True)
    pairs = people.sql(
        f"""select key_a, key_b, if(key is null, weight, 'infinity'::real) as bits from {PAIR}
            where key_a in (select source_key from judged) and key_b in (select source_key from judged)"""
    ).to_arrow_table()
    first, second = (np.searchsorted(keys, pairs[name].to_numpy()) for name in ("key_a", "key_b"))
    bits, true = pairs["bits"].to_numpy(), _same(person)
    counts = []
    for threshold in (*THRESHOLDS, None):
        holds = bits >= (np.inf if threshold is None else threshold)
        label = connected(first[holds], second[holds], len(keys))
        both = label * (int(person.max(initial=0)) + 1) + person
        _, right = np.unique(both, return_inverse=True)
        counts.append((threshold, _same(label), _same(right), true))
    schema = {
        "threshold_bits": pl.Int64,
        **{f"{name}_pairs": pl.Int64 for name in ("found", "right", "true")},
    }
    return _shares(pl.DataFrame(counts, schema=schema, orient="row"))


def _same(label: Labels) -> int:
    """Pairs that share a label (numbers from nought on)."""
    members = np.bincount(label)
    return int((members * (members - 1) // 2).sum())
