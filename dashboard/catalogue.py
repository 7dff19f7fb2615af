"""What one build holds to choose from: definitions with their words, quarters. Shaped once per build and process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from analytics.catalogue import Variant as Defined
from analytics.catalogue import catalogue
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
    age_to: int | None
    #: Whether the definition says who is known from claims, so that it can be corrected to all residents.
    is_corrected: bool


@dataclass(frozen=True)
class Frozen:
    """The newest vintage of a quarter: when it was counted, and why where it is a revision."""

    vintage: int
    known_at: date
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """Variants by condition, the default first; the frozen quarters, newest first."""

    variants: dict[str, tuple[Variant, ...]]
    frozen: dict[str, Frozen]

    @property
    def quarters(self) -> tuple[str, ...]:
        return tuple(self.frozen)

    @property
    def of_adults(self) -> dict[str, tuple[Variant, ...]]:
        """Those without an upper age: the explorer asks for adults, and a child's growth is another question."""
        return {name: items for name, items in self.variants.items() if items[0].age_to is None}

    def variant(self, condition: str, variant: str) -> Variant:
        return next(item for item in self.variants[condition] if item.variant == variant)


@lru_cache(maxsize=16)
def read(generation: Generation) -> Catalogue:
    """The catalogue of one sealed generation, as the page offers it: definitions in the order of their files."""
    known = catalogue(generation.frozen)
    variants = [
        _variant(item, is_corrected=item.measure_id in known.framed)
        for item in sorted(known.variants, key=lambda item: item.measure_id)
    ]
    conditions = list(dict.fromkeys(item.condition for item in variants))
    conditions.sort(key=lambda name: (*FIRST_CONDITIONS, name).index(name))
    newest_first = sorted(known.quarters, key=lambda quarter: quarter.name, reverse=True)
    frozen = {
        item.name: Frozen(item.vintage, item.known_at, item.reason)
        for item in newest_first
        if item.known_at is not None
    }
    by_condition = {name: _default_first([v for v in variants if v.condition == name]) for name in conditions}
    return Catalogue(by_condition, frozen)


def _default_first(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    return tuple(sorted(variants, key=lambda item: item.variant != PREFERRED))


def _variant(item: Defined, *, is_corrected: bool) -> Variant:
    return Variant(
        condition=item.condition,
        variant=item.variant,
        version=item.version or "",
        condition_names=(item.condition_vi or item.condition, item.condition_en or item.condition),
        names=(item.name_vi or item.variant, item.name_en or item.variant),
        descriptions=(item.description_vi or "", item.description_en or ""),
        source=item.source or "",
        denominator=item.denominator or "",
        age_from=item.age_from,
        age_to=item.age_to,
        is_corrected=is_corrected,
    )
