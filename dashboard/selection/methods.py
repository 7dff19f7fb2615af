"""The Selection of the methods page: a build, and the thing asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.selection.base import THEMES, Fallback, Opened, Reader, Selection


@dataclass(frozen=True, kw_only=True)
class MethodsSelection(Selection):
    """``about``: a definition like ``hypertension/recommended`` or a measure like ``ladder``; None is everything."""

    about: str | None = None


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One case definition as the build holds it, in one language; ``document`` is its file."""

    key: str
    condition: str
    name: str
    description: str
    version: str
    reviewed: str
    estimand: str
    denominator: str
    age_from: int
    source: str
    is_corrected: bool
    variant: Mapping[str, Any]
    document: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure that can be asked for, in one language."""

    key: str
    name: str
    numerator: str
    denominator: str
    caveats: str
    source: str
    version: str
    reviewed: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """How one table of the build was made."""

    name: str
    sql: str
    inputs: tuple[str, ...]
    rows: int


@dataclass(frozen=True, kw_only=True)
class File:
    """One extract file the build stands on."""

    name: str
    sha256: str
    accepted: int
    quarantined: int


@dataclass(frozen=True, kw_only=True)
class Received:
    """One table an extract may hold: what it is, and its columns as name, type, meaning."""

    name: str
    title: str
    source: str
    columns: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Methods:
    """Everything the page tells of one build."""

    definitions: tuple[Definition, ...]
    measures: tuple[Measure, ...]
    received: tuple[Received, ...]
    tables: tuple[Table, ...]
    files: tuple[File, ...]
    population: str


@dataclass(frozen=True, kw_only=True)
class MethodsOpened(Opened):
    """What the page needs once beside: the query resolved."""

    selection: MethodsSelection


def resolve(
    query: Mapping[str, str], *, build: str, known: tuple[str, ...], language: str
) -> tuple[MethodsSelection, tuple[Fallback, ...]]:
    """The Selection a query means and what had to fall back. Never raises on what a URL carries."""
    read = Reader(query)
    selection = MethodsSelection(
        language=language,
        build=build,
        theme=read.quiet("theme", THEMES),
        about=read.one_of("about", known, "") or None,
    )
    return selection, tuple(read.fallbacks)
