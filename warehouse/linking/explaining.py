"""Why two references are one person, or are not: what each comparison says, in bits, with values that show nobody."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from warehouse.database import put_frames, rows
from warehouse.errors import EXIT_DATA, UserError
from warehouse.identity import Keys, person_key
from warehouse.linking import exact, identities, model, scoring
from warehouse.linking.comparisons import Comparison, load
from warehouse.linking.identities import COLUMNS
from warehouse.linking.model import Model
from warehouse.linking.persons import (
    LENT,
    PAIR,
    PERSON,
    STATE,
    THRESHOLD_BITS,
    cluster_exact,
    lent_mark_parameters,
    lent_mark_sql,
    private,
)
from warehouse.settings import Settings

_DOT = "\u2022"


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one comparison says. ``bits``: log2 of how much likelier it makes one person; None with a side missing."""

    comparison: str
    vi: str
    en: str
    level_vi: str
    level_en: str
    one: str | None
    other: str | None
    bits: float | None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """``prior_bits`` and the bits of the steps add up to ``total_bits``, which the pair needs ``threshold_bits`` of.

    ``keys``: exact keys both have. ``beside``: how many more references of the one and of the other, which are the
    same person by a number, stand in the comparison with them, as in linkage. ``is_compared``: they agree in something
    worth a look; else linkage never weighed them. ``is_denied``: a rule says that they are two, whatever they weigh
    (``docs/linkage.md``). ``is_one``: whether they are one person now, be it through others; ``is_direct``: by this
    pair.
    """

    steps: tuple[Step, ...]
    prior_bits: float
    total_bits: float
    threshold_bits: float
    keys: tuple[str, ...]
    beside: tuple[int, int]
    is_compared: bool
    is_denied: bool
    is_one: bool
    is_direct: bool


def explain(
    people: duckdb.DuckDBPyConnection, settings: Settings, keys: Keys, folder: Path, refs: tuple[str, str]
) -> Explanation:
    """Compare two references of senders as the last linkage did.

    Raises :class:`UserError` where nothing is loaded of one, and where the weights are not known yet.
    """
    first, second = (person_key(keys, ref.strip()) for ref in refs)
    known = _weights(folder, keys)
    with private(settings) as work:
        identities.gather(people, work, folder, keys.linkage_key, only=_by_number(people, first, second))
        _refuse_others(work, first, second)
        _as_linked(people, work, keys)
        shared = rows(
            work,
            "select key from exact_pair where key_a = $low and key_b = $high",
            {"low": min(first, second), "high": max(first, second)},
        )
        one, other = _entities(work, first, second)
        beside = tuple(_others(work, entity) for entity in (one, other))
        steps = tuple(_steps(work, known, one, other))
        [(kept,)] = rows(work, f"select count(*) from ({scoring.kept_sql('answered')})", {"least": -math.inf})
        [(compared,)] = rows(work, f"select count(*) from ({scoring.pairs_sql()})")
    now = dict(
        rows(
            people,
            f"select source_key, person_key from {PERSON} where source_key in ($a, $b)",
            {"a": first, "b": second},
        )
    )
    [(prior,)] = rows(people, f"select prior_bits from {STATE}") or [(0.0,)]
    return Explanation(
        steps=steps,
        prior_bits=prior,
        total_bits=prior + sum(step.bits or 0.0 for step in steps),
        threshold_bits=THRESHOLD_BITS,
        keys=tuple(key for (key,) in shared),
        beside=(beside[0], beside[1]),
        is_compared=bool(compared),
        is_denied=not kept,
        is_one=len(now) == 2 and len(set(now.values())) == 1,
        is_direct=bool(shared) or _is_direct(people, one, other),
    )


def _weights(folder: Path, keys: Keys) -> Model:
    known = model.read(folder, keys.linkage_key)
    if known is None:
        raise UserError(
            "nothing was compared yet: too few people, or linkage by exact keys only",
            action="Build first, with HSSK_LINKAGE=full",
            exit_code=EXIT_DATA,
        )
    return known


def _refuse_others(work: duckdb.DuckDBPyConnection, first: int, second: int) -> None:
    """Raise unless both are people of ``identity``."""
    [(found,)] = rows(
        work, "select count(*) from identity where person_key in ($a, $b)", {"a": first, "b": second}
    )
    if found < 2:
        raise UserError(
            "no register has rows of two people under these references",
            field="REF",
            expected="two references as senders write them",
            exit_code=EXIT_DATA,
        )


def _as_linked(people: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """``exact_pair`` as the last linkage found it; what it took for numbers of too many is out of ``identity``.

    Both were decided among all people, of whom ``identity`` has a few.
    """
    put_frames(work, {"lent_mark": people.sql(f"select mark from {LENT}").pl()})
    for name in (*exact.KEYS, exact.PHONE):
        rows(
            work,
            f"""update identity set {name} = null
                where {lent_mark_sql(f"'{name}'", name)} in (select mark from lent_mark)""",
            lent_mark_parameters(keys),
        )
    found = rows(
        people,
        f"""select key_a, key_b, key, weight::double from {PAIR}
            where key is not null and key_a in (select unnest($known)) and key_b in (select unnest($known))""",
        {"known": [key for (key,) in rows(work, "select person_key from identity")]},
    )
    schema = {"key_a": pl.Int64, "key_b": pl.Int64, "key": pl.String, "weight": pl.Float64}
    put_frames(work, {"exact_pair": pl.DataFrame(found, schema=schema, orient="row")})


def _by_number(people: duckdb.DuckDBPyConnection, first: int, second: int) -> list[int]:
    """Both, and all who are connected with one of them by exact keys."""
    found = rows(
        people,
        f"""with recursive number_pair as (
                select key_a as key, key_b as other from {PAIR} where key is not null
                union all select key_b, key_a from {PAIR} where key is not null
            ),
            near as (
                select unnest([$a, $b]) as key
                union select p.other from near n inner join number_pair p using (key)
            )
            select key from near""",
        {"a": first, "b": second},
    )
    return [key for (key,) in found]


def _entities(work: duckdb.DuckDBPyConnection, first: int, second: int) -> tuple[int, int]:
    """Make ``entity`` as linkage compares it; the entities of both: themselves, where a number makes them one."""
    cluster_exact(work)
    of = dict(rows(work, "select person_key, entity_key from member"))
    one, other = of.get(first, first), of.get(second, second)
    if one != other:
        return one, other
    rows(work, "delete from member")
    rows(
        work,
        "create or replace table entity as select person_key as entity_key, * exclude person_key from identity",
    )
    return first, second


def _others(work: duckdb.DuckDBPyConnection, entity: int) -> int:
    [(count,)] = rows(work, "select count(*) from member where entity_key = $entity", {"entity": entity})
    return max(int(count) - 1, 0)


def _is_direct(people: duckdb.DuckDBPyConnection, first: int, second: int) -> bool:
    return bool(
        rows(
            people,
            f"select 1 from {PAIR} where key_a = $a and key_b = $b and weight >= $threshold",
            {"a": min(first, second), "b": max(first, second), "threshold": THRESHOLD_BITS},
        )
    )


def _steps(work: duckdb.DuckDBPyConnection, known: Model, one: int, other: int) -> Iterator[Step]:
    """What each comparison says of two of ``entity``, the one asked about first on the left."""
    scoring.put_frequencies(work, known)
    rows(work, "create table changed as select entity_key from entity")
    scoring.put_people(work, known, "e.entity_key in ($one, $other)", {"one": one, "other": other})
    rows(work, "create table person_changed as from person where is_changed")
    rows(
        work,
        """create table asked as
            select '0' as match_key, least($one, $other)::bigint as join_key_l,
                greatest($one, $other)::bigint as join_key_r, 0 as part""",
        {"one": one, "other": other},
    )
    [name] = list(_kept(work, known))
    [pair] = work.sql(f"from {name}").pl().to_dicts()
    written = work.sql(
        f"select {', '.join(COLUMNS)} from person order by entity_key = $other", params={"other": other}
    )
    shown = written.pl().to_dicts()
    for comparison in load().comparisons:
        yield _step(comparison, pair, shown)


def _kept(work: duckdb.DuckDBPyConnection, known: Model) -> Iterator[str]:
    for name in scoring.weigh(work, known, "asked", told=True):
        rows(work, f"create table answered as from {name}")
        yield "answered"


def _step(one: Comparison, pair: dict[str, float], written: list[dict[str, object]]) -> Step:
    level = one.level_at(int(pair[f"gamma_{one.id}"]))
    bits = float(pair[f"mw_{one.id}"]) + float(pair.get(f"mw_tf_adj_{one.id}") or 0.0)
    return Step(
        comparison=one.id,
        vi=one.vi,
        en=one.en,
        level_vi=level.vi if level else "thiếu",
        level_en=level.en if level else "missing",
        one=masked(written[0][one.shown]),
        other=masked(written[1][one.shown]),
        bits=bits if level else None,
    )


def masked(value: object) -> str | None:
    """The shape of a value: of a word the first letter, of a date or year its first three digits, else none."""
    if value is None:
        return None
    text = str(value)
    if text[:4].isdigit() and text[4:5] == "-":
        return text[:3] + _DOT + "-" + 2 * _DOT + "-" + 2 * _DOT
    if text.isdigit():
        return text[:3] + _DOT if len(text) == 4 else _DOT * len(text)
    return " ".join(word[0] + _DOT * (len(word) - 1) for word in text.split())
