"""Exact keys: two references with one usable number are one person, unless the rest of what is written denies it."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from warehouse.database import rows
from warehouse.linking.identities import folded, unfolded

#: Key -> what it weighs against other evidence, in bits; in the order of trust.
KEYS: Mapping[str, float] = {"national_id_std": 40.0, "insurance_code": 35.0, "old_id_std": 30.0}
PHONE = "phone_std"
#: A number under which more people stand, by given name and year of birth, is a filler, lent or a desk's: it is taken
#: for not known.
MOST_SHARING = 10
_SHARED_BY = "count(distinct (name_given, birth_year))"
#: One person: the same given name (or a slip of it); the year of birth or the whole name; the sex, unless name and day
#: of birth agree; no other identity number.
_AGREE = """(a.name_given is null or b.name_given is null
        or jaro_winkler_similarity(a.name_given, b.name_given) >= 0.85 or a.name_sorted = b.name_sorted)
    and (coalesce(a.birth_year = b.birth_year, true) or a.name_std = b.name_std)
    and (coalesce(a.sex = b.sex, true) or (a.name_std = b.name_std and a.birth_day_known = b.birth_day_known))
    and coalesce(a.national_id_std = b.national_id_std, true)"""


def link(work: duckdb.DuckDBPyConnection) -> None:
    """Make ``exact_pair`` of ``identity``: two persons, the smaller key first, the ``key`` they share, its weight.

    Numbers and telephones of too many people are taken out of ``identity``, into ``lent`` (name, value).
    """
    rows(work, "create table lent (name text, value text)")
    for name in (*KEYS, PHONE):
        rows(
            work,
            f"""insert into lent select $name, {name} from identity where {name} is not null
                group by {name} having {_SHARED_BY} > $most""",
            {"name": name, "most": MOST_SHARING},
        )
        rows(
            work,
            f"update identity set {name} = null where {name} in (select value from lent where name = $name)",
            {"name": name},
        )
    rows(work, "create table exact_pair (key_a bigint, key_b bigint, key text, weight double)")
    for name, weight in KEYS.items():
        rows(
            work,
            f"""insert into exact_pair
                select a.person_key, b.person_key, $name, $weight
                from identity a inner join identity b on a.{name} = b.{name} and a.person_key < b.person_key
                where {_AGREE}""",
            {"name": name, "weight": weight},
        )


def lent(work: duckdb.DuckDBPyConnection) -> int:
    """How many numbers (but telephones) stand under more people than one person can be."""
    [(count,)] = rows(work, "select count(*) from lent where name <> $phone", {"phone": PHONE})
    return int(count)


def merge(work: duckdb.DuckDBPyConnection, together: str) -> None:
    """Make ``entity`` of ``identity`` and the clusters ``together`` (person_key, label): one row a person by keys.

    ``entity_key``: one of a register of residents, where there is one. Of names, births, places and numbers what a
    register says, else the fullest.
    """
    rows(
        work,
        f"""create table member as
            select t.person_key, first_value(t.person_key) over (
                partition by t.label order by i.is_register desc, t.person_key) as entity_key
            from {together} t inner join identity i using (person_key)""",
    )
    rank = """{'register': i.is_register, 'day': i.birth_day_known is not null,
        'number': i.national_id_std is not null, 'key': i.person_key}"""
    rows(
        work,
        f"""create table entity as
            select entity_key, {unfolded()} from (
                select entity_key, {folded("rank")} from (
                    select coalesce(m.entity_key, i.person_key) as entity_key, i.*, {rank} as rank
                    from identity i left join member m using (person_key)
                ) group by entity_key)""",
    )
