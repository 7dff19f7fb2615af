"""What the reader has chosen: parsed from the URL and kept in one browser store.

Nothing that comes from a browser is trusted: every value is checked against :class:`Choices`, and a value that is
not among them falls back to a named default which the page announces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from urllib.parse import urlencode

ESTIMATORS = ("crude", "standardised")
SEXES = ("both", "male", "female")
VIEWS = ("chart", "table")
#: An announced value is shown shortened; a URL may carry anything.
SHOWN_LENGTH = 40


@dataclass(frozen=True)
class Choices:
    """What can be chosen in one build by one viewer. The first of each is the default."""

    build: str
    variants: Mapping[str, tuple[str, ...]]
    periods: tuple[str, ...]
    districts: tuple[str, ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(self.variants)


@dataclass(frozen=True)
class Fallback:
    """A value of the URL that is not among the choices, and the default that stands in for it."""

    name: str
    asked: str
    used: str | None


@dataclass(frozen=True)
class Build:
    """A published generation as a page names it."""

    build_id: str
    extract_date: date
    created: date
    is_synthetic: bool
    is_latest: bool


@dataclass(frozen=True)
class Subject:
    """What a Selection's number is about, in the words of its build and its language.

    ``denominator`` is assessed, outcome_dependent or record_holders; ``age_from`` in completed years.
    """

    condition: str
    definition: str
    description: str
    source: str
    version: str
    denominator: str
    age_from: int


@dataclass(frozen=True, kw_only=True)
class Selection:
    """One state of the page. ``district`` None is the whole city; ``build`` is resolved, never empty."""

    language: str
    build: str
    condition: str
    variant: str
    estimator: str
    sex: str
    period: str
    view: str = VIEWS[0]
    district: str | None = None

    def as_query(self, **changes: str | None) -> str:
        """The query string of this state, with ``changes``; a None leaves the name out."""
        names = {"language": "lang"}
        values = {names.get(name, name): value for name, value in asdict(self).items() if name != "build"}
        return "?" + urlencode({name: value for name, value in {**values, **changes}.items() if value})


def resolve(
    query: Mapping[str, str], choices: Choices, language: str
) -> tuple[Selection, tuple[Fallback, ...]]:
    """The Selection a query means and what had to fall back. Never raises on what a URL carries."""
    fallbacks: list[Fallback] = []

    def one_of(name: str, allowed: tuple[str, ...], default: str) -> str:
        asked = str(query.get(name) or "")
        if asked and asked not in allowed:
            fallbacks.append(Fallback(name, asked[:SHOWN_LENGTH], default))
        return asked if asked in allowed else default

    condition = one_of("condition", choices.conditions, choices.conditions[0])
    variants = choices.variants[condition]
    selection = Selection(
        language=language,
        build=choices.build,
        condition=condition,
        variant=one_of("variant", variants, variants[0]),
        estimator=one_of("estimator", ESTIMATORS, ESTIMATORS[0]),
        sex=one_of("sex", SEXES, SEXES[0]),
        period=one_of("period", choices.periods, choices.periods[0]),
        view=one_of("view", VIEWS, VIEWS[0]),
        district=one_of("district", choices.districts, "") or None,
    )
    return selection, tuple(fallbacks)


def language_of(query: Mapping[str, str], default: str) -> str:
    """The language a query asks for; an unknown one is the default's."""
    asked = query.get("lang")
    return asked if asked in ("vi", "en") else default


@dataclass(frozen=True)
class Opened:
    """What a page needs once: the build, the choices with their labels in one language, the query resolved."""

    build: Build
    selection: Selection
    fallbacks: tuple[Fallback, ...]
    conditions: list[dict[str, str]]
    variants: Mapping[str, list[dict[str, str]]]
    periods: tuple[str, ...]
    open_periods: frozenset[str]
    districts: list[dict[str, str]]
