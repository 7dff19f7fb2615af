"""Exact keys: two references with one usable number are one person, unless the rest of what is written denies it."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from warehouse.database import rows
from warehouse.linking.identities import COLUMNS

#: Key -> what it weighs against other evidence, in bits; in the order of trust.
KEYS: Mapping[str, float] = {"national_id_std": 40.0, "insurance_code": 35.0, "old_id_std": 30.0}
#: A number that more references have is a filler, or lent: it links nobody.
MOST_SHARING = 10
#: One person: the same given name (or a slip of it), and the year of birth or the whole name; no other identity number.
_AGREE = """(a.name_given is null or b.name_given is null
        or jaro_winkler_similarity(a.name_given, b.name_given) >= 0.85 or a.name_sorted = b.name_sorted)
    and (coalesce(a.birth_year = b.birth_year, true) or a.name_std = b.name_std)
    and coalesce(a.sex = b.sex, true)
    and coalesce(a.national_id_std = b.national_id_std, true)"""


def link(work: duckdb.DuckDBPyConnection) -> None:
    """Make ``exact_pair`` of ``identity``: two persons, the smaller key first, the ``key`` they share, its weight."""
    rows(work, "create table exact_pair (key_a bigint, key_b bigint, key text, weight double)")
    for name, weight in KEYS.items():
        rows(
            work,
            f"""insert into exact_pair
                select a.person_key, b.person_key, $name, $weight
                from identity a inner join identity b on a.{name} = b.{name} and a.person_key < b.person_key
                where a.{name} in (
                    select {name} from identity group by {name} having count(*) between 2 and $most
                ) and {_AGREE}""",
            {"name": name, "weight": weight, "most": MOST_SHARING},
        )


def lent(work: duckdb.DuckDBPyConnection) -> int:
    """How many numbers more references have than one person can."""
    [(count,)] = rows(
        work,
        "select "
        + " + ".join(
            f"(select count(*) from (select {name} from identity where {name} is not null"
            f" group by {name} having count(*) > $most))"
            for name in KEYS
        ),
        {"most": MOST_SHARING},
    )
    return int(count)


def merge(work: duckdb.DuckDBPyConnection) -> None:
    """Make ``entity`` of ``identity`` and ``member`` (person_key, entity_key): one row for those linked by exact keys.

    Of each column what a register of residents says, else whoever came last.
    """
    newest = ", ".join(f"arg_max({name}, rank) as {name}" for name in COLUMNS)
    rows(
        work,
        f"""create table entity as
            select entity_key, count(*) as members, bool_or(is_register) as is_register, {newest}
            from (
                select coalesce(m.entity_key, i.person_key) as entity_key, i.*,
                    {{'register': i.is_register, 'position': i.position}} as rank
                from identity i left join member m using (person_key)
            ) group by entity_key""",
    )
