"""What one generation can answer: its quarters, ages, definitions, reference population, groups of records.

Read once per generation and kept: a published generation never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from analytics.ages import MartAges
from analytics.generation import Generation, read_sql
from warehouse.errors import EXIT_UNAVAILABLE, UserError
from warehouse.geography import districts, wards


@dataclass(frozen=True)
class Quarter:
    """A quarter of the marts; not complete while the extract date lies before its last day.

    Of frozen counts with its vintage (1 is the first published) and the extract date it was counted at.
    """

    name: str
    index: int
    is_complete: bool
    vintage: int = 0
    known_at: date | None = None
    reason: str = ""


@dataclass(frozen=True)
class Variant:
    """One case definition with the ids of its two counts and the ages it is defined for."""

    condition: str
    variant: str
    measure_id: int
    denominator_id: int
    age_from: int
    age_to: int | None
    outcome_dependent: bool
    version: str | None
    estimand: str | None
    source: str | None
    name_vi: str | None
    name_en: str | None
    description_vi: str | None
    description_en: str | None
    denominator: str | None
    condition_vi: str | None
    condition_en: str | None


@dataclass(frozen=True)
class Holder:
    """The measure that counts people with a live record."""

    measure_id: int
    condition: str
    variant: str
    version: str | None
    estimand: str | None
    source: str | None


@dataclass(frozen=True)
class Catalogue:
    """Everything a question is checked against. Places are the reference places, whether or not anybody lives there."""

    quarters: tuple[Quarter, ...]
    ages: MartAges
    variants: tuple[Variant, ...]
    holder: Holder | None
    population_years: Mapping[int, tuple[str, ...]]
    plan_groups: tuple[str, ...]
    weeks: tuple[date, date] | None
    sources: tuple[str, ...]
    districts: tuple[str, ...]
    wards: Mapping[str, str]
    #: Units of July 2025; builds of before them have none.
    units: tuple[str, ...]
    #: Measures whose cases mart_frame counts; builds of before it have none.
    framed: tuple[int, ...]
    #: Measure of a role (case, treated, ...) of a variant: (condition, variant, role) -> id.
    roles: Mapping[tuple[str, str, str], int]
    #: Of frozen counts: every vintage of every quarter, oldest first (``quarters`` holds the newest of each).
    vintages: tuple[Quarter, ...] = ()
    #: Of frozen counts: which measures each vintage counts, as (index of the quarter, measure). None: all of them.
    counted: frozenset[tuple[int, int]] | None = None

    @property
    def conditions(self) -> tuple[str, ...]:
        """Conditions with at least one definition that counts cases."""
        return tuple(dict.fromkeys(item.condition for item in self.variants))

    def variants_of(self, condition: str) -> tuple[Variant, ...]:
        """The definitions of one condition."""
        return tuple(item for item in self.variants if item.condition == condition)

    @property
    def newest(self) -> Quarter:
        """The newest complete quarter, else the newest. Raises UserError when the build has none."""
        if not self.quarters:
            raise UserError(
                "no quarter of this build may be published yet",
                expected="a quarter that ended long enough before the extract date",
                action="See freeze_days in docs/operations.md, or ask for exact counts",
                exit_code=EXIT_UNAVAILABLE,
            )
        complete = [quarter for quarter in self.quarters if quarter.is_complete]
        return (complete or list(self.quarters))[-1]


@lru_cache(maxsize=8)
def catalogue(generation: Generation) -> Catalogue:
    """Read the catalogue of a generation; of frozen counts, quarters and definitions are those that were published.

    A definition whose version changed is known under its name with the newest version, and as ``name@version`` with
    each older one.
    """
    if generation.is_frozen:
        return _frozen(generation)
    records = generation.frame(read_sql("catalogue_record_group"))
    first_week, last_week = generation.frame(read_sql("catalogue_week")).row(0)
    holders = generation.frame(read_sql("catalogue_holder")).to_dicts()
    return Catalogue(
        quarters=tuple(Quarter(*row) for row in generation.frame(read_sql("catalogue_quarter")).iter_rows()),
        ages=MartAges(tuple(generation.frame(read_sql("catalogue_age"))["age_from"].to_list())),
        variants=_variants(generation),
        holder=Holder(**holders[0]) if holders else None,
        population_years=_population_years(generation),
        plan_groups=tuple(records["phase_group"].unique().sort().to_list()),
        weeks=(first_week, last_week) if first_week else None,
        sources=tuple(records["source_system"].drop_nulls().unique().sort().to_list()),
        districts=tuple(item.code for item in districts()),
        wards={item.code: item.district_code for item in wards()},
        units=tuple(generation.frame(read_sql("catalogue_unit"))["unit"].to_list()),
        framed=_framed(generation),
        roles=_roles(generation),
    )


def _frozen(generation: Generation) -> Catalogue:
    vintages = tuple(Quarter(*row) for row in generation.frame(read_sql("catalogue_vintage")).iter_rows())
    newest = {quarter.name: quarter for quarter in vintages}
    return replace(
        catalogue(generation.live),
        quarters=tuple(newest.values()),
        vintages=vintages,
        variants=_variants(generation),
        framed=tuple(generation.frame(read_sql("catalogue_frame"))["measure_id"].to_list()),
        roles=_roles(generation),
        counted=frozenset(generation.frame(read_sql("catalogue_counted")).iter_rows()),
    )


def _variants(generation: Generation) -> tuple[Variant, ...]:
    rows = generation.frame(read_sql("catalogue_variant")).to_dicts()
    names = _names((row["condition"], row["variant"], row["version"]) for row in rows)
    return tuple(
        Variant(**{**row, "variant": names[row["condition"], row["variant"], row["version"]]}) for row in rows
    )


def _roles(generation: Generation) -> dict[tuple[str, str, str], int]:
    rows = generation.frame(read_sql("catalogue_role")).rows()
    names = _names(row[:3] for row in rows)
    return {(row[0], names[row[:3]], row[3]): row[4] for row in rows}


def _names(found: Iterable[tuple[str, str, str | None]]) -> dict[tuple[str, str, str | None], str]:
    """Name of each version of each variant, given oldest first: the last keeps the bare name."""
    versions: dict[tuple[str, str], list[str | None]] = {}
    for condition, variant, version in dict.fromkeys(found):
        versions.setdefault((condition, variant), []).append(version)
    return {
        (condition, variant, version): variant if version == listed[-1] else f"{variant}@{version}"
        for (condition, variant), listed in versions.items()
        for version in listed
    }


def _framed(generation: Generation) -> tuple[int, ...]:
    if "mart_frame" not in generation.manifest.get("fingerprints", {}):
        return ()
    return tuple(generation.frame(read_sql("catalogue_frame"))["measure_id"].to_list())


def _population_years(generation: Generation) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for year, source, _ in generation.frame(read_sql("catalogue_population")).iter_rows():
        found[year] = (*found.get(year, ()), source)
    return found
