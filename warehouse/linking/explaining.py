"""Why two references are one person, or are not: what each comparison says, in bits, with values that show nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.database import rows
from warehouse.errors import EXIT_DATA, UserError
from warehouse.identity import Keys, person_key
from warehouse.linking import exact, identities, model, scoring
from warehouse.linking.comparisons import Comparison, load
from warehouse.linking.identities import COLUMNS
from warehouse.linking.model import Model
from warehouse.linking.persons import PAIR, PERSON, STATE, THRESHOLD_BITS, private
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

    ``keys``: exact keys both have. ``is_one``: whether they are one person now, be it through others.
    """

    steps: tuple[Step, ...]
    prior_bits: float
    total_bits: float
    threshold_bits: float
    keys: tuple[str, ...]
    is_one: bool
    is_direct: bool


def explain(
    people: duckdb.DuckDBPyConnection, settings: Settings, keys: Keys, folder: Path, refs: tuple[str, str]
) -> Explanation:
    """Compare two references of senders as the last linkage did.

    Raises :class:`UserError` where nothing is loaded of one, and where the weights are not known yet.
    """
    first, second = (person_key(keys, ref.strip()) for ref in refs)
    known = model.read(folder, keys.linkage_key)
    if known is None:
        raise UserError(
            "nothing was compared yet: too few people, or linkage by exact keys only",
            action="Build first, with HSSK_LINKAGE=full",
            exit_code=EXIT_DATA,
        )
    with private(settings) as work:
        identities.gather(people, work, folder, keys.linkage_key, only=(first, second))
        [(found,)] = rows(work, "select count(*) from identity")
        if first == second or found < 2:
            raise UserError(
                "no register has rows of two people under these references",
                field="REF",
                expected="two references as senders write them",
                exit_code=EXIT_DATA,
            )
        exact.link(work)
        shared = tuple(key for (key,) in rows(work, "select distinct key from exact_pair order by key"))
        steps = tuple(_steps(work, known))
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
        keys=shared,
        is_one=len(now) == 2 and len(set(now.values())) == 1,
        is_direct=_is_direct(people, first, second),
    )


def _is_direct(people: duckdb.DuckDBPyConnection, first: int, second: int) -> bool:
    return bool(
        rows(
            people,
            f"""select 1 from {PAIR} where key_a = $a and key_b = $b and (key is not null or weight >= $threshold)""",
            {"a": min(first, second), "b": max(first, second), "threshold": THRESHOLD_BITS},
        )
    )


def _steps(work: duckdb.DuckDBPyConnection, known: Model) -> Iterator[Step]:
    """The steps of the only pair in ``identity``."""
    scoring.put_frequencies(work, known)
    rows(work, "create table entity as select person_key as entity_key, * exclude person_key from identity")
    rows(work, "create table changed as select entity_key from entity")
    scoring.put_people(work, known, "true", {})
    rows(
        work,
        """create table asked as select '0' as match_key, min(entity_key) as join_key_l, max(entity_key) as join_key_r,
            0 as part from entity""",
    )
    [name] = list(_kept(work, known))
    [pair] = work.sql(f"from {name}").pl().to_dicts()
    written = work.sql(f"select {', '.join(COLUMNS)} from entity order by entity_key").pl().to_dicts()
    for one in load().comparisons:
        yield _step(one, pair, written)


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
