"""Measures as data: what can be asked for, in ``indicators/*.toml``, validated when loaded."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from analytics.disclosure import Kind
from warehouse.errors import Fault, Faults

#: How a number is made of counts, from raw to modelled.
ESTIMATORS = ("crude", "standardised", "weighted", "modelled", "misclassification")
#: Those about all residents, not about people with a record.
CORRECTED = ("weighted", "modelled", "misclassification")

_TEXTS = ("name", "numerator", "denominator", "caveats")
_REQUIRED = (
    *("id", "version", "reviewed", "kind", "unit", "polarity", "by", "where", "needs_condition", "source"),
    *_TEXTS,
)
_OPTIONAL = ("ages", "health_by", "sections", "counts", "among", "target", "of_quantity")


class Polarity(StrEnum):
    """Which way is better; neutral where neither is, so that nothing is coloured good or bad."""

    HIGHER = "higher_is_better"
    LOWER = "lower_is_better"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class Target:
    """What is to be reached, by when (None: from the start on, no day is named), and who says so."""

    value: float
    source: str
    due: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "value": self.value,
            "due": self.due.isoformat() if self.due else None,
            "source": self.source,
        }


@dataclass(frozen=True)
class Section:
    """A part of the record: the step that completes it, and the step that counts the records it applies to."""

    id: str
    numerator: str
    denominator: str
    is_total: bool = False


@dataclass(frozen=True)
class Text:
    """One text in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One measure: what it counts over what, and by what it can be asked for.

    ``of_quantity``: it tells of a measured quantity, which the question names.
    ``counts`` over ``among``: roles of a definition other than its cases over its assessed, as in the care cascade.
    """

    id: str
    version: str
    reviewed: str
    kind: Kind
    unit: str
    polarity: Polarity
    target: Target | None
    ages: str | None
    by: tuple[str, ...]
    where: tuple[str, ...]
    health_by: tuple[str, ...]
    needs_condition: bool
    of_quantity: bool
    counts: str | None
    among: str | None
    source: str
    name: Text
    numerator: Text
    denominator: Text
    caveats: Text
    sections: tuple[Section, ...]

    @property
    def part(self) -> str:
        """What the parts of a record are called where they are shown: sections of it, or steps of the ladder."""
        return "step" if "step" in self.by else "section"

    @property
    def estimators(self) -> tuple[str, ...]:
        """Only counts of people by age can be standardised, only those of a disease corrected."""
        if not self.needs_condition:
            return ("crude",)
        return ESTIMATORS if self.counts is None else ("crude", "standardised")


@cache
def indicators() -> Mapping[str, Indicator]:
    """Every measure by id. Raises Faults with all that is wrong in the files."""
    faults: list[Fault] = []
    found = {}
    for file in sorted(
        resources.files("analytics").joinpath("indicators").iterdir(), key=lambda item: item.name
    ):
        if not file.name.endswith(".toml"):
            continue
        try:
            found[file.name.removesuffix(".toml")] = parse_indicator(
                tomllib.loads(file.read_text(encoding="utf-8"))
            )
        except (KeyError, TypeError, ValueError) as error:
            faults.append(
                Fault(message=f"not an indicator: {error}", file=file.name, expected=", ".join(_REQUIRED))
            )
    if faults:
        raise Faults(faults)
    return found


def parse_indicator(table: Mapping[str, Any]) -> Indicator:
    """An indicator from its table; ValueError names every missing or unknown key."""
    missing = [key for key in _REQUIRED if key not in table]
    if ("counts" in table) != ("among" in table):
        missing.append("counts and among go together")
    unknown = [key for key in table if key not in (*_REQUIRED, *_OPTIONAL)]
    if missing or unknown:
        raise ValueError(f"missing keys {missing}, unknown keys {unknown}")
    return Indicator(
        id=table["id"],
        version=table["version"],
        reviewed=table["reviewed"].isoformat(),
        kind=Kind(table["kind"]),
        unit=table["unit"],
        polarity=Polarity(table["polarity"]),
        target=Target(**table["target"]) if "target" in table else None,
        ages=table.get("ages"),
        by=tuple(table["by"]),
        where=tuple(table["where"]),
        health_by=tuple(table.get("health_by", ())),
        needs_condition=table["needs_condition"],
        of_quantity=table.get("of_quantity", False),
        counts=table.get("counts"),
        among=table.get("among"),
        source=table["source"],
        sections=tuple(Section(**section) for section in table.get("sections", ())),
        **{name: Text(**table[name]) for name in _TEXTS},
    )
