"""One SQL file of the warehouse: the table it makes, and what its header says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp

MART = "mart_"
#: Line of a header: the table tells of builds as well as of the city.
HISTORY = re.compile(r"^-- history:", re.IGNORECASE | re.MULTILINE)
#: Line of a header: the table may be made of one group of people after another (:mod:`warehouse.slices`).
SLICED = re.compile(r"^-- slices:\s+people\b", re.IGNORECASE | re.MULTILINE)
#: Lines of a header: tables that stand for others while this one is made (:mod:`warehouse.shadows`).
SHADOWS = re.compile(r"^-- shadows:((?:[\s,-]*core_shadow_\w+)+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Table:
    """One SQL file: the table it makes, what it reads, and the ``$name`` parameters it takes."""

    name: str
    folder: str
    sql: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def body(self) -> str:
        """The SELECT alone."""
        return self.sql.rstrip().rstrip(";")

    @property
    def order(self) -> str:
        """What the SELECT orders its rows by, in the names of its result; empty where it does not."""
        return _order(self.sql)

    @property
    def is_sliced(self) -> bool:
        """Whether the header says that it may be made of one group of people after another."""
        return SLICED.search(self.sql) is not None

    @property
    def shadows(self) -> tuple[str, ...]:
        """Tables that its header lets stand for those of people; empty for most files."""
        return shadows_of(self.sql)

    @property
    def is_mart(self) -> bool:
        return self.name.startswith(MART)

    @property
    def is_history(self) -> bool:
        """Whether equal data may give other rows, because the builds before are told of: in no fingerprint then."""
        return HISTORY.search(self.sql) is not None


def shadows_of(sql: str) -> tuple[str, ...]:
    """Names of the tables that the header of a file lets stand for others."""
    found = SHADOWS.search(sql)
    return tuple(re.findall(r"core_shadow_\w+", found[1])) if found else ()


@cache
def _order(sql: str) -> str:
    tree = sqlglot.parse_one(sql, dialect="duckdb").assert_is(exp.Query)
    order = tree.args.get("order")
    names = {
        (item.this if isinstance(item, exp.Alias) else item).sql(): item.alias_or_name
        for item in tree.selects
    }
    # What is not selected as it stands is the name of a result already.
    found = [names.get(item.this.sql(), item.this.name) for item in order.expressions] if order else []
    return ", ".join(found)
