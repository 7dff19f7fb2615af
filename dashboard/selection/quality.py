"""The Selection of the quality page: a build and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.selection.base import THEMES, Fallback, Opened, Reader, Selection

#: Records are complete in these parts, in the order of the plan.
SECTIONS = (
    *("administrative", "epi_immunisation", "covid_immunisation", "history_allergy"),
    *("anthropometry", "blood_group", "underlying_conditions"),
)
PRESSURES = ("systolic", "diastolic")


@dataclass(frozen=True, kw_only=True)
class QualitySelection(Selection):
    """One build, asked for everything that is known of its data."""


@dataclass(frozen=True, kw_only=True)
class QualityOpened(Opened):
    """What the page needs once beside: the query resolved."""

    selection: QualitySelection


@dataclass(frozen=True, kw_only=True)
class Register:
    """What is known of the register as a whole; shares of it, years of the official count.

    ``other_senders``: people brought by others than the largest sender; ``no_district``: people without a district.
    """

    quarter: str
    official_year: int | None
    source: str
    other_senders: float
    no_district: float


def resolve(
    query: Mapping[str, str], *, build: str, language: str
) -> tuple[QualitySelection, tuple[Fallback, ...]]:
    """The Selection a query means and what had to fall back. Never raises on what a URL carries."""
    read = Reader(query)
    theme = read.quiet("theme", THEMES)
    return QualitySelection(language=language, build=build, theme=theme), tuple(read.fallbacks)
