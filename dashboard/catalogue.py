"""What one build holds to choose from: definitions with their words, quarters. Read once per build and process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from analytics.generation import Generation

#: The variant a condition opens with, where it has it; otherwise the first of its definition file.
PREFERRED = "recommended"
#: The condition the page opens with: the plan's first.
FIRST_CONDITIONS = ("hypertension", "diabetes", "bmi")


@dataclass(frozen=True)
class Variant:
    """One case definition in both languages."""

    condition: str
    variant: str
    version: str
    condition_names: tuple[str, str]
    names: tuple[str, str]
    descriptions: tuple[str, str]
    source: str
    denominator: str
    age_from: int


@dataclass(frozen=True)
class Catalogue:
    """Variants by condition, the default first; quarters newest first, complete ones before the open one."""

    variants: dict[str, tuple[Variant, ...]]
    quarters: tuple[str, ...]
    open_quarters: frozenset[str]

    def variant(self, condition: str, variant: str) -> Variant:
        return next(item for item in self.variants[condition] if item.variant == variant)


@lru_cache(maxsize=16)
def read(generation: Generation) -> Catalogue:
    """The catalogue of one sealed generation."""
    variants = [_variant(row) for row in generation.frame(_sql("definitions")).iter_rows(named=True)]
    conditions = list(dict.fromkeys(item.condition for item in variants))
    conditions.sort(key=lambda name: (*FIRST_CONDITIONS, name).index(name))
    quarters = generation.frame(_sql("quarters"))
    open_quarters = frozenset(quarters.filter(~quarters["is_complete"])["quarter"])
    names = sorted(quarters["quarter"], key=lambda name: name in open_quarters)
    by_condition = {name: _default_first([v for v in variants if v.condition == name]) for name in conditions}
    return Catalogue(by_condition, tuple(names), open_quarters)


def _default_first(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    return tuple(sorted(variants, key=lambda item: item.variant != PREFERRED))


def _variant(row: dict[str, Any]) -> Variant:
    name = json.loads(row["definition_json"])["name"]
    return Variant(
        condition=row["condition"],
        variant=row["variant"],
        version=row["version"],
        condition_names=(name["vi"], name["en"]),
        names=(row["name_vi"], row["name_en"]),
        descriptions=(row["description_vi"], row["description_en"]),
        source=row["source"],
        denominator=row["denominator"],
        age_from=row["age_from"],
    )


def _sql(name: str) -> str:
    return resources.files("dashboard").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
