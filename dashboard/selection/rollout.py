"""The Selection of the rollout page: which records (phase, group, source, district), and by what they are split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.selection.base import GEOGRAPHIES, THEMES, Fallback, Geography, Opened, Reader, Selection
from dashboard.selection.overview import PHASES

#: All groups of the plan together, then each.
GROUPS = ("all", "over_50", "underlying_condition", "pregnant", "child", "other")
ANY_SOURCE = "all"
#: What the table of steps is split by. Wards are those of the chosen district; units those with a part in it.
SPLITS = ("district", "unit", "ward", "phase", "group", "source")
SECTIONS = (
    *("administrative", "epi_immunisation", "covid_immunisation", "history_allergy"),
    *("anthropometry", "blood_group", "underlying_conditions"),
)
#: Steps of the ladder in their order, each mandatory section among them.
LADDER = ("created", "identity_verified", "activated", *SECTIONS, "all_sections", "updated_12m")

#: Steps whose week is known.
STEPS_BY_WEEK = ("created", "identity_verified", "activated", "all_sections")


@dataclass(frozen=True, kw_only=True)
class RolloutSelection(Selection):
    """One state of the rollout page. ``district`` None is the whole city; ``all`` restricts nothing.

    ``geography`` is that of the grid of weeks; targets, and so all that is held against the plan, are by district.
    """

    phase: str = PHASES[0]
    group: str = GROUPS[0]
    source: str = ANY_SOURCE
    split: str = SPLITS[0]
    step: str = STEPS_BY_WEEK[0]
    geography: Geography = GEOGRAPHIES[0]
    district: str | None = None

    @property
    def is_of_group(self) -> bool:
        """Whether one group of the plan was chosen: its counts are protected, those of all together are exact."""
        return self.group != GROUPS[0]


#: What each part of the page depends on beside build, language and theme.
_RECORDS = ("phase", "group", "source", "district")
PARTS = {
    "ladder": _RECORDS,
    "split": (*_RECORDS, "split"),
    "plan": ("phase", "district", "group"),
    "weeks": (*_RECORDS, "step", "geography"),
}


@dataclass(frozen=True, kw_only=True)
class RolloutOpened(Opened):
    """What the page needs once beside: the query resolved, the sources of records in this build."""

    selection: RolloutSelection
    sources: tuple[str, ...]


def resolve(
    query: Mapping[str, str],
    *,
    build: str,
    districts: tuple[str, ...],
    sources: tuple[str, ...],
    has_units: bool = True,
    language: str,
) -> tuple[RolloutSelection, tuple[Fallback, ...]]:
    """The Selection a query means and what had to fall back. Never raises on what a URL carries."""
    read = Reader(query)
    selection = RolloutSelection(
        language=language,
        build=build,
        theme=read.quiet("theme", THEMES),
        phase=read.one_of("phase", PHASES, PHASES[0]),
        group=read.one_of("group", GROUPS, GROUPS[0]),
        source=read.one_of("source", (ANY_SOURCE, *sources), ANY_SOURCE),
        split=read.quiet("split", tuple(name for name in SPLITS if has_units or name != "unit")),
        step=read.quiet("step", STEPS_BY_WEEK),
        geography=read.geography(has_units=has_units),
        district=read.one_of("district", districts, "") or None,
    )
    return selection, tuple(read.fallbacks)
