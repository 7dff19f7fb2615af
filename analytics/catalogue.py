"""What one generation can answer: its quarters, ages, definitions, reference population, groups of records.

Read once per generation and kept: a published generation never changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from analytics.ages import MartAges
from analytics.generation import Generation, read_sql
from warehouse.errors import EXIT_UNAVAILABLE, UserError
from warehouse.geography import districts, wards


@dataclass(frozen=True)
class Quarter:
    """A quarter of the marts; not complete while the extract date lies before its last day."""

    name: str
    index: int
    is_complete: bool


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
                "the build has no quarter", action="Run: hssk build DIR", exit_code=EXIT_UNAVAILABLE
            )
        complete = [quarter for quarter in self.quarters if quarter.is_complete]
        return (complete or list(self.quarters))[-1]


@lru_cache(maxsize=8)
def catalogue(generation: Generation) -> Catalogue:
    """Read the catalogue of a generation."""
    records = generation.frame(read_sql("catalogue_record_group"))
    first_week, last_week = generation.frame(read_sql("catalogue_week")).row(0)
    holders = generation.frame(read_sql("catalogue_holder")).to_dicts()
    return Catalogue(
        quarters=tuple(Quarter(*row) for row in generation.frame(read_sql("catalogue_quarter")).iter_rows()),
        ages=MartAges(tuple(generation.frame(read_sql("catalogue_age"))["age_from"].to_list())),
        variants=tuple(Variant(**row) for row in generation.frame(read_sql("catalogue_variant")).to_dicts()),
        holder=Holder(**holders[0]) if holders else None,
        population_years=_population_years(generation),
        plan_groups=tuple(records["phase_group"].unique().sort().to_list()),
        weeks=(first_week, last_week) if first_week else None,
        sources=tuple(records["source_system"].drop_nulls().unique().sort().to_list()),
        districts=tuple(item.code for item in districts()),
        wards={item.code: item.district_code for item in wards()},
        units=tuple(generation.frame(read_sql("catalogue_unit"))["unit"].to_list()),
        framed=_framed(generation),
        roles={row[:3]: row[3] for row in generation.frame(read_sql("catalogue_role")).iter_rows()},
    )


def _framed(generation: Generation) -> tuple[int, ...]:
    if "mart_frame" not in generation.manifest.get("fingerprints", {}):
        return ()
    return tuple(generation.frame(read_sql("catalogue_frame"))["measure_id"].to_list())


def _population_years(generation: Generation) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for year, source, _ in generation.frame(read_sql("catalogue_population")).iter_rows():
        found[year] = (*found.get(year, ()), source)
    return found
