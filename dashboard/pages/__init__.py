"""The pages, each an independent module with ``layout`` and its callbacks; here only who answers which path.

Routing is the dashboard's own and on the path alone: Dash's routes on path and query, and would rebuild the page,
and lose the focus, whenever a control writes the query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from dash import Input, Output, State, callback, html
from dash.development.base_component import Component
from flask import current_app

from dashboard import ids
from dashboard.components import cards, shell
from dashboard.pages import methods, models, ncd, overview, quality, rollout
from dashboard.selection.base import language_of
from dashboard.words import LANGUAGE, Words, words

Layout = Callable[[Words, Mapping[str, str]], list[Component]]


@dataclass(frozen=True)
class Page:
    """One page: its name, its layout, its entry in the navigation."""

    name: str
    layout: Layout
    link: shell.Link


PAGES = {
    module.PATH: Page(module.PAGE, module.layout, shell.Link(module.PATH, module.NAME, module.ICON))
    for module in (overview, rollout, ncd, quality, models, methods)
}
HOME = overview.PATH


@callback(Output(ids.PAGE, "children"), Input(ids.ADDRESS, "pathname"), State(ids.ADDRESS, "search"))
def show_page(path: str | None, search: str | None) -> Component:
    """The page of a path, in the language of its query."""
    query = dict(parse_qsl((search or "").lstrip("?")))
    text = words(language_of(query, current_app.config[LANGUAGE]))
    return page(path or HOME, query, text)


def page(path: str, query: Mapping[str, str], text: Words) -> Component:
    """The frame with the page's own layout, or the page that says there is none."""
    known = PAGES.get(path)
    content = known.layout(text, query) if known else _not_found(path, text)
    return shell.frame(
        text,
        path=path if known else HOME,
        page=known.name if known else "",
        query=query,
        links=[item.link for item in PAGES.values()],
        content=content,
    )


def title(path: str, text: Words) -> str:
    """What the browser's tab says."""
    names = [text(PAGES[path].link.name)] if path in PAGES else []
    return " · ".join([*names, text("product")])


def _not_found(path: str, text: Words) -> list[Component]:
    back = html.A(text("not_found.back"), href=f"{HOME}?lang={text.language}")
    return [cards.state_card(text("not_found.title"), text("not_found.lead", path=path[:80]), back)]
