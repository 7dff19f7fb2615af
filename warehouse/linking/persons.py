"""Linkage of a store: who is one person by what is loaded; a new batch is compared with what is there, not all again.

``meta_person`` tells of every reference of a register which person it is; ``meta_person_before`` what it told before,
and until when. A person keeps the pseudonym through builds, merges and splits: of the references of a person one that
was a person before gives it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from warehouse.database import FILE_NAME, TEMPORARY, configure, put_frames, quoted, rows
from warehouse.identity import Keys, key_marks, reference_parameters, reference_sql
from warehouse.linking import exact, identities, model, on_spark, rekeying, scoring, training
from warehouse.linking.clusters import AMBIGUOUS_BITS, MOST_REFERENCES, cluster
from warehouse.linking.comparisons import load
from warehouse.linking.identities import COLUMNS
from warehouse.linking.model import Model
from warehouse.settings import Settings

#: Two references are one person from this weight on (log2 of the odds): when that is likelier than not. Chosen on the
#: curve of cities whose truth is known, docs/linkage.md; what is denied and the guards stand beside it.
THRESHOLD_BITS = 0.0
#: Pairs of this weight and more are told of: what lies between is doubt.
REMEMBERED_BITS = -5.0
#: Fewer people than this say nothing about how often people agree by chance: exact keys only.
LEAST_PEOPLE = 1_000
PERSON, BEFORE, PAIR, SEEN, STATE, NUMBER, LENT = (
    "meta_person", "meta_person_before", "meta_person_pair", "meta_person_seen", "meta_linkage", "meta_number_fault",
    "meta_lent",
)  # fmt: skip
#: Another number whenever the code of linkage gives other persons, or keeps other things: all is then weighed again.
_KEPT = 5
Progress = Callable[[str, str], None]


@dataclass(frozen=True, kw_only=True)
class Linked:
    """What linking did. ``pairs``: compared now; ``persons``: of ``references``."""

    references: int
    persons: int
    pairs: int


@dataclass(frozen=True, kw_only=True)
class _Weighed:
    """How many pairs were compared now, what one person is worth beforehand, and by which model."""

    pairs: int = 0
    prior_bits: float = 0.0
    model: str = ""


def link(
    people: duckdb.DuckDBPyConnection,
    settings: Settings,
    keys: Keys,
    *,
    folder: Path,
    now: datetime,
    progress: Progress = lambda stage, what: None,
) -> Linked | None:
    """Bring ``meta_person`` up to what is loaded. ``folder``: the linkage store. None where nothing has changed.

    Everything happens in one transaction of the store; what was linked before stands until it is through.
    """
    mark = _mark(people, settings)
    if rows(people, f"select 1 from {STATE} where mark = $mark", {"mark": mark}):
        return None
    with private(settings) as work:
        progress("link", "read registers")
        identities.gather(people, work, folder, keys.linkage_key)
        progress("link", "exact keys")
        exact.link(work)
        cluster_exact(work)
        rows(work, "create table scored (key_a bigint, key_b bigint, evidence real)")
        rows(work, "create table fingerprint (entity_key bigint, fingerprint bigint)")
        weighed = _Weighed()
        if settings.linkage == "full":
            weighed = _score(people, work, settings, keys, folder, progress)
        _mark_lent(work, keys)
        progress("link", "persons")
        _name(people, work, weighed)
        return _remember(people, work, mark, now, weighed)


def carry(
    people: duckdb.DuckDBPyConnection,
    home: Path,
    *,
    before: Path,
    folder: Path,
    keys: Keys,
    replaced: Keys | None = None,
) -> None:
    """Give a store that is built anew what the one before knew of persons, so that nobody gets another pseudonym.

    ``before``, ``folder``: the linkage store of the home, and that of the new store. ``replaced``: keys of the store
    before, where they are rotated. Nothing is carried where the keys are others still.
    """
    if not (home / FILE_NAME).exists():
        return
    rows(people, f"attach '{quoted(home / FILE_NAME)}' as earlier (read_only)")
    try:
        there = {
            name
            for (name,) in rows(
                people, "select table_name from duckdb_tables() where database_name = 'earlier'"
            )
        }
        marks = dict(rows(people, "select name, mark from earlier.meta_key")) if PERSON in there else {}
        if marks and marks == key_marks(keys):
            for table in (PERSON, BEFORE):
                rows(people, f"insert into {table} from earlier.{table}")
            if (before / model.FILE_NAME).exists():
                shutil.copy2(before / model.FILE_NAME, folder / model.FILE_NAME)
        elif marks and replaced is not None and marks == key_marks(replaced):
            rekeying.carry(people, before, folder, old=replaced, new=keys)
    finally:
        rows(people, "detach earlier")


@contextmanager
def private(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with a folder of its own for what does not fit."""
    (settings.home / TEMPORARY).mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=settings.home / TEMPORARY) as folder, duckdb.connect() as work:
        configure(work, settings, Path(folder))
        yield work


def _mark(people: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Tells whether anything that linkage depends on has changed since."""
    [(files,)] = rows(
        people,
        """select coalesce(string_agg(sha256 || ':' || accepted, ' ' order by file_id), '') from meta_file
           where table_name = 'resident'""",
    )
    rules = f"{_KEPT} {THRESHOLD_BITS} {exact.MOST_SHARING} {MOST_REFERENCES} {AMBIGUOUS_BITS} {load().mark}"
    return f"{settings.linkage} {rules} {files}"


def cluster_exact(work: duckdb.DuckDBPyConnection) -> None:
    """``member`` (person_key, entity_key) of those linked by exact keys, and ``entity``."""
    put_frames(work, {"exactly": _clustered(work, "exact_pair")})
    exact.merge(work, "exactly")


def _clustered(work: duckdb.DuckDBPyConnection, table: str) -> pl.DataFrame:
    """Who is one person by the pairs of a table."""
    numbers = work.sql(
        f"""select person_key, national_id_std as number from identity where national_id_std is not null
            and person_key in (select unnest([key_a, key_b]) from {table})"""
    ).pl()
    return cluster(
        work.sql(f"select key_a, key_b, max(weight) as weight from {table} group by all").pl(), numbers
    )


def _score(
    people: duckdb.DuckDBPyConnection,
    work: duckdb.DuckDBPyConnection,
    settings: Settings,
    keys: Keys,
    folder: Path,
    progress: Progress,
) -> _Weighed:
    """Fill ``scored``: pairs remembered that still stand, pairs of somebody new or changed."""
    [(entities,)] = rows(work, "select count(*) from entity")
    if entities < LEAST_PEOPLE:
        return _Weighed()
    [(pairs,)] = rows(work, "select count(*) from exact_pair")
    _fingerprint(work, keys)
    known = model.read(folder, keys.linkage_key)
    if known is None or not known.is_of(entities, pairs):
        progress("link", "count what agrees")
        known = training.train(work, entities, pairs)
        model.write(known, folder, keys.linkage_key)
    _find_changed(people, work, known)
    scoring.put_frequencies(work, known)
    if settings.engine == "spark":
        compared = on_spark.score(work, known, settings, partial(progress, "link"))
    else:
        compared = _score_changed(work, known, progress)
    evidence = work.sql("select evidence from scored order by evidence").pl()["evidence"].to_numpy()
    return _Weighed(pairs=compared, prior_bits=model.prior(evidence, entities), model=_weighed_by(known))


def lent_mark_sql(name: str, value: str) -> str:
    """SQL by which a number of too many people is remembered: its pseudonym, as of a reference."""
    return reference_sql("lent", f"{name} || ':' || {value}")


def lent_mark_parameters(keys: Keys) -> dict[str, bytes]:
    """Parameters of :func:`lent_mark_sql`."""
    return reference_parameters(["lent"], keys.pseudonym_key)


def _mark_lent(work: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    rows(
        work,
        f"create table lent_mark as select {lent_mark_sql('name', 'value')} as mark from lent",
        lent_mark_parameters(keys),
    )


def _weighed_by(known: Model) -> str:
    """Tells what is remembered from what another model, or other code, would keep."""
    return f"{_KEPT}-{known.digest}"


def _fingerprint(work: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    text = "concat_ws('|', " + ", ".join(f"coalesce({name}::varchar, '')" for name in COLUMNS) + ")"
    rows(
        work,
        f"insert into fingerprint select entity_key, {reference_sql('identity', text)} from entity",
        reference_parameters(["identity"], keys.pseudonym_key),
    )


def _find_changed(people: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection, known: Model) -> None:
    """``changed``: entities that are not as they were; pairs of two others are taken from what is remembered.

    Everybody, where another model weighed what is remembered.
    """
    same = rows(people, f"select 1 from {STATE} where model = $model", {"model": _weighed_by(known)})
    if not same:
        rows(work, "create table changed as select entity_key from entity")
        return
    _bring(work, people, "seen", f"from {SEEN}")
    _bring(work, people, "remembered", f"from {PAIR}")
    rows(
        work,
        """create table changed as select entity_key from fingerprint
            except all select entity_key from (from fingerprint intersect from seen)""",
    )
    rows(
        work,
        """insert into scored select key_a, key_b, evidence from remembered where key is null
            and key_a in (select entity_key from entity) and key_b in (select entity_key from entity)
            and key_a not in (select entity_key from changed) and key_b not in (select entity_key from changed)""",
    )


def _score_changed(work: duckdb.DuckDBPyConnection, known: Model, progress: Progress) -> int:
    compared = 0
    spans = scoring.years(work)
    for number, span in enumerate(spans, start=1):
        progress("link", f"compare {number}/{len(spans)}")
        pairs = scoring.candidates(work, known, span)
        compared += pairs
        for name in scoring.weigh(work, known, "candidate") if pairs else ():
            scoring.keep(work, name, known.least_bits)
    return compared


def _name(people: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection, weighed: _Weighed) -> None:
    """``person`` (source_key, person_key): clusters of all pairs, each under the reference that was a person first."""
    rows(
        work,
        """create table linked as
            select key_a, key_b, weight from exact_pair
            union all select key_a, key_b, evidence + $prior from scored where evidence + $prior >= $threshold""",
        {"prior": weighed.prior_bits, "threshold": THRESHOLD_BITS},
    )
    put_frames(work, {"together": _clustered(work, "linked")})
    _bring(work, people, "earlier", f"from {PERSON}")
    rows(
        work,
        """create or replace table person as
            select
                i.person_key as source_key,
                first_value(i.person_key) over (
                    partition by coalesce(t.label, i.person_key)
                    order by e.source_key is not null desc, i.is_register desc, i.person_key
                ) as person_key
            from identity i
            left join together t on t.person_key = i.person_key
            left join earlier e on e.source_key = i.person_key and e.person_key = i.person_key""",
    )


def _remember(
    people: duckdb.DuckDBPyConnection,
    work: duckdb.DuckDBPyConnection,
    mark: str,
    now: datetime,
    weighed: _Weighed,
) -> Linked:
    """Write what was found to the store, and what it replaces to the history."""
    at = now.replace(tzinfo=None)
    exact_pairs = (
        "select key_a, key_b, max(weight)::real, arg_max(key, weight), null from exact_pair group by all"
    )
    scored = f"select key_a, key_b, (evidence + {weighed.prior_bits})::real, null, evidence from scored"
    rows(people, "begin transaction")
    _bring(people, work, "person_now", "select source_key, person_key from person")
    rows(
        people,
        f"""insert into {BEFORE} select p.source_key, p.person_key, p.since, $at
            from {PERSON} p left join person_now n using (source_key)
            where n.person_key is distinct from p.person_key""",
        {"at": at},
    )
    rows(
        people,
        f"""create temp table person_since as
            select n.source_key, n.person_key, coalesce(p.since, $at) as since
            from person_now n left join {PERSON} p using (source_key, person_key)""",
        {"at": at},
    )
    rows(people, f"delete from {PERSON}")
    rows(people, f"insert into {PERSON} from person_since")
    rows(people, f"delete from {PAIR}")
    _bring(people, work, "pair_now", f"{exact_pairs} union all {scored}")
    rows(people, f"insert into {PAIR} from pair_now")
    rows(people, f"delete from {SEEN}")
    _bring(people, work, "seen_now", "select entity_key, fingerprint from fingerprint")
    rows(people, f"insert into {SEEN} from seen_now")
    [(references, persons)] = rows(people, "select count(*), count(distinct person_key) from person_now")
    _remember_run(people, work, mark, references, weighed)
    for name in ("person_now", "person_since", "pair_now", "seen_now"):
        rows(people, f"drop table if exists temp.{name}")
    rows(people, "commit")
    return Linked(references=references, persons=persons, pairs=weighed.pairs)


def _remember_run(
    people: duckdb.DuckDBPyConnection,
    work: duckdb.DuckDBPyConnection,
    mark: str,
    references: int,
    weighed: _Weighed,
) -> None:
    """What this linkage was about, and how many numbers have which faults: counts, and no number."""
    [(entities,)] = rows(work, "select count(*) from entity")
    rows(people, f"delete from {STATE}")
    rows(
        people,
        f"insert into {STATE} values ($mark, $identities, $entities, $pairs, $lent, $prior, $model)",
        {
            "mark": mark, "identities": references, "entities": entities, "pairs": weighed.pairs,
            "lent": exact.lent(work), "prior": weighed.prior_bits, "model": weighed.model,
        },
    )  # fmt: skip
    _bring(
        people, work, "faults_now",
        "select source, number, faults, sum(written)::bigint as written from number_fault group by all",
    )  # fmt: skip
    _bring(people, work, "lent_now", "from lent_mark")
    for table, brought in ((NUMBER, "faults_now"), (LENT, "lent_now")):
        rows(people, f"delete from {table}")
        rows(people, f"insert into {table} from {brought}")
        rows(people, f"drop table temp.{brought}")


def _bring(
    target: duckdb.DuckDBPyConnection, source: duckdb.DuckDBPyConnection, name: str, query: str
) -> None:
    """The rows of a query of one database as a temporary table of another."""
    target.register("given", source.sql(query).to_arrow_table())
    rows(target, f"create or replace temp table {name} as from given")
    target.unregister("given")
