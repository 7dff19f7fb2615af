"""The Selection of the overview: one map kind, one phase of the plan, one district at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dashboard.selection.base import GEOGRAPHIES, MAPS, THEMES, Fallback, Geography, Opened, Reader, Selection

#: All phases together, then each phase of the plan.
PHASES = ("all", "p1", "p2", "p3")
#: Steps of the headline numbers, in the order of the ladder.
STEPS = ("created", "identity_verified", "activated", "all_sections", "updated_12m")


@dataclass(frozen=True, kw_only=True)
class OverviewSelection(Selection):
    """One state of the overview. ``district`` None is the whole city."""

    phase: str = PHASES[0]
    map: str = MAPS[0]
    geography: Geography = GEOGRAPHIES[0]
    district: str | None = None


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Where one phase (or all) stands at the end of a week: records, people due, pace a week, pace needed by ``goal``.

    ``due`` and ``needed`` are None without a target; ``goal`` is the end of the quarter the need looks to.
    """

    phase: str
    records: int
    due: int | None
    pace: float
    needed: float | None
    goal: date


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of the ladder: records that took it, their share, how many more than four weeks before, week by week.

    ``weekly`` is empty where the step is known on the day of the data only.
    """

    step: str
    records: int
    share: float | None
    added: int | None
    weekly: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Behind:
    """A district behind its plan: the share reached, the people missing; reasons as code, own number, the other."""

    district: str
    name: str
    reached: float
    missing: int
    reasons: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """From the build before to the one shown. ``definitions``: name, old and new version (None: not there).

    ``refused``: rows in quarantine of all files the build stands on.
    """

    old_build: str
    old_extract_date: date
    extract_date: date
    files_new: int
    files_replaced: int
    files_gone: int
    records_added: int
    records: int
    refused_old: int
    refused: int
    quarters_added: tuple[str, ...]
    definitions: tuple[tuple[str, str | None, str | None], ...]


@dataclass(frozen=True, kw_only=True)
class OverviewOpened(Opened):
    """What the overview needs once beside: the query resolved."""

    selection: OverviewSelection


def resolve(
    query: Mapping[str, str], *, build: str, districts: tuple[str, ...], has_units: bool = True, language: str
) -> tuple[OverviewSelection, tuple[Fallback, ...]]:
    """The Selection a query means and what had to fall back. Never raises on what a URL carries."""
    read = Reader(query)
    selection = OverviewSelection(
        language=language,
        build=build,
        theme=read.quiet("theme", THEMES),
        phase=read.one_of("phase", PHASES, PHASES[0]),
        map=read.one_of("map", MAPS, MAPS[0]),
        geography=read.geography(has_units=has_units),
        district=read.one_of("district", districts, "") or None,
    )
    return selection, tuple(read.fallbacks)
