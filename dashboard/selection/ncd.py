"""The Selection of the page of non-communicable diseases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from dashboard.selection.base import GEOGRAPHIES, MAPS, THEMES, Fallback, Geography, Opened, Reader, Selection

ESTIMATORS = ("crude", "standardised", "weighted", "modelled", "misclassification")
#: Those of all residents; the others describe people with a record.
CORRECTED = ("weighted", "modelled", "misclassification")
STANDARDS = ("who_world_2000", "vietnam", "city")
AGES = ("18+", "18-69", "25-64", "30-69", "40+", "60+")
SEXES = ("both", "male", "female")
TRUTHS = ("shown", "hidden")
QUANTITIES = ("body_mass_index", "systolic", "diastolic", "fasting_glucose", "hba1c")
#: What a condition is measured by, for the card of distributions; other conditions show the first quantity.
QUANTITY_OF = {
    "hypertension": "systolic",
    "bmi": "body_mass_index",
    "diabetes": "fasting_glucose",
    "prediabetes": "fasting_glucose",
}


#: Age bands of one district, wider than the city's: it has too few people for five years.
WIDE_BANDS = {
    "18+": "18-29,30-39,40-49,50-59,60-69,70+",
    "18-69": "18-29,30-39,40-49,50-59,60-69",
    "25-64": "25-34,35-44,45-54,55-64",
    "30-69": "30-39,40-49,50-59,60-69",
    "40+": "40-49,50-59,60-69,70-79,80+",
    "60+": "60-69,70-79,80+",
}
#: Rows of the overview matrix: condition and variant, those a build does not have left out.
MATRIX = (
    ("hypertension", "recommended"),
    ("hypertension", "diagnosis"),
    ("diabetes", "recommended"),
    ("diabetes", "diagnosis"),
    ("bmi", "asian_overweight_23plus"),
    ("bmi", "who_overweight_25plus"),
    ("bmi", "obese_30plus"),
)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What can be chosen in one build by one viewer. The first of each is the default."""

    build: str
    variants: Mapping[str, tuple[str, ...]]
    periods: tuple[str, ...]
    districts: tuple[str, ...]
    has_units: bool = True

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(self.variants)


@dataclass(frozen=True, kw_only=True)
class NcdSelection(Selection):
    """One state of the explorer. ``district`` None is the whole city."""

    condition: str
    variant: str
    estimator: str
    standard: str
    ages: str
    sex: str
    period: str
    map: str = MAPS[0]
    geography: Geography = GEOGRAPHIES[0]
    quantity: str = QUANTITIES[0]
    truth: str = TRUTHS[0]
    district: str | None = None

    @property
    def is_corrected(self) -> bool:
        """Whether its numbers are about all residents."""
        return self.estimator in CORRECTED

    @property
    def mapped(self) -> Geography:
        """The geography of map, comparison and matrix: what is corrected exists by district only."""
        return GEOGRAPHIES[0] if self.is_corrected else self.geography


#: What each part of the page depends on beside build, language and theme.
_PEOPLE = ("ages", "sex", "district")
_MEASURE = ("condition", "variant", "estimator", "standard", "period")
PARTS = {
    "places": (*_MEASURE, *_PEOPLE, "map", "geography"),
    "lines": (*_MEASURE, *_PEOPLE),
    "convergence": ("condition", "variant", "standard", "period", "truth", *_PEOPLE),
    "survey": ("condition", "estimator"),
    "distribution": ("quantity", "period", *_PEOPLE),
    "matrix": ("estimator", "standard", "period", "geography", *_PEOPLE),
}


@dataclass(frozen=True)
class Subject:
    """What a Selection's number is about, in the words of its build and its language.

    ``denominator`` is assessed, outcome_dependent or record_holders; ``age_from`` in completed years; ``known_at``:
    extract date of the build that froze the quarter; ``reason``: why, where the vintage is a revision.
    """

    condition: str
    definition: str
    description: str
    source: str
    version: str
    denominator: str
    age_from: int
    known_at: date
    vintage: int = 1
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """Cut-offs of a quantity: names of the classes, lowest first, and where each begins (None: the lowest)."""

    quantity: str
    scheme: str
    names: tuple[str, ...]
    starts: tuple[float | None, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """How far the corrected number may be relied on: ready, caution or not_ready, and the names of the reasons."""

    level: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One row of the matrix: the city's estimate, the places' with 95 % and with 99.8 % intervals.

    ``wide`` is None for a complete count, which has no interval. ``version``: of its definition, empty for a count.
    """

    indicator: str
    name: str
    city: Mapping[str, Any]
    rows: pl.DataFrame
    wide: pl.DataFrame | None
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class NcdOpened(Opened):
    """What the explorer needs once beside: the query resolved, the choices with their labels in one language."""

    selection: NcdSelection
    conditions: list[dict[str, str]]
    variants: Mapping[str, list[dict[str, str]]]
    periods: tuple[str, ...]
    has_truth: bool


def resolve(
    query: Mapping[str, str], choices: Choices, language: str
) -> tuple[NcdSelection, tuple[Fallback, ...]]:
    """The Selection a query means and what had to fall back. Never raises on what a URL carries."""
    read = Reader(query)
    condition = read.one_of("condition", choices.conditions, choices.conditions[0])
    variants = choices.variants[condition]
    selection = NcdSelection(
        language=language,
        build=choices.build,
        theme=read.quiet("theme", THEMES),
        condition=condition,
        variant=read.one_of("variant", variants, variants[0]),
        estimator=read.one_of("estimator", ESTIMATORS, ESTIMATORS[0]),
        standard=read.one_of("standard", STANDARDS, STANDARDS[0]),
        ages=read.one_of("ages", AGES, AGES[0]),
        sex=read.one_of("sex", SEXES, SEXES[0]),
        period=read.one_of("period", choices.periods, choices.periods[0]),
        map=read.one_of("map", MAPS, MAPS[0]),
        geography=read.geography(has_units=choices.has_units),
        quantity=read.one_of("quantity", QUANTITIES, QUANTITY_OF.get(condition, QUANTITIES[0])),
        truth=read.quiet("truth", TRUTHS),
        district=read.one_of("district", choices.districts, "") or None,
    )
    return selection, tuple(read.fallbacks)
