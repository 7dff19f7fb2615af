"""What a page shows of the build it opened: filled controls, notices, banner, stamp, sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html, no_update
from dash.development.base_component import Component

from dashboard.components import cards, controls
from dashboard.components.controls import Option
from dashboard.selection import Build, Fallback, Opened, Selection, Subject
from dashboard.words import LANGUAGES, Words

#: The outputs of ``open_page`` other than those a page without a build fills.
CONTROLS = (
    "conditions",
    "condition",
    "estimator",
    "sex",
    "periods",
    "period",
    "districts",
    "view",
    "catalogue",
)


def opened(page: Opened, query: Mapping[str, str], words: Words) -> dict[str, Any]:
    """Everything ``open_page`` writes, by the names of its outputs."""
    chosen = page.selection
    catalogue = controls.catalogue(page.build.build_id, page.variants, words.language)
    return {
        "conditions": page.conditions,
        "condition": chosen.condition,
        "estimator": chosen.estimator,
        "sex": chosen.sex,
        "periods": [{"value": period, "label": _period(period, page, words)} for period in page.periods],
        "period": chosen.period,
        "districts": page.districts,
        "view": chosen.view,
        "catalogue": {**catalogue, "variant": chosen.variant, "district": chosen.district},
        "notices": [cards.notice(_fallback(item, page, words), "warning") for item in page.fallbacks],
        "banner": [html.P(words("shell.synthetic"), className="banner")] if page.build.is_synthetic else [],
        "stamp": stamp(page.build, chosen, words),
        "content": no_update,
    }


def closed(words: Words) -> dict[str, Any]:
    """The same outputs where nothing has been published."""
    empty = dict.fromkeys(CONTROLS, no_update)
    return {**empty, "notices": [], "banner": [], "stamp": [], "content": [cards.no_build(words)]}


def stamp(build: Build, selection: Selection, words: Words) -> list[Component]:
    """Data date and build; an older build says so and links to the latest."""
    lines: list[Component] = [
        html.Span(words("shell.stamp", extract_date=words.date(build.extract_date)), className="stamp-date"),
        html.Span(
            words("shell.stamp_build", build=build.build_id, created=words.date(build.created)),
            className="stamp-build",
        ),
    ]
    if not build.is_latest:
        link = html.A(words("shell.latest"), href=selection.as_query())
        lines.append(html.Span([words("shell.older"), " ", link], className="stamp-old"))
    return lines


def sources(build: Build, subject: Subject, selection: Selection, words: Words) -> list[Component | str]:
    """The source line, and the link that keeps showing this build when a newer one comes."""
    line = words(
        "source.line",
        build=build.build_id,
        extract_date=words.date(build.extract_date),
        definition=subject.definition,
        version=subject.version,
        approximate=words("map.approximate"),
    )
    return [
        html.Span(line),
        " ",
        html.A(words("source.permanent"), href=selection.as_query(build=build.build_id)),
    ]


def _period(period: str, page: Opened, words: Words) -> str:
    """A quarter whose last day the extract does not reach is marked."""
    name = words.quarter(period)
    name = name[:1].upper() + name[1:]
    return words("quarter_open", quarter=name) if period in page.open_periods else name


def _fallback(item: Fallback, page: Opened, words: Words) -> str:
    return words(f"fallback.{item.name}", asked=item.asked, used=_used(item, page, words))


def _used(item: Fallback, page: Opened, words: Words) -> str:
    """The stand-in by the name the reader knows."""
    labels: dict[str, Sequence[Option]] = {
        "condition": page.conditions,
        "variant": page.variants[page.selection.condition],
    }
    for option in labels.get(item.name, ()):
        if option["value"] == item.used:
            return option["label"]
    match item.name:
        case "period":
            return words.quarter(item.used or "")
        case "district":
            return words("profile.city")
        case "lang":
            return words(f"language.{item.used}") if item.used in LANGUAGES else str(item.used)
        case "estimator" | "sex" | "view":
            return words(f"{item.name}.{item.used}")
        case _:
            return str(item.used)
