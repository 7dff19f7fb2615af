"""Which districts need attention first, and why. Pure; not a league table: only those behind their plan are named.

Rule: of the districts whose records fall short of the people due by the plan, the ones with the smallest share of the
plan reached, ties by the people missing. Reasons are told when they hold:

``pace_too_slow``  the last four complete weeks bring fewer records a week than the target of the end of the running
                   quarter asks for
``incomplete``     the share of records with every mandatory section is at least five points below the city's
``few_activated``  the share of records activated by their citizen is at least five points below the city's
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: How far below the city's share a district must be before it is a reason, in shares.
BELOW_CITY = 0.05
HOW_MANY = 3


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One district (or the city): records, people due by the plan, weekly pace and need, shares of its records."""

    district: str
    records: int
    due: int | None
    pace: float
    needed: float | None
    complete: float | None
    activated: float | None

    @property
    def reached(self) -> float | None:
        """Records as a share of the people due; None without a plan."""
        return self.records / self.due if self.due else None


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why: a code and the two numbers it compares (a week's records, or shares)."""

    code: str
    own: float
    other: float


@dataclass(frozen=True, kw_only=True)
class Attention:
    """A district behind its plan: the share reached, the people missing, and the reasons."""

    standing: Standing
    missing: int
    reasons: tuple[Reason, ...]


def attention(
    districts: Sequence[Standing], city: Standing, *, how_many: int = HOW_MANY
) -> tuple[Attention, ...]:
    """At most ``how_many`` districts behind their plan, the furthest first; none where no plan was delivered."""
    behind = [item for item in districts if item.due and item.records < item.due]
    behind.sort(key=lambda item: (item.records / (item.due or 1), item.records - (item.due or 0)))
    return tuple(
        Attention(standing=item, missing=(item.due or 0) - item.records, reasons=_reasons(item, city))
        for item in behind[:how_many]
    )


def _reasons(item: Standing, city: Standing) -> tuple[Reason, ...]:
    found = []
    if item.needed is not None and item.pace < item.needed:
        found.append(Reason(code="pace_too_slow", own=item.pace, other=item.needed))
    for code, own, other in (
        ("incomplete", item.complete, city.complete),
        ("few_activated", item.activated, city.activated),
    ):
        if own is not None and other is not None and own <= other - BELOW_CITY:
            found.append(Reason(code=code, own=own, other=other))
    return tuple(found)
