"""What every page shows of the build it opened: notices, banner, stamp, sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dash import Output, dcc, html, no_update
from dash.development.base_component import Component

from dashboard import ids
from dashboard.components import cards
from dashboard.components.attributes import aria
from dashboard.selection.base import Build, Fallback, Moved, Opened, Selection
from dashboard.words import LANGUAGES, Words

#: From here on data are called old, in words and by a mark.
OLD_DAYS = 100
#: What every page writes of the frame when it opens, beside its controls; the frame is there for all pages.
FRAME = {
    "notices": Output(ids.NOTICES, "children", allow_duplicate=True),
    "banner": Output(ids.BANNER, "children", allow_duplicate=True),
    "stamp": Output(ids.STAMP, "children", allow_duplicate=True),
    "content": Output(ids.CONTENT, "children", allow_duplicate=True),
}


def skeleton(words: Words, page: str, query: Mapping[str, str]) -> list[Component]:
    """Where every page begins: its stores, and the place of its sentences."""
    asked = {**query, "lang": words.language, "asked_lang": query.get("lang", "")}
    sentences = [
        html.H1(cards.waiting(), id=ids.of(page, "headline")),
        html.P(cards.waiting(), id=ids.of(page, "lead"), className="lead"),
        html.Div(id=ids.of(page, "caution"), className="caution"),
    ]
    return [
        dcc.Store(id=ids.of(page, "query"), data=asked),
        dcc.Store(id=ids.of(page, "catalogue")),
        dcc.Store(id=ids.of(page, "selection")),
        html.Div(sentences, className="sentences"),
    ]


def frame(
    page: Opened, selection: Selection, words: Words, *, labels: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Notices, banner and stamp. ``labels``: words of the stand-ins, by name of the control and value."""
    lines = [cards.notice(fallback(item, labels, words), "warning") for item in page.fallbacks]
    return {
        "notices": [*([_moved(page.moved, page.build, selection, words)] if page.moved else []), *lines],
        "banner": [html.P(words("shell.synthetic"), className="banner")] if page.build.is_synthetic else [],
        "stamp": stamp(page.build, selection, words),
        "content": no_update,
    }


def filter_line(filters: Mapping[str, str]) -> str:
    """Everything that was chosen, in one line for print and pictures."""
    return "; ".join(f"{label}: {value}" for label, value in filters.items())


def closed(words: Words, names: Iterable[str]) -> dict[str, Any]:
    """The outputs ``names`` of a page, and the frame's, where nothing has been published."""
    empty = dict.fromkeys(names, no_update)
    return {**empty, "notices": [], "banner": [], "stamp": [], "content": [cards.no_build(words)]}


def stamp(build: Build, selection: Selection, words: Words) -> list[Component]:
    """Data date, its age, and the build; an older build says so and links to the latest."""
    is_old = build.days_old > OLD_DAYS
    age = words("shell.old" if is_old else "shell.fresh", age=_age(build.days_old, words))
    clock = html.Span(className="icon icon-clock", **aria(hidden="true"))
    lines: list[Component] = [
        html.Span(
            [
                words("shell.stamp", extract_date=words.date(build.extract_date)),
                html.Span(
                    [" · ", *([clock] if is_old else []), age],
                    className="stamp-age stamp-aged" if is_old else "stamp-age",
                ),
            ],
            className="stamp-date",
        ),
        html.Span(
            words("shell.stamp_build", build=build.build_id, created=words.date(build.created)),
            className="stamp-build",
        ),
    ]
    if not build.is_latest:
        link = html.A(words("shell.latest"), href=selection.as_query(seen=None))
        lines.append(html.Span([words("shell.older"), " ", link], className="stamp-old"))
    return lines


def source_line(build: Build, words: Words, *more: str) -> str:
    """The last line of a card: build, data date, and what else its numbers stand on."""
    line = words("source.line", build=build.build_id, extract_date=words.date(build.extract_date))
    return " · ".join([line, *(part for part in more if part)])


def permanent(selection: Selection, words: Words) -> Component:
    """The link that keeps showing this build when a newer one comes."""
    return html.A(words("source.permanent"), href=selection.as_query(build=selection.build, seen=None))


def fallback(item: Fallback, labels: Mapping[str, Mapping[str, str]], words: Words) -> str:
    """What was asked in vain and what is shown instead."""
    return words(f"fallback.{item.name}", asked=item.asked, used=_used(item, labels, words))


def _used(item: Fallback, labels: Mapping[str, Mapping[str, str]], words: Words) -> str:
    """The stand-in by the name the reader knows."""
    used = item.used or ""
    if used in labels.get(item.name, {}):
        return labels[item.name][used]
    match item.name:
        case "period":
            return words.quarter(used)
        case "district":
            return words("place.city")
        case "lang":
            return words(f"language.{used}") if used in LANGUAGES else used
        case "build":
            return used
        case _:
            return words(f"{item.name}.{used}")


def _age(days: int, words: Words) -> str:
    if days < 60:
        return words("shell.days", count=days)
    return words("shell.months", count=round(days / 30.4))


def _moved(moved: Moved, build: Build, selection: Selection, words: Words) -> Component:
    """One notice: made on another build; which definitions have another version; the way back."""
    first = words(
        "moved.now",
        old=moved.build_id,
        old_date=words.date(moved.extract_date),
        new=build.build_id,
        new_date=words.date(build.extract_date),
    )
    changed = [
        words("moved.definition", name=item.name, old=item.old, new=item.new) for item in moved.definitions
    ]
    back = html.A(words("moved.back"), href=selection.as_query(build=moved.build_id, seen=None))
    return html.P([" ".join([first, *changed]), " ", back], className="notice notice-note")
