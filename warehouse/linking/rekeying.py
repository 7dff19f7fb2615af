"""What linkage knows of persons, carried into a store whose pseudonyms are made with another key.

A pseudonym tells nothing of the reference it was made of; the sealed files hold both, and only they.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from warehouse import linkage
from warehouse.database import rows
from warehouse.identity import Keys, hmac_parameters, hmac_sql
from warehouse.linking import model


def carry(people: duckdb.DuckDBPyConnection, before: Path, folder: Path, *, old: Keys, new: Keys) -> None:
    """``meta_person`` and its history from the attached store ``earlier``, and the model, under the keys ``new``.

    ``before``, ``folder``: sealed files of the earlier store, under ``old``, and those of the new one. History of
    references that no loaded file has any more cannot be carried: nothing tells whose it was.
    """
    _put_rekeyed(people, before, old, new)
    for table, times in (("meta_person", "e.since"), ("meta_person_before", "e.since, e.until")):
        rows(
            people,
            f"""insert into {table} select s.new_key, p.new_key, {times} from earlier.{table} e
                inner join rekeyed s on s.old_key = e.source_key
                inner join rekeyed p on p.old_key = e.person_key""",
        )
    rows(people, "drop table rekeyed")
    known = model.read(before, old.linkage_key)
    if known is not None:
        model.write(known, folder, new.linkage_key)


def _put_rekeyed(people: duckdb.DuckDBPyConnection, before: Path, old: Keys, new: Keys) -> None:
    """``rekeyed`` (old_key, new_key): the references that linkage knows of, by their pseudonyms."""
    rows(people, "create or replace temp table rekeyed (old_key bigint, new_key bigint)")
    rows(
        people,
        """create or replace temp table wanted as
            select unnest([source_key, person_key]) as old_key from earlier.meta_person
            union select unnest([source_key, person_key]) from earlier.meta_person_before""",
    )
    for path in sorted(before.glob(f"*{linkage.SEALED}")):
        for frame in linkage.unseal(path, old.linkage_key, path.name.removesuffix(linkage.SEALED)):
            if {"person_ref", "_row"} <= set(frame.columns):
                _add(people, frame.filter(pl.col("_row").is_null()), new)
    rows(people, "drop table wanted")


def _add(people: duckdb.DuckDBPyConnection, references: pl.DataFrame, new: Keys) -> None:
    people.register("given", references.to_arrow())
    rows(
        people,
        f"""insert into rekeyed
            select person_key, {hmac_sql("pseudonym", "'person:' || person_ref")} from given
            where person_key in (select old_key from wanted) and person_key not in (select old_key from rekeyed)""",
        hmac_parameters("pseudonym", new.pseudonym_key),
    )
    people.unregister("given")
