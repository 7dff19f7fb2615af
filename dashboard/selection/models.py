"""The Selection of the models page: a build and a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.selection.base import THEMES, Fallback, Opened, Reader, Selection


@dataclass(frozen=True, kw_only=True)
class ModelsSelection(Selection):
    """``condition``: one of those that are corrected."""

    condition: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the page is about, by name: the condition, its definition, the newest quarter that is published."""

    condition: str
    definition: str
    variant: str
    version: str
    quarter: str


@dataclass(frozen=True, kw_only=True)
class ModelsOpened(Opened):
    """What the page needs once beside: the query resolved, the conditions by name."""

    selection: ModelsSelection
    conditions: Mapping[str, str]


def resolve(
    query: Mapping[str, str], *, build: str, conditions: Sequence[str], language: str
) -> tuple[ModelsSelection, tuple[Fallback, ...]]:
    """The Selection a query means and what had to fall back. Never raises on what a URL carries."""
    read = Reader(query)
    selection = ModelsSelection(
        language=language,
        build=build,
        theme=read.quiet("theme", THEMES),
        condition=read.one_of("condition", conditions, conditions[0]),
    )
    return selection, tuple(read.fallbacks)
