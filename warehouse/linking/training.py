"""How the weights are found: once, in pairs of this city; see :mod:`warehouse.linking.model`."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import polars as pl

from warehouse.database import rows
from warehouse.linking import scoring
from warehouse.linking.comparisons import load
from warehouse.linking.identities import COLUMNS
from warehouse.linking.model import Model, beginning, counted

#: Pairs that are looked at: of one person, and of two.
SAME_PAIRS = 300_000
RANDOM_PEOPLE, RANDOM_PARTNERS = 100_000, 6


def train(work: duckdb.DuckDBPyConnection, people: int, pairs: int) -> Model:
    """A model of ``identity``, ``exact_pair`` (so many ``pairs``) and ``entity`` (``people``)."""
    model = beginning(people, pairs, scoring.frequencies(work, people))
    return counted(model, _same(work, model), _others(work, model))


def _same(work: duckdb.DuckDBPyConnection, model: Model) -> pl.DataFrame:
    """Levels in pairs that share an exact key; of the comparison of a key in pairs that share another one."""
    rows(
        work,
        """create or replace table exact_sample as
            select key_a as join_key_l, key_b as join_key_r, '0' as match_key, 0 as part, string_agg(key, ' ') as keys
            from exact_pair group by key_a, key_b order by hash(key_a, key_b) limit $pairs""",
        {"pairs": SAME_PAIRS},
    )
    _people(
        work,
        "person_key",
        "identity",
        "select join_key_l from exact_sample union select join_key_r from exact_sample",
    )
    of_others = {one.id: f"keys <> '{one.key}'" for one in load().comparisons if one.key}
    return scoring.levels(work, _leveled(work, model), of_others)


def _leveled(work: duckdb.DuckDBPyConnection, model: Model) -> Iterator[str]:
    """The pairs of ``exact_sample`` with their levels and the ``keys`` they share, part after part."""
    for name in scoring.weigh(work, model, "exact_sample", people="sampled", key="person_key", told=True):
        rows(
            work,
            f"""create or replace table leveled as select p.*, s.keys from {name} p
                inner join exact_sample s on s.join_key_l = p.person_key_l and s.join_key_r = p.person_key_r""",
        )
        yield "leveled"


def _others(work: duckdb.DuckDBPyConnection, model: Model) -> pl.DataFrame:
    """Levels in pairs of people drawn by a hash of their keys: everybody with the next few in that order, far apart."""
    rows(
        work,
        """create or replace table drawn as
            select entity_key, row_number() over (order by hash(entity_key)) - 1 as place, count(*) over () as people
            from (select entity_key from entity order by hash(entity_key) limit $people)""",
        {"people": RANDOM_PEOPLE},
    )
    rows(
        work,
        """create or replace table random_pair as
            select distinct '0' as match_key, 0 as part,
                least(a.entity_key, b.entity_key) as join_key_l, greatest(a.entity_key, b.entity_key) as join_key_r
            from drawn a
            cross join range(1, $partners + 1) t(step)
            inner join drawn b on b.place = (a.place + t.step * (a.people // ($partners + 2) + 1)) % a.people
            where a.entity_key <> b.entity_key""",
        {"partners": RANDOM_PARTNERS},
    )
    _people(work, "entity_key", "entity", "select entity_key from drawn")
    return scoring.levels(work, scoring.weigh(work, model, "random_pair", people="sampled", told=True))


def _people(work: duckdb.DuckDBPyConnection, key: str, table: str, chosen: str) -> None:
    """``sampled``: people of a table, without frequencies, which levels do not ask for."""
    shares = ", ".join(f"1.0 as tf_{column}" for column in load().frequencies)
    columns = ", ".join(COLUMNS)
    rows(
        work,
        f"create or replace table sampled as select {key}, {columns}, {shares} from {table} where {key} in ({chosen})",
    )
