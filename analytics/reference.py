"""Small reference tables of the measures: which group belongs to which phase of the plan, cut-offs of quantities."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

#: Phases of plan 3160 in their order.
PHASES = ("p1", "p2", "p3")


@dataclass(frozen=True)
class CutOff:
    """The class of a quantity from ``start`` (in its unit; None is the lowest class) up to the next."""

    quantity: str
    scheme: str
    start: float | None
    name_vi: str
    name_en: str
    source: str


@dataclass(frozen=True)
class PlanAmount:
    """An amount the plan itself names: an estimate of a budget line (VND), systems to be linked."""

    item: str
    part: str
    amount: int
    unit: str
    source: str


@cache
def plan_amounts() -> tuple[PlanAmount, ...]:
    """Every amount of the plan, in its order."""
    return tuple(
        PlanAmount(row["item"], row["part"], int(row["amount"]), row["unit"], row["source"])
        for row in _rows("plan_amounts.csv")
    )


@cache
def phase_of_group() -> dict[str, str]:
    """Group of the plan to its phase, in the plan's order."""
    return {row["plan_group"]: row["phase"] for row in _rows("plan_phases.csv")}


@cache
def cut_offs() -> tuple[CutOff, ...]:
    """Every class of every scheme, lowest first."""
    return tuple(
        CutOff(
            quantity=row["quantity"],
            scheme=row["scheme"],
            start=float(row["from"]) if row["from"] else None,
            name_vi=row["name_vi"],
            name_en=row["name_en"],
            source=row["source"],
        )
        for row in _rows("cut_offs.csv")
    )


@cache
def published_ages() -> frozenset[str]:
    """Age groups that are cells of the publication lattice beside the five-year bands; others are sums of these."""
    return frozenset(row["ages"] for row in _rows("age_groups.csv"))


def classes_of(quantity: str, scheme: str) -> tuple[CutOff, ...]:
    """The classes of one scheme; empty where the quantity has no such scheme."""
    return tuple(item for item in cut_offs() if (item.quantity, item.scheme) == (quantity, scheme))


def quantities() -> tuple[str, ...]:
    """Quantities that have classes."""
    return tuple(dict.fromkeys(item.quantity for item in cut_offs()))


def schemes(quantity: str) -> tuple[str, ...]:
    """Schemes of a quantity."""
    return tuple(dict.fromkeys(item.scheme for item in cut_offs() if item.quantity == quantity))


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("analytics").joinpath("standards", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
