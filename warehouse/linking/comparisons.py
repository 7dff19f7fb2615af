"""What two records are compared by, and which pairs are worth comparing: ``comparisons.toml``, checked at load."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

_FILE = "comparisons.toml"
#: What stands for a level that takes all that is left.
ELSE = "ELSE"


@dataclass(frozen=True, kw_only=True)
class Level:
    """One degree of agreement. ``m``, ``u``: how often it holds within one person and between two, to begin with."""

    id: str
    sql: str
    m: float
    u: float
    vi: str
    en: str
    frequency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Levels from the best to the worst. ``key``: the exact key it compares; ``shown``: the column shown of it."""

    id: str
    vi: str
    en: str
    shown: str
    missing: str
    levels: tuple[Level, ...]
    key: str | None = None

    def level_at(self, gamma: int) -> Level | None:
        """The level that Splink's number stands for (the first has the highest, ELSE 0); None for missing."""
        return self.levels[len(self.levels) - 1 - gamma] if gamma >= 0 else None


@dataclass(frozen=True, kw_only=True)
class Comparisons:
    """The whole file. ``worth_m``, ``worth_u``: as how many pairs the beginnings count; ``least``: what share of
    them stays; ``mark`` tells versions.
    """

    comparisons: tuple[Comparison, ...]
    candidates: dict[str, str]
    worth_m: int
    worth_u: int
    least: float
    mark: str

    @property
    def frequencies(self) -> tuple[str, ...]:
        """Columns whose frequencies are needed."""
        return tuple(level.frequency for one in self.comparisons for level in one.levels if level.frequency)


@cache
def load() -> Comparisons:
    """Read the file. Raises :class:`ValueError` where a comparison does not end in ELSE or shares do not add up."""
    text = resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    comparisons = tuple(_comparison(item) for item in raw["comparison"])
    for one in comparisons:
        if [level.sql for level in one.levels if level.sql == ELSE] != [one.levels[-1].sql]:
            raise ValueError(f"{_FILE}: {one.id} does not end in ELSE")
        for name in ("m", "u"):
            if abs(sum(getattr(level, name) for level in one.levels) - 1) > 1e-2:
                raise ValueError(f"{_FILE}: {name} of {one.id} do not add up to 1")
    return Comparisons(
        comparisons=comparisons,
        candidates={item["id"]: item["sql"] for item in raw["candidates"]},
        worth_m=raw["worth"]["m"],
        worth_u=raw["worth"]["u"],
        least=raw["least"],
        mark=sha256(text.encode()).hexdigest()[:12],
    )


def _comparison(item: dict[str, Any]) -> Comparison:
    levels = tuple(Level(**level) for level in item["levels"])
    return Comparison(**{**item, "levels": levels})
