"""What every page's Selection shares, and how a query that is not trusted becomes one.

Nothing that comes from a browser is trusted: every value is checked against what can be chosen, and a value that is
not among it falls back to a named default which the page announces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Literal
from urllib.parse import urlencode

LANGUAGES = ("vi", "en")
THEMES = ("light", "dark")
MAPS = ("true", "tiles")
Geography = Literal["district", "unit"]
#: Districts until June 2025, units from July 2025.
GEOGRAPHIES: tuple[Geography, ...] = ("district", "unit")
#: An announced value is shown shortened; a URL may carry anything.
SHOWN_LENGTH = 40


@dataclass(frozen=True)
class Fallback:
    """A value of the URL that is not among the choices, and the default that stands in for it."""

    name: str
    asked: str
    used: str | None


@dataclass(frozen=True)
class Build:
    """A published generation as a page names it. ``days_old``: from the extract date to the day of asking."""

    build_id: str
    extract_date: date
    created: date
    is_synthetic: bool
    is_latest: bool
    days_old: int


@dataclass(frozen=True, kw_only=True)
class Selection:
    """One state of a page. ``build`` is resolved, never empty; ``theme`` is the reader's, never in the URL."""

    language: str
    build: str
    theme: str = THEMES[0]

    def values(self) -> dict[str, Any]:
        """The fields that belong to the page: what its controls hold."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name not in UNWRITTEN}

    def as_query(self, **changes: str | None) -> str:
        """The query string of this state, with ``changes``; a None leaves the name out.

        ``seen`` is the build the link was made from: a page that opens it on a newer build can say what moved.
        """
        values = {"lang": self.language, **self.values(), "seen": self.build, **changes}
        return "?" + urlencode({name: value for name, value in values.items() if value})


#: Fields that the query string does not carry under their own name.
UNWRITTEN = ("language", "build", "theme")


@dataclass
class Reader:
    """Reads a query value by value and notes what had to fall back. Never raises on what a URL carries."""

    query: Mapping[str, str]
    fallbacks: list[Fallback] = field(default_factory=list)

    def one_of(self, name: str, allowed: Sequence[str], default: str) -> str:
        """The value of ``name`` when it is allowed, else ``default``, announced if something else was asked."""
        asked = str(self.query.get(name) or "")
        if asked and asked not in allowed:
            self.fallbacks.append(Fallback(name, asked[:SHOWN_LENGTH], default))
        return asked if asked in allowed else default

    def geography(self, *, has_units: bool) -> Geography:
        """The geography asked for; a build of before the units has districts only."""
        allowed = GEOGRAPHIES if has_units else GEOGRAPHIES[:1]
        asked = self.one_of("geography", allowed, GEOGRAPHIES[0])
        return next(name for name in GEOGRAPHIES if name == asked)

    def quiet(self, name: str, allowed: Sequence[str]) -> str:
        """The same for what is not worth announcing: the first of ``allowed`` stands in."""
        asked = str(self.query.get(name) or "")
        return asked if asked in allowed else allowed[0]


def language_of(query: Mapping[str, str], default: str) -> str:
    """The language a query asks for; an unknown one is the default's."""
    asked = query.get("lang")
    return asked if asked in LANGUAGES else default


@dataclass(frozen=True)
class MovedDefinition:
    """A definition whose version is another than on the build a link was made from."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Moved:
    """The build a link was made from, which is not the one shown, and what differs that could move its numbers."""

    build_id: str
    extract_date: date
    definitions: tuple[MovedDefinition, ...]


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What every page needs once: the build, what fell back, where its link came from, the districts by name."""

    build: Build
    fallbacks: tuple[Fallback, ...]
    moved: Moved | None
    districts: list[dict[str, str]]
